"""Asked every night, the test calls equal champions worse no more often than it states, and finds bad ones in time."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.monitoring.logic.rollback_evidence import LEVEL, MINIMUM_NIGHTS, find_levels, weigh_evidence

SIX_WEEKS, SEASON = 42, 180


def make_nights(correlation: float, runs: int, nights: int, seed: int, tails: str = "normal") -> np.ndarray:
    """Differences of nights with mean 0 and standard deviation 1, the next one correlated with each."""
    generator = np.random.default_rng(seed)
    draw = {
        "normal": generator.standard_normal,
        "heavy": lambda shape: generator.standard_t(5, shape) / np.sqrt(5 / 3),
        "skewed": lambda shape: generator.exponential(size=shape) - 1,
    }[tails]
    noise = draw((runs, nights + 20))
    for night in range(1, nights + 20):
        noise[:, night] = correlation * noise[:, night - 1] + np.sqrt(1 - correlation**2) * noise[:, night]
    return noise[:, 20:]


def find_first(differences: np.ndarray, level: float, step: int = 1) -> int | None:
    """The first look at which the evidence is significant."""
    looks = range(MINIMUM_NIGHTS, len(differences) + 1, step)
    return next((night for night in looks if weigh_evidence(differences[:night]) >= 1 / level), None)


def measure_rate(nights: np.ndarray, level: float = LEVEL, step: int = 1) -> float:
    return float(np.mean([find_first(each, level, step) is not None for each in nights]))


@pytest.mark.parametrize("tails", ["normal", "heavy", "skewed"])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_an_equal_champion_is_called_worse_no_more_often_than_stated(correlation: float, tails: str) -> None:
    # Of 150 runs at the stated rate, 13 or more happen by chance in 4 of 100: a looser test would be one of no use.
    assert measure_rate(make_nights(correlation, 150, SEASON, 11, tails), step=5) <= 12 / 150


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_a_better_champion_is_never_called_worse(correlation: float) -> None:
    assert measure_rate(make_nights(correlation, 150, SIX_WEEKS, 5) - 0.33) <= 0.01


@pytest.mark.parametrize("level", find_levels([False, True])[:1])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_a_champion_worse_by_a_night_s_deviation_is_found_in_six_weeks(
    correlation: float, level: float
) -> None:
    assert measure_rate(make_nights(correlation, 150, SIX_WEEKS, 7) + 1, level) >= 0.8


def test_a_champion_that_becomes_worse_later_is_found_though_it_began_well() -> None:
    nights = make_nights(0.4, 60, 91, 9) + np.where(np.arange(91) < 49, -0.3, 1.5)
    assert measure_rate(nights) >= 0.8


def test_fewer_nights_than_needed_are_no_evidence() -> None:
    assert weigh_evidence([5.0, 5.1] * (MINIMUM_NIGHTS // 2) + [5.0]) > 1 / LEVEL
    assert weigh_evidence([5.0, 5.1] * ((MINIMUM_NIGHTS - 1) // 2)) == 1.0


@pytest.mark.parametrize("constant", [0.0, 0.3])
def test_nights_without_any_spread_are_no_evidence(constant: float) -> None:
    assert weigh_evidence([constant] * 30) == pytest.approx(1.0)


def test_evidence_does_not_depend_on_the_unit() -> None:
    nights = make_nights(0.2, 1, 60, 3)[0] + 0.4
    assert weigh_evidence(nights) == pytest.approx(weigh_evidence(nights * 1e-3))


def test_overwhelming_evidence_stays_finite() -> None:
    assert np.isfinite(weigh_evidence(1e6 + make_nights(0.0, 1, 3000, 1)[0]))


@pytest.mark.parametrize("kinds", [[True], [False], [False, True], [True, False, False], [True, True]])
def test_the_levels_of_all_comparisons_make_up_the_stated_one(kinds: list[bool]) -> None:
    assert sum(find_levels(kinds)) == pytest.approx(LEVEL)


def test_nothing_to_compare_with_has_no_level() -> None:
    assert find_levels([]) == []
