"""Bounds of a mean of nights: the error rate that they state, also where nights resemble each other and are skewed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from redeye.models.logic.night_statistics import (
    Floats,
    bound_mean,
    estimate_degrees_of_freedom,
    estimate_effective_nights,
    estimate_skewness,
    remove_skewness,
    restore_skewness,
)

RUNS, CONFIDENCE = 6000, 0.95
# Shocks of mean 0 and deviation 1; those of the last two are as skewed as nights get, to either side.
SHOCKS = {
    "normal": lambda random, size: random.standard_normal(size),
    "t4": lambda random, size: random.standard_t(4, size) / np.sqrt(2),
    "uniform": lambda random, size: random.uniform(-np.sqrt(3), np.sqrt(3), size),
    "right": lambda random, size: random.exponential(size=size) - 1,
    "left": lambda random, size: 1 - random.exponential(size=size),
}


def make_nights(shocks: str, correlation: float, nights: int, runs: int = RUNS, seed: int = 5) -> Floats:
    """Runs of nights around 0, each as correlated with the one before as is said."""
    random: Generator = np.random.default_rng([seed, nights])
    drawn = SHOCKS[shocks](random, (runs, nights + 30))
    for night in range(1, nights + 30):
        drawn[:, night] = correlation * drawn[:, night - 1] + np.sqrt(1 - correlation**2) * drawn[:, night]
    return drawn[:, 30:]


@pytest.mark.parametrize("nights", [10, 14, 28, 42])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
@pytest.mark.parametrize("shocks", SHOCKS)
def test_at_most_six_percent_of_equal_pairs_are_told_apart_to_either_side(
    shocks: str, correlation: float, nights: int
) -> None:
    made = make_nights(shocks, correlation, nights)
    low, high = bound_mean(made, CONFIDENCE)
    assert (made.mean(axis=1) + low > 0).mean() <= 0.06
    assert (made.mean(axis=1) + high < 0).mean() <= 0.06


def test_power_grows_with_the_nights_and_with_the_effect() -> None:
    found = {}
    for nights in (14, 28, 42):
        made = make_nights("normal", 0.2, nights)
        low = made.mean(axis=1) + bound_mean(made, CONFIDENCE)[0]
        found[nights] = [float((low + effect > 0).mean()) for effect in (0, 0.25, 0.5, 1)]
        assert found[nights] == sorted(found[nights])
    for fewer, more in ((14, 28), (28, 42)):
        assert all(b > a for a, b in zip(found[fewer][1:], found[more][1:], strict=True))
    assert found[42][3] > 0.95


def test_independent_nights_without_skewness_give_the_textbook_interval() -> None:
    nights = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    low, high = bound_mean(nights, CONFIDENCE, correlation=0)
    expected = stats.t.interval(2 * CONFIDENCE - 1, len(nights) - 1, loc=0, scale=stats.sem(nights))
    assert (low, high) == pytest.approx(expected)


def test_effective_nights_are_those_of_the_variance_of_the_mean() -> None:
    nights, correlation = 14, 0.4
    apart = np.abs(np.subtract.outer(np.arange(nights), np.arange(nights)))
    covariance = correlation**apart
    centre = np.eye(nights) - 1 / nights
    expected_variance = np.trace(centre @ covariance) / (nights - 1)
    assert estimate_effective_nights(nights, correlation) == pytest.approx(
        expected_variance / covariance.mean()
    )
    assert estimate_effective_nights(nights, 0.0) == pytest.approx(nights)
    assert estimate_degrees_of_freedom(nights, 0.0) == pytest.approx(nights - 1)


def test_skewness_is_that_of_scipy_and_nothing_where_there_is_none_to_see() -> None:
    made = make_nights("right", 0.0, 10, runs=20)
    assert estimate_skewness(made) == pytest.approx(stats.skew(made, axis=1, bias=False))
    assert estimate_skewness(np.full((2, 9), 0.1)).tolist() == [0, 0]
    assert estimate_skewness(np.array([1.0, 4.0])) == 0


@pytest.mark.parametrize("skewness", [-3.0, -1e-9, 0.0, 1e-9, 0.4, 3.0])
def test_skewness_that_is_taken_off_can_be_put_back(skewness: float) -> None:
    t = np.linspace(-9, 9, 37)
    symmetric = remove_skewness(t, skewness, 5.3)
    assert restore_skewness(symmetric, skewness, 5.3) == pytest.approx(t)
    assert (np.diff(symmetric) > 0).all()


def test_one_night_has_no_bounds_and_equal_nights_have_none_to_speak_of() -> None:
    assert np.isnan(bound_mean(np.array([0.3]), CONFIDENCE)).all()
    assert bound_mean(np.full(14, 0.1), CONFIDENCE) == pytest.approx((0, 0), abs=1e-12)
