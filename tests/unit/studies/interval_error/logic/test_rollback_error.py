"""The measurement asks after every night, counts what is found, and keeps to its own rates on few reigns."""

from __future__ import annotations

import numpy as np
from scipy import stats

from redeye.models.logic.night_statistics import Floats
from redeye.monitoring.logic.rollback_evidence import LEVEL, MINIMUM_NIGHTS, weigh_evidence
from redeye.studies.interval_error.logic.rollback_error import (
    SIX_WEEKS,
    find_first_night,
    measure_blocked,
    measure_made_rollbacks,
)


def make_worse_nights(nights: int = 40) -> Floats:
    return np.random.default_rng(4).standard_normal(nights) + 2


def test_the_first_night_is_the_first_with_enough_evidence() -> None:
    worse = make_worse_nights()
    first = find_first_night(worse)
    assert first is not None
    assert first >= MINIMUM_NIGHTS
    assert weigh_evidence(worse[:first]) >= 1 / LEVEL
    assert first == MINIMUM_NIGHTS or weigh_evidence(worse[: first - 1]) < 1 / LEVEL


def test_a_better_champion_has_no_such_night() -> None:
    assert find_first_night(-make_worse_nights()) is None


def test_the_share_is_that_of_the_reigns() -> None:
    worse = make_worse_nights()
    assert measure_blocked(np.stack([worse, -worse, -worse, -worse])) == 0.25


def test_rates_hold_on_few_reigns() -> None:
    runs = 15
    found = measure_made_rollbacks(runs=runs, seed=12, season=SIX_WEEKS)
    # Of twelve shares of 5 %, none lies above this in 99 of 100 measurements.
    most = stats.binom.ppf(1 - 0.01 / len(found), runs, LEVEL) / runs
    assert found["equal_in_a_season"].max() <= most
    assert (found["equal_in_a_season"] == found["equal_in_six_weeks"]).all()
    normal = found[found["distribution"] == "normal"]
    assert normal["better_in_six_weeks"].max() <= 1 / runs
    assert normal["worse_in_six_weeks"].min() >= 0.6
