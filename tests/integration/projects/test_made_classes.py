"""A second model of a project that nobody has seen, of which of three classes comes, by declarations alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_fates import COLUMNS, FATES, find_fate_chances
from made_projects import MadeProject


@pytest.fixture(scope="module")
def fate(played_project: dict[str, Any]) -> dict[str, Any]:
    return {**played_project["fate"], "trained": played_project["trained"][played_project["fate"]["model"]]}


def test_a_learner_replaces_the_shares_by_gates_of_its_own(fate: dict[str, Any]) -> None:
    assert fate["trained"]["is_promoted"], fate["trained"]["reason"]
    assert fate["trained"]["algorithm"].startswith("multiclass_")
    gates = {each["gate"]: each for each in fate["gates"]}
    assert all(each["is_passed"] for each in gates.values())
    assert {"accuracy", "calibration", "plausibility", "improvement"} <= set(gates)
    assert "fine" in gates["base_rate"]["reason"]
    assert "accuracy" in fate["card"]


def test_predictions_are_near_the_best_there_can_be(
    fate: dict[str, Any], made_project: tuple[Path, MadeProject]
) -> None:
    rows = made_project[1].rows.set_index("number")
    found = pd.DataFrame(fate["rows"])
    best = find_fate_chances(rows.loc[found.iloc[:, found.columns.get_loc("night") + 1]])
    own = found[COLUMNS].astype(float).to_numpy()
    assert own.sum(axis=1) == pytest.approx(1)
    cross = -(best * np.log(own)).sum(axis=1).mean()
    entropy = -np.where(best > 0, best * np.log(np.where(best > 0, best, 1)), 0).sum(axis=1).mean()
    shares = find_fate_chances(rows).mean(axis=0)
    assert cross < entropy + 0.25 * (-(shares * np.log(shares)).sum() - entropy)


def test_its_nights_are_sound_and_judged(fate: dict[str, Any]) -> None:
    for night in fate["nights"]:
        assert not night["is_degraded"], night["degraded_reason"]
        assert night["verdict"] in ("ok", "warning")
        assert not any("failed" in reason for reason in night["reasons"])
    assert len(fate["rows"]) == 40
    assert fate["metrics"] == ["accuracy", "brier", "calibration_error", "log_loss"]
    assert set(fate["drift"]) == {"predicted_class"}
    assert fate["recalibrations"] > 0
    assert fate["outcomes"] == sorted(FATES)


def test_consumers_get_a_probability_of_each_class_and_the_likeliest(fate: dict[str, Any]) -> None:
    wanted = ["predicted_class", *COLUMNS, *(f"baseline_{name}" for name in COLUMNS)]
    begin = fate["columns"].index("predicted_class")
    assert fate["columns"][begin : begin + len(wanted)] == wanted
    likeliest = [FATES[int(np.argmax([float(row[name]) for name in COLUMNS]))] for row in fate["rows"]]
    assert sorted(fate["exported"]) == sorted(fate["listed"]) == sorted(likeliest)


def test_a_prediction_is_explained_and_computed_again(fate: dict[str, Any]) -> None:
    assert fate["explained"]
    assert fate["reproduced"] == [True] * len(fate["reproduced"])
    assert any("temperature" in text for text in fate["steps"])
    assert "predicted_class" in fate["archive"]


def test_pages_have_what_matured(fate: dict[str, Any]) -> None:
    assert fate["blocks"] == ["Shares", "Table", "Table", "Picture", "Picture", "Picture", "Table"]


def test_whatever_fails_somebody_predicts(fate: dict[str, Any]) -> None:
    assert fate["degraded"]["is_degraded"]
    assert fate["resort"] == [1.0] * 40


def test_it_is_taken_back(fate: dict[str, Any]) -> None:
    assert fate["version"] == 1
