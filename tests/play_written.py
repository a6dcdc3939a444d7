"""Plays the project of one model that REDEYE_PROJECT names, from its first delivery to predictions that are judged.

Run as a program, since a process runs one project: `play_written.py HOME FIRST LAST NIGHTS QUERY RESULT`.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from throwaway import installation

from redeye.declarations.calendar import shift_nights
from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import SPECS
from redeye.monitoring import monitor
from redeye.operations import build_nights
from redeye.promotion.train import train_night
from redeye.scoring import outputs_store, score
from redeye.sources import ingest
from redeye.warehouse import build, lake, release_store


def play(first: date, last: date, nights: int, query: str) -> dict[str, Any]:
    """Learn from the nights `first` to `last`, play some one by one, and ask what the last release holds.

    Where none is played, the history is built and nothing is trained.
    """
    (model,) = load_valid_specs(SPECS)
    ingest.ingest_nights(first, last)
    build.publish(build_nights.transform(first, last, holder="history", kind="history"))
    trained, told = [], []
    if nights:
        outcome = train_night(model, last, run_id="first", actor="test", reason="first training")
        trained = [outcome.is_promoted, outcome.reason]
    for step in range(1, nights + 1):
        night = shift_nights(last, step)
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"night {night}"))
        scored = score.score_night(model, night, run_id=f"score_{night}")
        score.export_night(model, night)
        told.append({"scored": scored, **monitor.monitor_night(model, night, f"monitor_{night}")})
    head = release_store.latest_release()
    assert head is not None
    with lake.connect_at(head.snapshot_id) as con:
        rows = con.execute(query).fetchall()
    predictions = outputs_store.read("predictions", model, last, shift_nights(last, nights))
    return {
        "rows": rows,
        "trained": trained,
        "nights": told,
        "predictions": json.loads(predictions.astype(str).to_json(orient="records")),
    }


if __name__ == "__main__":
    home, first, last, nights, query, result = sys.argv[1:]
    with installation(Path(home)):
        found = play(date.fromisoformat(first), date.fromisoformat(last), int(nights), query)
    Path(result).write_text(json.dumps(found, default=str), encoding="utf-8")
