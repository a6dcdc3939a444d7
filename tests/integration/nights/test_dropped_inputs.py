"""A spec whose next version drops an input stops neither the champion that reads it nor a training."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from redeye.champions.serving_versions import find_input_columns
from redeye.features import feast_registry
from redeye.foundation.settings import SPECS
from redeye.models.artifact_store import load_artifact
from redeye.monitoring.monitor import monitor_night
from redeye.promotion.train import train_night

pytestmark = pytest.mark.integration


def test_a_spec_that_drops_an_input_stops_neither_the_champion_nor_a_training(
    nights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spec has the next `version`, and the champion's feature service was deleted besides."""
    champion = nights.promote_candidate()
    night = champion.effective_night
    nights.build(nights.next, last=night)
    assert "distance_miles" in find_input_columns(
        load_artifact(champion.artifact_uri, champion.artifact_sha256)
    )
    copied = tmp_path / "specs"
    shutil.copytree(SPECS, copied)
    yaml = YAML()
    spec = yaml.load((copied / f"{nights.model}.yaml").read_text())
    spec["version"] += 1
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != "distance_miles"]
    # Each candidate is fitted, none for long.
    spec["algorithms"]["logistic"]["maximum_iterations"] = 20
    spec["algorithms"]["xgboost"]["rounds"] = 20
    spec["algorithms"]["torch"]["maximum_epochs"] = 1
    with (copied / f"{nights.model}.yaml").open("w") as file:
        yaml.dump(spec, file)
    for module in [*sys.modules.values()]:
        if getattr(module, "SPECS", None) == SPECS and module.__name__.startswith("redeye"):
            monkeypatch.setattr(module, "SPECS", copied)
    # Feast's files are read anew, as a process of its own would.
    for name in ("entities", "views", "services"):
        sys.modules.pop(name, None)
    store = feast_registry.store_at(None)
    assert feast_registry.apply(store)
    kept = {
        each.name for each in feast_registry.load_definitions() if type(each).__name__ == "FeatureService"
    }
    assert {champion.feature_service, f"{nights.model}_v{spec['version']}"} <= kept

    store.delete_feature_service(champion.feature_service)
    result = nights.score(night)
    assert not result["is_degraded"]
    assert result["model_version"] == champion.version
    assert monitor_night(nights.model, night, "test")["is_new"]

    outcome = train_night(nights.model, night, run_id="without distance", actor="test", reason="test")
    assert outcome.candidate_version is not None
    judged = {each["gate"]: each for each in outcome.gates["results"]}
    assert "could not be judged" not in str(judged)
    monkeypatch.undo()
    for name in ("entities", "views", "services"):
        sys.modules.pop(name, None)
