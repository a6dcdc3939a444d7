"""Whatever breaks between a release and its predictions, the coming day is predicted, and the night after is sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.declarations.calendar import list_nights, shift_nights
from redeye.foundation import settings as settings_module
from redeye.models.algorithms.storage import algorithm
from redeye.models.artifact_store import make_path, resolve_uri
from redeye.monitoring.monitor import monitor_night
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


def test_each_night_is_predicted_whatever_breaks(nights: Any) -> None:
    champion, first = nights.promote_candidate(), promotion_store.read_promotions(nights.model)[0]
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
    # One release: no fault touches how a night is built, and each is scored on a night of its own.
    served = champion.effective_night
    night, *broken, without_any = list_nights(served, shift_nights(served, len(faults) + 1))
    nights.build(nights.next, last=without_any)
    sound = nights.score(night)
    assert not sound["is_degraded"]
    assert sound["model_version"] == champion.version != first.version

    told = {}
    for night, (reason, fault) in zip(broken, faults.items(), strict=True):
        with fault:
            result = nights.score(night)
            assert result["is_degraded"]
            assert re.search(reason, result["degraded_reason"]), result["degraded_reason"]
            assert result["degraded_reason"].endswith("the heuristic serves")
            assert result["model_version"] == first.version
            rows = outputs_store.read("predictions", nights.model, night, night)
            assert (rows["probability"] == rows["baseline_probability"]).all()
            assert not nights.score(night)["is_new"]
        told[night] = rows
    with gone(champion, first):
        result = nights.score(without_any)
        assert result["degraded_reason"].endswith("the last resort serves")
        assert result["degraded_reason"].startswith("the heuristic failed (ModelAltered")
        assert monitor_night(nights.model, without_any, "test")["is_new"]
    told[without_any] = outputs_store.read("predictions", nights.model, without_any, without_any)

    # The night after is sound, and what was served is what comes out again.
    night = nights.next
    nights.build(night)
    result = nights.score(night)
    assert not result["is_degraded"]
    assert result["model_version"] == champion.version
    for one in told:
        assert not nights.score(one)["is_new"]
    again = rescore.reproduce(nights.model, 30, seed=1, run_id="again")
    assert all(each.is_same for each in again), again
    for rows in told.values():
        said = {"probability": rows["probability"].iloc[0]}
        assert explain(rows["prediction_id"].iloc[0]).recomputed == said
    # Degraded rows are not held against the champion.
    judged = monitor_night(nights.model, night, "test")
    assert judged["is_new"]
    assert "measuring drift failed" not in str(judged["reasons"])
