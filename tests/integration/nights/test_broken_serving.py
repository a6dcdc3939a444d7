"""Whatever breaks between a release and its predictions, the coming day is predicted, and the night after is sound."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.serving_versions import find_input_columns
from redeye.declarations.calendar import ONE_DAY
from redeye.features import feast_registry
from redeye.foundation import settings as settings_module
from redeye.foundation.settings import SPECS
from redeye.models import mlflow_registry
from redeye.models.algorithms.storage import algorithm
from redeye.models.artifact_store import load_artifact, make_path, resolve_uri
from redeye.monitoring.monitor import monitor_night
from redeye.promotion.train import train_night
from redeye.scoring import outputs_store, rescore
from redeye.scoring.explain import explain

pytestmark = pytest.mark.integration


def folder_of(promotion: Promotion) -> Path:
    found = make_path(resolve_uri(promotion.artifact_uri))
    assert isinstance(found, Path)
    return found


@contextmanager
def damaged(promotion: Promotion) -> Iterator[None]:
    """A byte of the manifest is another."""
    path = folder_of(promotion) / "model.json"
    content = path.read_bytes()
    path.write_bytes(content[:-2] + b" \n")
    try:
        yield
    finally:
        path.write_bytes(content)


@contextmanager
def gone(*promotions: Promotion) -> Iterator[None]:
    """The store has lost the folders."""
    folders = [folder_of(each) for each in promotions]
    for each in folders:
        each.rename(each.with_name("away"))
    try:
        yield
    finally:
        for each in folders:
            each.with_name("away").rename(each)


@contextmanager
def predicting(promotion: Promotion, answer: Callable[[Any], Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algorithm(promotion.algorithm), "predict", lambda _, frame: answer(frame))
        yield


@contextmanager
def without_registry() -> Iterator[None]:
    """Feast's registry does not answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDEYE_FEAST_REGISTRY_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/nowhere")
        settings_module.settings.cache_clear()
        yield
    settings_module.settings.cache_clear()


def fails(_: object) -> None:
    raise RuntimeError("the runtime has no such kernel; really")


def serving_candidate(nights: Any) -> Promotion:
    """The candidate of the first training as champion of the coming night, whatever the gates said of it."""
    standing = promotion_store.read_promotions(nights.model)
    if standing[-1].version != standing[0].version:
        return standing[-1]
    night, candidate = nights.next, mlflow_registry.version(nights.model, 2)
    return promotion_store.promote(
        nights.model,
        version=candidate.version,
        algorithm=candidate.algorithm,
        feature_service=candidate.feature_service,
        artifact_uri=candidate.artifact_uri,
        artifact_sha256=candidate.artifact_sha256,
        decided_night=night - ONE_DAY,
        effective_night=night,
        reason="test",
        evidence={**standing[0].evidence, "seen_until": candidate.seen_until.isoformat()},
        actor="test",
        run_id="test",
        follows=standing[-1],
        last_scored_night=outputs_store.find_last_scored_night,
    )


def scored(nights: Any) -> tuple[date, dict[str, Any]]:
    night = nights.next
    nights.build(night)
    return night, nights.score(night)


def test_each_night_is_predicted_whatever_breaks(nights: Any) -> None:
    champion, first = serving_candidate(nights), promotion_store.read_promotions(nights.model)[0]
    night, sound = scored(nights)
    assert not sound["is_degraded"]
    assert sound["model_version"] == champion.version != first.version

    faults = {
        r"version \d+ failed \(ModelAltered: .*model.json: SHA-256": damaged(champion),
        r"version \d+ failed \(ModelAltered: .*not readable": gone(champion),
        r"version \d+ failed \(RuntimeError: the runtime has no such kernel, really": predicting(
            champion, fails
        ),
        r"predictions are no numbers": predicting(champion, lambda frame: np.full(len(frame), np.nan)),
        r"predictions of the shape": predicting(champion, lambda frame: np.full(len(frame) + 1, 0.2)),
        r"version \d+ failed \(OperationalError": without_registry(),
    }
    told = {}
    for reason, fault in faults.items():
        with fault:
            night, result = scored(nights)
            assert result["is_degraded"]
            assert re.search(reason, result["degraded_reason"]), result["degraded_reason"]
            assert result["degraded_reason"].endswith("the heuristic serves")
            assert result["model_version"] == first.version
            rows = outputs_store.read("predictions", nights.model, night, night)
            assert (rows["probability"] == rows["baseline_probability"]).all()
            assert not nights.score(night)["is_new"]
        told[night] = rows
    with gone(champion, first):
        night, result = scored(nights)
        assert result["degraded_reason"].endswith("the last resort serves")
        assert result["degraded_reason"].startswith("the heuristic failed (ModelAltered")
        assert monitor_night(nights.model, night, "test")["is_new"]
    told[night] = outputs_store.read("predictions", nights.model, night, night)

    # The night after is sound, and what was served is what comes out again.
    night, result = scored(nights)
    assert not result["is_degraded"]
    assert result["model_version"] == champion.version
    for one in told:
        assert not nights.score(one)["is_new"]
    again = rescore.reproduce(nights.model, 30, seed=1, run_id="again")
    assert all(each.is_same for each in again), again
    for rows in told.values():
        assert explain(rows["prediction_id"].iloc[0]).recomputed == rows["probability"].iloc[0]
    # Degraded rows are not held against the champion.
    judged = monitor_night(nights.model, night, "test")
    assert judged["is_new"]
    assert "measuring drift failed" not in str(judged["reasons"])


def test_a_spec_that_drops_an_input_stops_neither_the_champion_nor_a_training(
    nights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spec has the next `version`, and the champion's feature service was deleted besides."""
    champion, night = serving_candidate(nights), nights.next
    nights.build(night)
    assert "distance_miles" in find_input_columns(
        load_artifact(champion.artifact_uri, champion.artifact_sha256)
    )
    copied = tmp_path / "specs"
    shutil.copytree(SPECS, copied)
    yaml = YAML()
    spec = yaml.load((copied / f"{nights.model}.yaml").read_text())
    spec["version"] += 1
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != "distance_miles"]
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
