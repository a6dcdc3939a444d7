"""The distances: zero for the same, blind to order, and sound on whatever a column may hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance

from redeye.monitoring.logic.drift_measures import Bins, Statistic, Summary, measure

VALUES = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False)), min_size=2, max_size=60
).filter(lambda values: any(value is not None for value in values))


def bins_of(values: list[float | None], *, is_numeric: bool = True, top: int = 20) -> Bins:
    found = Bins.of(pd.Series(values, name="x"), is_numeric=is_numeric, maximum_categories=top)
    assert found is not None
    return found


def summed(bins: Bins, values: list[object]) -> Summary:
    series = pd.Series(values, name="x", dtype="float64" if bins.is_numeric else "object")
    return Summary.of(bins, series, np.zeros(len(values), dtype=np.int64), 1)


def distance(bins: Bins, now: list[object], then: list[object]) -> float:
    return float(measure(bins, bins.distance, summed(bins, now), summed(bins, then))[0])


@given(VALUES)
def test_the_same_rows_are_at_distance_zero(values: list[float | None]) -> None:
    bins = bins_of(values)
    for statistic in (Statistic.WASSERSTEIN, Statistic.EMPTY_SHARE):
        assert measure(bins, statistic, summed(bins, values), summed(bins, values))[0] == pytest.approx(0)


@given(VALUES, VALUES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(then: list, now: list, random: object) -> None:
    bins = bins_of(then)
    shuffled_now, shuffled_then = list(now), list(then)
    random.shuffle(shuffled_now)  # type: ignore[attr-defined]
    random.shuffle(shuffled_then)  # type: ignore[attr-defined]
    assert bins_of(shuffled_then).edges == bins.edges
    assert distance(bins, shuffled_now, shuffled_then) == pytest.approx(distance(bins, now, then))


@given(st.lists(st.sampled_from("abcdef"), min_size=1), st.lists(st.sampled_from("abcxyz"), min_size=1))
def test_categories_are_between_zero_and_one_apart(then: list[object], now: list[object]) -> None:
    bins = bins_of(then, is_numeric=False)  # type: ignore[arg-type]
    assert distance(bins, then, then) == pytest.approx(0)
    assert 0 <= distance(bins, now, then) <= 1


def test_it_is_nearly_the_wasserstein_distance() -> None:
    rng = np.random.default_rng(1)
    then, now = rng.normal(0, 1, 5000), rng.normal(0.7, 1.3, 4000)
    bins = bins_of(list(then))
    exact = wasserstein_distance(now, then) / then.std()
    assert distance(bins, list(now), list(then)) == pytest.approx(exact, abs=0.03)


def test_values_beyond_the_edges_count_by_how_far_they_are() -> None:
    bins = bins_of([0.0, 1.0, 2.0, 3.0])
    near, far = (distance(bins, [value] * 4, [0.0, 1.0, 2.0, 3.0]) for value in (4.0, 104.0))
    assert far - near == pytest.approx(100 / bins.scale)


def test_a_constant_reference_has_a_scale() -> None:
    bins = bins_of([7.0] * 10)
    assert distance(bins, [7.0], [7.0] * 10) == 0
    assert distance(bins, [7.07], [7.0] * 10) == pytest.approx(1.0)


def test_an_unseen_category_is_other() -> None:
    bins = bins_of(["a"] * 9 + ["b"], is_numeric=False)  # type: ignore[list-item]
    assert distance(bins, ["new"] * 5, ["a"] * 9 + ["b"]) == pytest.approx(1.0)


def test_many_categories_are_cut_to_the_most_frequent_whatever_the_order() -> None:
    values = [f"c{n:03d}" for n in range(200) for _ in range(1 + (n < 3))]
    bins = bins_of(values, is_numeric=False, top=5)  # type: ignore[arg-type]
    assert bins.categories == ("c000", "c001", "c002", "c003", "c004")
    assert bins_of(values[::-1], is_numeric=False, top=5) == bins  # type: ignore[arg-type]


def test_a_column_without_a_value_is_no_error() -> None:
    assert Bins.of(pd.Series([None, None], name="x"), is_numeric=True, maximum_categories=5) is None
    bins = bins_of([1.0, 2.0, None])
    now = summed(bins, [None, None])
    then = summed(bins, [1.0, 2.0, None])
    assert np.isnan(measure(bins, Statistic.WASSERSTEIN, now, then)[0])
    assert np.isnan(measure(bins, Statistic.CONSTANT, now, then)[0])
    assert measure(bins, Statistic.EMPTY_SHARE, now, then)[0] == pytest.approx(2 / 3)


def test_booleans_and_infinities_are_numbers_and_none() -> None:
    bins = bins_of([0.0, 1.0, 1.0])
    flags = pd.Series([True, False, None], dtype="object", name="x")
    assert Summary.of(bins, flags, np.zeros(3, dtype=np.int64), 1).known[0] == 2
    assert summed(bins, [np.inf, 1.0]).known[0] == 1


def test_windows_are_the_sum_of_their_nights() -> None:
    rng = np.random.default_rng(2)
    values, place = pd.Series(rng.normal(size=500), name="x"), rng.integers(0, 10, 500)
    bins = bins_of(list(values))
    windows = Summary.of(bins, values, place, 10).windows(7)
    inside = values[(place >= 2) & (place < 9)]
    third = Summary.of(bins, inside, np.zeros(len(inside), dtype=np.int64), 1)
    assert (windows.counts[2] == third.counts[0]).all()
    assert windows.lowest[2] == third.lowest[0]
    assert len(windows.rows) == 4
    assert len(Summary.of(bins, values, place, 10).windows(11).rows) == 0


def _columns(seed: int, shift: float = 0.0) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).normal(shift, 1.0, 20_000), name="x")


def _one(statistic: Statistic, now: pd.Series, then: pd.Series, *, is_numeric: bool = True) -> float:
    bins = Bins.of(then, is_numeric=is_numeric, maximum_categories=20)
    assert bins is not None
    windows = [Summary.of(bins, each, np.zeros(len(each), dtype=np.int64), 1) for each in (now, then)]
    return float(measure(bins, statistic, windows[0], windows[1])[0])


def test_ks_is_scipy_s_up_to_what_lies_between_two_cuts() -> None:
    now, then = _columns(1, 0.5), _columns(2)
    assert _one(Statistic.KS, now, then) == pytest.approx(ks_2samp(now, then).statistic, abs=0.02)
    assert _one(Statistic.KS, _columns(3), then) < 0.03


def test_psi_is_the_sum_over_tenths_of_the_reference() -> None:
    now, then = _columns(1, 0.5), _columns(2)
    edges = np.quantile(then, np.linspace(0, 1, 11)[1:-1])
    shares = [np.bincount(np.searchsorted(edges, each), minlength=10) / len(each) for each in (now, then)]
    by_hand = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    assert _one(Statistic.PSI, now, then) == pytest.approx(by_hand, rel=0.1)
    assert _one(Statistic.PSI, _columns(3), then) < 0.01


def test_psi_of_categories_sees_one_that_was_rare() -> None:
    then = pd.Series(["a"] * 980 + ["b"] * 20, name="x")
    now = pd.Series(["a"] * 500 + ["b"] * 500, name="x")
    by_hand = (0.5 - 0.98) * np.log(0.5 / 0.98) + (0.5 - 0.02) * np.log(0.5 / 0.02)
    assert _one(Statistic.PSI, now, then, is_numeric=False) == pytest.approx(by_hand, rel=1e-6)
    assert _one(Statistic.PSI, then, then, is_numeric=False) == 0


def test_a_column_that_lost_all_values_has_neither() -> None:
    nothing = pd.Series([np.nan] * 50, name="x")
    assert np.isnan(_one(Statistic.KS, nothing, _columns(2)))
    assert np.isnan(_one(Statistic.PSI, nothing, _columns(2)))


@pytest.mark.parametrize("statistic", list(Statistic))
def test_a_history_without_a_window_measures_nothing(statistic):
    bins = Bins.of(pd.Series(range(10)), is_numeric=True, maximum_categories=5)
    nothing = Summary.of(bins, pd.Series([], dtype="float64"), np.array([], dtype=np.int64), 0)
    whole = Summary.of(bins, pd.Series(range(10)), np.zeros(10, dtype=np.int64), 1)
    assert measure(bins, statistic, nothing, whole).size == 0
