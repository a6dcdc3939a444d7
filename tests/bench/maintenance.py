"""Sixty nights with three maintenance runs: is every release readable and equal, and what do files cost?

Run by hand, for it takes an hour: `python tests/bench/maintenance.py --nights 60`. Writes what it has seen
after each night to `--to`, so that a run that is ended early still tells something.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2] / "ml")]

from installation import installation  # noqa: E402

from redeye.foundation.settings import settings  # noqa: E402

FIRST, HISTORY_ENDS = date(2012, 12, 31), date(2013, 3, 31)
MODEL = "flight_delay"
log = logging.getLogger(__name__)


def main() -> None:
    """Build history, then nights with maintenance in between; verify every release at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=60)
    parser.add_argument("--every", type=int, default=20, help="nights between two maintenance runs")
    parser.add_argument("--to", type=Path, default=Path("maintenance.json"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="redeye-bench-") as home:
        Path(home).chmod(0o711)
        with installation(Path(home)):
            # Files are let go of and removed within minutes here, not within weeks.
            os.environ["REDEYE_MAINTENANCE_GRACE_HOURS"] = "0"
            settings.cache_clear()
            seen: dict[str, Any] = {"nights": [], "maintenance": []}
            for event in _run(options.nights, options.every):
                seen[event.pop("of")].append(event)
                options.to.write_text(json.dumps(seen, indent=1, default=str), encoding="utf-8")


def _run(nights: int, every: int) -> Iterator[dict[str, Any]]:
    from redeye.operations import build_nights, maintain
    from redeye.promotion import train
    from redeye.scoring import score
    from redeye.sources import ingest
    from redeye.warehouse import build

    ingest.ingest_nights(FIRST, HISTORY_ENDS)
    build.publish(build_nights.transform(FIRST, HISTORY_ENDS, holder="history", kind="history"))
    train.train_night(MODEL, HISTORY_ENDS, run_id="first", actor="bench", reason="first run")
    for number in range(1, nights + 1):
        night = HISTORY_ENDS + timedelta(days=number)
        began, processor = time.monotonic(), time.process_time()
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"build {night}"))
        built = time.monotonic() - began
        score.score_night(MODEL, night, run_id=f"score {night}")
        score.export_night(MODEL, night)
        yield {
            "of": "nights",
            "night": night,
            "build_seconds": round(built, 2),
            "seconds": round(time.monotonic() - began, 2),
            "processor_seconds": round(time.process_time() - processor, 2),
            "load": round(os.getloadavg()[0], 1),
        }
        if number % every == 0:
            yield {"of": "maintenance", "night": night, **_maintain(maintain, number // every)}
    began = time.monotonic()
    verified = maintain.verify_releases(is_all=True)
    yield {"of": "maintenance", "all": verified, "seconds": round(time.monotonic() - began, 1)}


def _maintain(maintain: Any, turn: int) -> dict[str, Any]:
    before = _lake()
    began = time.monotonic()
    compacted = maintain.compact_lakes(f"maintenance {turn}")
    compact_seconds = time.monotonic() - began
    verified = maintain.verify_releases(turn)
    verify_seconds = time.monotonic() - began - compact_seconds
    removed = maintain.remove_files(f"maintenance {turn}")
    return {
        "before": before,
        "after": _lake(),
        "compacted": compacted,
        "verified": verified,
        "removed": removed,
        "disk": maintain.check_disk(),
        "compact_seconds": round(compact_seconds, 1),
        "verify_seconds": round(verify_seconds, 1),
    }


def _lake() -> dict[str, Any]:
    from redeye.foundation import disk

    files = [path for path in disk.list_files(settings().lake) if path.suffix == ".parquet"]
    return {"files": len(files), "bytes": sum(path.stat().st_size for path in files)}


if __name__ == "__main__":
    main()
