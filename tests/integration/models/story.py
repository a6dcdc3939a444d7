"""Nights of four models, one of another kind, from first trainings to verdicts; what was seen goes into a JSON file.

Run over a copy of the checkout that has the four specs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from more_models import LATENESS, MODELS, NUMBERS
from prepared_installations import THREE_WEEKS_END
from pyarrow import parquet
from ruamel.yaml import YAML

from redeye.champions import promotion_store
from redeye.champions.serving_versions import list_serving_versions
from redeye.declarations.calendar import ONE_DAY, cutoff
from redeye.declarations.specs import Spec, load_valid_specs
from redeye.foundation.settings import SPECS, settings
from redeye.models.mlflow_registry import load_artifact
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights, measure_slices, night_status
from redeye.promotion import decision_store, train
from redeye.promotion.rollback import roll_back
from redeye.scoring import coming_rows, last_resort_model, outputs_store, rescore, score
from redeye.scoring.audit_file import render_explanation
from redeye.scoring.explain import explain
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources import ingest
from redeye.warehouse import build, lake, release_store

NIGHT, LAST = THREE_WEEKS_END + ONE_DAY, THREE_WEEKS_END + 3 * ONE_DAY
seen: dict[str, Any] = {model: {} for model in (*MODELS, LATENESS)}


def shorten(model: str) -> None:
    """The spec with a heuristic and one more algorithm over one table, and windows that three weeks hold."""
    path, yaml = SPECS / f"{model}.yaml", YAML(typ="safe")
    spec = yaml.load(path.read_text())
    other = next(name for name in ("logistic", "xgboost") if name in spec["algorithms"])
    spec |= {
        "features": [
            "carrier_origin_hour_delays:{flights_all,late_flights_all}",
            "origin_evening:{evening_flights,evening_late_departure_rate,evening_cancelled_rate}",
        ],
        "categorical_features": [],
        "split": {"validation_nights": 4, "test_nights": 4, "minimum_train_nights": 5, "history_nights": 30},
        "algorithms": {name: spec["algorithms"][name] for name in ("heuristic", other)},
        "candidates": {"preference": [other, "heuristic"]},
    }
    spec["gates"] |= {"minimum_nights": 4, "minimum_spread": 0.0001}
    if model == LATENESS:
        spec["algorithms"]["xgboost"] |= {"rounds": 40, "learning_rate": 0.2}
        # Nearly the same of every flight: on four nights no group is sure to be behind the trees.
        spec["algorithms"]["heuristic"]["prior_strength"] = 1000000
        # Four nights are too few for slices, and for a coverage that is near what the year's would be.
        spec["gates"] |= {"slices": {}, "maximum_coverage_error": 0.3}
        spec["recalibration"] = {"minimum_nights": 10}
    yaml.dump(spec, path)


def learn() -> None:
    """The first training of each."""
    for model in (*MODELS, LATENESS):
        shorten(model)
    specs = load_valid_specs(SPECS)
    for model in (*MODELS, LATENESS):
        spec = specs[model]
        outcome = train.train_night(
            model, THREE_WEEKS_END, run_id="first", actor="test", reason="first training"
        )
        if model == LATENESS:
            seen[model] |= {"is_promoted": outcome.is_promoted, "gates": outcome.gates["results"]}
            continue
        gates = {each["gate"]: each for each in outcome.gates["results"]}
        first = promotion_store.read_promotions(model)[0]
        heuristic: Any = load_artifact(first.artifact_uri, first.artifact_sha256)
        release = release_store.latest_release()
        assert release is not None
        with lake.connect_at(release.snapshot_id) as con:
            (rate,) = (
                con.execute(
                    f"SELECT avg({spec.target.column}::INT) FROM warehouse.marts.fct_flights"
                ).fetchone()
                or ()
            )
        seen[model] |= {
            "rate": rate,
            "first": first.algorithm,
            "prior": heuristic.prior,
            "reads": sorted(heuristic.importance()),
            "base_rate": gates["base_rate"],
            "trained": decision_store.trainings(model)[-1].model,
        }


def play() -> None:
    """Three nights, each scored by all; then the verdicts."""
    nights = [NIGHT + timedelta(days=number) for number in range(3)]
    for night in nights:
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"test {night}"))
        for model in (*MODELS, LATENESS):
            score.score_night(model, night, run_id="test")
            score.export_night(model, night)
            monitor_night(model, night, "test")
        if night == nights[1] and seen[LATENESS]["is_promoted"]:
            roll_back(LATENESS, reason="a test", actor="test")
    specs = load_valid_specs(SPECS)
    look_at_lateness(nights)
    for model in MODELS:
        spec = specs[model]
        rows = outputs_store.read("predictions", model, NIGHT, NIGHT)
        verdicts = outputs_store.read("verdicts", model, LAST, LAST)
        quality = outputs_store.read("quality", model, LAST, LAST)
        release = release_store.covering_release(NIGHT)
        assert release is not None
        with lake.connect_at(release.snapshot_id) as con:
            flights = coming_rows.read_released(con, spec, NIGHT)
        failures: list[str] = []
        resort, inputs = last_resort_model.fit_last_resort(spec, release, flights, NIGHT, failures)
        seen[model] |= {
            "rows": len(rows),
            "scheduled": len(flights),
            "models": sorted(rows["model"].unique()),
            "services": sorted(rows["feature_service"].unique()),
            "degraded": int(rows["is_degraded"].sum()),
            "baseline": float(rows["baseline_probability"].mean()),
            "last resort": [float(resort.predict(inputs).mean()), *failures],
            "verdicts": verdicts[["model", "verdict"]].to_numpy().tolist(),
            "labels": int(quality["rows"].max()),
            "files": sorted(path.name for path in (settings().exports / model / NIGHT.isoformat()).iterdir()),
        }


def look_at_lateness(nights: list[date]) -> None:
    """What the model of the other kind left behind."""
    rows = outputs_store.read("predictions", LATENESS, nights[0], nights[-1])
    by_trees = rows[rows["algorithm"] == "regression_xgboost"]
    quality = outputs_store.read("quality", LATENESS, nights[0], nights[-1])
    drift = outputs_store.read("drift", LATENESS, nights[0], nights[-1])
    verdicts = outputs_store.read("verdicts", LATENESS, nights[0], nights[-1])
    written = parquet.read_table(
        settings().exports / LATENESS / nights[0].isoformat() / "predictions.parquet"
    )
    again = [reproduced.is_same for reproduced in rescore.reproduce(LATENESS, 3, seed=1, run_id="again")]
    spec, release = load_valid_specs(SPECS)[LATENESS], release_store.covering_release(nights[0])
    assert release is not None
    with lake.connect_at(release.snapshot_id) as con:
        flights = coming_rows.read_released(con, spec, nights[0])
    failures: list[str] = []
    resort, inputs = last_resort_model.fit_last_resort(spec, release, flights, nights[0], failures)
    seen[LATENESS] |= {
        "served": rows.groupby("night")["algorithm"].first().tolist(),
        "degraded": rows["degraded_reason"].unique().tolist(),
        "rows": len(rows),
        "ordered": bool((rows["lower"] <= rows["value"]).all() and (rows["value"] <= rows["upper"]).all()),
        "whole": bool((rows[list(NUMBERS)] % 1 == 0).all().all()),
        "probabilities": int(rows["probability"].notna().sum()),
        "top": float(by_trees.loc[by_trees["rank"] == 1, "value"].iloc[0] - by_trees["value"].median()),
        "columns": written.column_names,
        "metrics": sorted(quality["metric"].unique()),
        "quality": quality.groupby("metric")["champion"].mean().to_dict(),
        "drift": sorted(drift.loc[drift["kind"] == "prediction", "column_name"].unique()),
        "reasons": verdicts["reasons"].tolist(),
        "promotions": [row.kind for row in promotion_store.read_promotions(LATENESS)],
        "again": again,
        "last resort": [resort.predict(inputs).shape[1], *failures],
        "recalibrations": outputs_store.read("recalibrations", LATENESS, nights[0], nights[-1])[
            ["model_version", "nights", "is_in_use"]
        ].to_dict("records"),
        "raw": bool(
            (rows["raw_lower"] == rows["lower"]).all() and (rows["raw_upper"] == rows["upper"]).all()
        ),
        "shown": show_matured(spec, nights),
        "explained": [explain_one(each) for _, each in rows.groupby("night")],
    }


def show_matured(spec: Spec, nights: list[date]) -> dict[str, Any]:
    """What the model's page would show of its matured nights."""
    found = measure_slices.measure(spec, nights[-1], nights[0], nights[-1])
    *pictures, table = (asdict(block) for block in found.blocks)
    return json.loads(json.dumps({"rows": found.rows, "pictures": pictures, "table": table}, default=str))


def explain_one(rows: pd.DataFrame) -> dict[str, Any]:
    """How one prediction of a night came about, as a file has it."""
    found = json.loads(json.dumps(explain(rows["prediction_id"].iloc[0]).to_dict(), default=str))
    kept = ("is_reproduced", "learned_value", "inputs", "steps", "compared")
    said = {name: found["prediction"][name] for name in ("value", "lower", "upper")}
    return {**{name: found[name] for name in kept}, "said": said, "page": render_explanation(found)}


def look() -> None:
    """What an operator's page and an impact would name."""
    now = cutoff(LAST).astimezone(UTC) + timedelta(hours=3)
    morning = night_status.read_morning(OutputsReader(), LAST, now=now)
    assert morning is not None
    specs = load_valid_specs(SPECS)
    seen["status"] = [each.spec.model for each in morning.models]
    seen["readers"] = sorted({each.reader.model for each in list_serving_versions(specs.values(), LAST)})


if __name__ == "__main__":
    for act in (learn, play, look):
        act()
    Path(sys.argv[1]).write_text(json.dumps(seen))
