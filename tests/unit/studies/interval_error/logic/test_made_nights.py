"""Made-up nights are what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from redeye.studies.interval_error.logic.made_nights import SHOCKS, make_deviating, make_nights


@pytest.mark.parametrize("shocks", SHOCKS)
@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_nights_have_mean_0_deviation_1_and_their_correlation(shocks: str, correlation: float) -> None:
    made = make_nights(shocks, correlation, 14, 20_000, seed=3)
    assert made.mean() == pytest.approx(0, abs=0.02)
    assert made.std() == pytest.approx(1, abs=0.03)
    assert np.corrcoef(made[:, 3], made[:, 4])[0, 1] == pytest.approx(correlation, abs=0.03)


def test_shocks_are_skewed_to_their_side_and_t_is_the_librarys() -> None:
    shares = np.array([0.01, 0.2, 0.5, 0.7, 0.999])
    assert SHOCKS["t with 4 degrees"](shares) == pytest.approx(stats.t.ppf(shares, 4) / np.sqrt(2), abs=1e-9)
    skewness = {name: stats.skew(make_nights(name, 0.0, 14, 2000, seed=1).ravel()) for name in SHOCKS}
    assert skewness["skewed to the left"] < -1 < 1 < skewness["skewed to the right"]


def test_the_same_seed_gives_the_same_nights_and_another_gives_others() -> None:
    one, again, other = (make_nights("normal", 0.2, 14, 5, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_predictions_deviate_as_is_said() -> None:
    scored = make_deviating((0.05, -0.05, 0.0, 0.0), np.zeros(40), seed=1, rows=200)
    assert len(scored.nights) == 40
    assert scored.measure("calibration_error") == pytest.approx(0.025, abs=0.01)
