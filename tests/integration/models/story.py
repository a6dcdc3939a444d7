"""Nights of three models, from their first trainings to their verdicts; what was seen goes into a file as JSON.

Run over a copy of the checkout that has the three specs.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from more_models import MODELS
from prepared_installations import THREE_WEEKS_END
from ruamel.yaml import YAML

from redeye.champions import promotion_store
from redeye.champions.serving_versions import list_serving_versions
from redeye.declarations.calendar import ONE_DAY, cutoff
from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import SPECS, settings
from redeye.models.mlflow_registry import load_artifact
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights, night_status
from redeye.promotion import decision_store, train
from redeye.scoring import last_resort, outputs_store, schedule, score
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources import ingest
from redeye.warehouse import build, lake, release_store

NIGHT, LAST = THREE_WEEKS_END + ONE_DAY, THREE_WEEKS_END + 3 * ONE_DAY
seen: dict[str, Any] = {model: {} for model in MODELS}


def shorten(model: str) -> None:
    """The spec with a heuristic and a regression over one table, and windows that three weeks hold."""
    path, yaml = SPECS / f"{model}.yaml", YAML(typ="safe")
    spec = yaml.load(path.read_text())
    spec |= {
        "features": [
            "carrier_origin_hour_delays:{flights_all,late_flights_all}",
            "origin_evening:{evening_flights,evening_late_departure_rate,evening_cancelled_rate}",
        ],
        "categorical_features": [],
        "split": {"validation_nights": 4, "test_nights": 4, "minimum_train_nights": 5, "history_nights": 30},
        "algorithms": {name: spec["algorithms"][name] for name in ("heuristic", "logistic")},
        "candidates": {"preference": ["logistic", "heuristic"]},
    }
    spec["gates"] |= {"minimum_nights": 4, "minimum_spread": 0.0001}
    yaml.dump(spec, path)


def learn() -> None:
    """The first training of each."""
    for model in MODELS:
        shorten(model)
    specs = load_valid_specs(SPECS)
    for model, spec in specs.items():
        outcome = train.train_night(
            model, THREE_WEEKS_END, run_id="first", actor="test", reason="first training"
        )
        gates = {each["gate"]: each for each in outcome.gates["results"]}
        first = promotion_store.read_promotions(model)[0]
        heuristic = load_artifact(first.artifact_uri, first.artifact_sha256)
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
        for model in MODELS:
            score.score_night(model, night, run_id="test")
            score.export_night(model, night)
            monitor_night(model, night, "test")
    for model, spec in load_valid_specs(SPECS).items():
        rows = outputs_store.read("predictions", model, NIGHT, NIGHT)
        verdicts = outputs_store.read("verdicts", model, LAST, LAST)
        quality = outputs_store.read("quality", model, LAST, LAST)
        release = release_store.covering_release(NIGHT)
        assert release is not None
        with lake.connect_at(release.snapshot_id) as con:
            flights = schedule.read_released(con, spec, NIGHT)
        failures: list[str] = []
        resort, inputs = last_resort.fit_last_resort(spec, release, flights, NIGHT, failures)
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
