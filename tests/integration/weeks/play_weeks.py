"""Plays the weeks of the project that REDEYE_PROJECT names, in an installation of its own: run as a script.

What came of it is printed as JSON. A process reads one project, so that a test of another needs one of its own.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from throwaway import installation

from redeye.declarations.calendar import cutoff, list_nights
from redeye.foundation.catalogs import Catalog
from redeye.operations import build_nights
from redeye.sources import ingest
from redeye.warehouse import build, lake, night_records, release_store


def play(first: date, last: date, query: str) -> dict[str, Any]:
    """Take in, build and publish every night of a range, and ask what the last release holds."""
    played, missing = list(list_nights(first, last)), {}
    for night in played:
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"test {night}"))
        missing[str(night)] = str(release_store.missing_predecessor(last, release_store.latest_release()))
    head = release_store.latest_release()
    with lake.connect() as con:
        lake.attach(con, Catalog.WAREHOUSE, snapshot_id=head.snapshot_id)
        rows = con.execute(query).fetchall()
    return {
        "weeks": rows,
        "cutoffs": [str(cutoff(night).replace(tzinfo=None)) for night in played],
        "missing": missing,
        "unknown": night_records.unknown_nights(),
        "releases": [each.release_id for each in release_store.all_releases()],
        "audits": [each["detail"] for night in played for each in night_records.records(night, night).audits],
    }


if __name__ == "__main__":
    home, first, last, query = sys.argv[1:]
    with installation(Path(home)):
        found = play(date.fromisoformat(first), date.fromisoformat(last), query)
        sys.stdout.write(json.dumps(found, default=str))
