"""One temperature: found where probabilities are too sharp, and left alone where they are right."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from made_classes import find_chances, make_nights, make_rows

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.kinds.classes.temperature import (
    find_slope,
    judge_temperature,
    recalibrate_classes,
    sharpen,
)
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration

RULES = RecalibrationRules(prior_strength=20, half_life_nights=14, minimum_nights=10)


def test_a_slope_is_undone_by_its_inverse() -> None:
    told = find_chances(1, 200)
    assert sharpen(sharpen(told, 2.0), 0.5) == pytest.approx(told, abs=1e-3)
    assert sharpen(told, 1.0) == pytest.approx(told)
    assert (sharpen(told, 3.0).argmax(axis=1) == told.argmax(axis=1)).all()
    assert sharpen(np.array([[1.0, 0.0, 0.0]]), 5.0).sum() == pytest.approx(1)


@pytest.mark.parametrize("off", [0.5, 1.0, 2.0])
def test_the_temperature_of_one_part_makes_another_calibrated(off: float) -> None:
    fitted, reported = (sharpen(find_chances(seed, 6000), off) for seed in (1, 2))
    slope = find_slope(fitted, make_rows(1, 6000).labels)
    assert slope == pytest.approx(1 / off, rel=0.1)
    labels = make_rows(2, 6000).labels.astype(int)
    losses = [-np.log(sharpen(reported, each)[np.arange(6000), labels]).mean() for each in (slope, 1.0)]
    assert losses[0] <= losses[1] + 1e-3
    assert off == 1 or losses[0] < losses[1] - 0.01


def test_without_rows_nothing_is_done() -> None:
    assert find_slope(np.empty((0, 4)), np.empty(0)) == 1
    told = find_chances(1, 20)
    assert recalibrate_classes(told, IDENTITY) is told
    assert (recalibrate_classes(told, Recalibration(0.0, 1.5, date(2013, 3, 1))) == sharpen(told, 1.5)).all()


def judge(seed: int, off: float, correlation: float = 0.0, nights: int = 28) -> JudgedRecalibration:
    true, _ = make_nights(seed, nights=nights, rows=60, correlation=correlation)
    rows = pd.DataFrame({"label": true.labels, "night": true.nights[true.night_of_row]})
    return judge_temperature(
        rows, sharpen(true.predictions, off), date(2013, 1, nights), RULES, maturity=2, lag=2, confidence=0.95
    )


def test_too_sharp_probabilities_are_blunted_after_enough_nights() -> None:
    found = judge(1, off=2.0)
    assert found.is_in_use
    assert found.recalibration.slope == pytest.approx(0.5, rel=0.15)
    assert found.recalibration.night == date(2013, 1, 28)
    assert found.lower > 0
    assert (found.nights, found.rows, found.judged_nights) == (28, 28 * 60, 24)
    assert not judge(1, off=2.0, nights=12).is_in_use


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_calibrated_probabilities_are_changed_no_more_often_than_stated(correlation: float) -> None:
    runs = 60
    changed = sum(judge(seed, off=1.0, correlation=correlation).is_in_use for seed in range(runs))
    # At 95 % confidence 3 are allowed; of 60, 3 more are within two standard errors of that.
    assert changed <= 6
