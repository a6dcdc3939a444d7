"""The measurements: errors as stated, power that grows, and real nights with their mean taken off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from redeye.studies.interval_error.logic.interval_error import (
    CORRELATIONS,
    EFFECTS,
    LENGTHS,
    estimate_correlation,
    find_nightly_gains,
    measure_calibration_errors,
    measure_errors,
    measure_made_errors,
    measure_power,
    measure_real_errors,
)
from redeye.studies.interval_error.logic.made_nights import SHOCKS, make_nights


def test_no_made_up_nights_are_told_apart_more_often_than_stated() -> None:
    found = measure_made_errors(runs=4000, seed=77)
    assert len(found) == len(LENGTHS) * len(CORRELATIONS)
    assert found[[name for name in SHOCKS if name != "lognormal"]].to_numpy().max() <= 0.06


def test_power_grows_with_the_effect_and_with_the_nights() -> None:
    wide = measure_power(runs=2000, seed=78).pivot(
        index=["correlation", "nights"], columns="effect", values="power"
    )
    assert (np.diff(wide[list(EFFECTS)], axis=1) > 0).all()
    for correlation in CORRELATIONS:
        assert (np.diff(wide.loc[correlation], axis=0) > -0.01).all()


def test_the_bounds_of_a_calibration_error_err_seldom() -> None:
    runs = 60
    found = measure_calibration_errors(runs=runs, seed=79)
    # Of a share of 6 %, no more than one run in a thousand has more than this.
    most = stats.binom.ppf(0.999, runs, 0.06) / runs
    assert found[["too_high", "too_low"]].to_numpy().max() <= most


def test_gains_are_by_night_and_positive_where_the_one_is_better() -> None:
    rows = pd.DataFrame(
        {
            "night": pd.to_datetime(["2001-01-02", "2001-01-01", "2001-01-01"]),
            "label": [1.0, 0.0, 1.0],
            "one": [0.8, 0.2, 0.8],
            "other": [0.5, 0.5, 0.9],
        }
    )
    expected = [np.log([0.8 / 0.5, 0.8 / 0.9]).mean(), np.log(0.8 / 0.5)]
    assert find_nightly_gains(rows, "one", "other") == pytest.approx(expected)


def test_real_nights_are_centred_and_cut_into_all_windows() -> None:
    gains = make_nights("normal", 0.3, 300, 1, seed=4)[0]
    found, same = measure_real_errors(gains, runs=4000), measure_real_errors(gains + 5, runs=4000)
    assert found[["better_of_weeks", "worse_of_weeks"]].to_numpy().max() <= 0.06
    assert list(found["apart"]) == [300 // nights for nights in LENGTHS]
    pd.testing.assert_frame_equal(found, same)
    assert estimate_correlation(gains) == pytest.approx(0.3, abs=0.15)
    assert list(measure_real_errors(gains[:20], runs=9)["nights"]) == [14]


def test_an_error_is_counted_on_its_side() -> None:
    made = make_nights("normal", 0.0, 14, 200, seed=5)
    assert measure_errors(made + 9) == (1.0, 0.0)
    assert measure_errors(made - 9) == (0.0, 1.0)
