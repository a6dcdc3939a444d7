"""Made-up nights have the share of true labels, the correlation and the ranking that they were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.studies.gate_power.logic.made_nights import Circumstances, measure_circumstances

ASKED = [
    Circumstances(200, 0.22, 0.05, 0.65),
    Circumstances(60, 0.03, 0.0, 0.8),
    Circumstances(40, 0.5, 0.3, 0.5),
]


@pytest.mark.parametrize("asked", ASKED)
def test_nights_are_measured_as_they_were_asked_for(asked: Circumstances) -> None:
    random, nights = np.random.default_rng(3), 4000
    labels = asked.draw_labels(nights, random)
    by_night = labels.reshape(nights, asked.rows)
    found = measure_circumstances(np.full(nights, float(asked.rows)), by_night.mean(axis=1), asked.auc)
    assert found.rows == asked.rows
    assert found.base_rate == pytest.approx(asked.base_rate, rel=0.04)
    assert found.correlation == pytest.approx(asked.correlation, rel=0.1, abs=0.002)


def test_the_champion_ranks_as_asked_and_both_are_calibrated() -> None:
    asked, random = Circumstances(100_000, 0.22, 0.0, 0.65), np.random.default_rng(4)
    labels = asked.draw_labels(1, random)
    nights = np.full(len(labels), np.datetime64("2026-01-01"))
    champion, candidate = (
        ScoredProbabilities(labels, each, nights) for each in asked.draw_predictions(labels, 0.5, random)
    )
    assert champion.measure("auc") == pytest.approx(0.65, abs=0.005)
    assert candidate.measure("auc") > 0.7
    assert champion.measure("calibration_error") < 0.01
    assert candidate.measure("calibration_error") < 0.01


def test_what_no_nights_are_like_is_refused() -> None:
    for given in ((0, 0.2), (10, 0.0), (10, 0.2, -0.1), (10, 0.2, 0.0, 0.4)):
        with pytest.raises(ValueError, match=r"rows|base rate|correlation|AUC"):
            Circumstances(*given)
    with pytest.raises(ValueError, match="not two nights"):
        measure_circumstances(np.array([50.0]), np.array([0.1]), 0.6)
