"""Thresholds come from clean windows of the same length, each held against a reference without itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_calibration import (
    FEATURES,
    MINIMUM_DISTANCE,
    MINIMUM_EMPTY,
    REASONS,
    SHARE,
    CalibratedThreshold,
    History,
    bound_next,
    calibrate,
    read_thresholds,
    tabulate,
)
from redeye.monitoring.logic.drift_measures import COUNTED, Bins, Statistic, Summary
from redeye.monitoring.logic.drift_result import Kind, Span

NIGHTS, ROWS = 30, 200
DATES = pd.date_range("2013-01-01", periods=NIGHTS)
RULES = Drift()


def made_history(values: np.ndarray, name: str = "x", kind: Kind = Kind.FEATURE) -> History:
    """A column of numbers over nights; the last ten nights are no reference."""
    is_reference = np.arange(NIGHTS) < NIGHTS - 10
    column = pd.Series(values.ravel(), name=name)
    place = np.repeat(np.arange(NIGHTS), ROWS)
    bins = Bins.of(column[is_reference[place]], is_numeric=True, maximum_categories=10)
    assert bins is not None
    return History(bins, kind, Summary.of(bins, column, place, NIGHTS), is_reference)


def steady(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(NIGHTS, ROWS))


def key(place: CalibratedThreshold) -> tuple[str, Span, str]:
    return place.column, place.span, place.statistic


def place_of(
    found: list[CalibratedThreshold], column: str, span: Span, statistic: str
) -> CalibratedThreshold:
    (place,) = [each for each in found if key(each) == (column, span, statistic)]
    return place


def test_there_is_a_threshold_for_each_column_span_and_statistic_and_one_for_the_share():
    history = made_history(steady())
    found = calibrate([history], DATES, RULES)
    keys = {("x", span, str(each)) for span in Span for each in history.bins.statistics}
    assert {key(place) for place in found} == keys | {(FEATURES, span, SHARE) for span in Span}
    assert place_of(found, "x", Span.NIGHT, "wasserstein").windows == NIGHTS
    assert place_of(found, "x", Span.WEEK, "wasserstein").windows == NIGHTS - 6


def test_the_threshold_is_the_quantile_times_the_margin_but_never_below_the_floor():
    unsteady = steady() + np.linspace(-1, 1, NIGHTS)[:, None]
    place = place_of(calibrate([made_history(unsteady)], DATES, RULES), "x", Span.NIGHT, "wasserstein")
    values = made_history(unsteady).replay_windows(Span.NIGHT, Statistic.WASSERSTEIN)
    assert place.quantile_value == pytest.approx(np.quantile(values, RULES.quantile))
    assert place.threshold == pytest.approx(place.quantile_value * RULES.margin)
    assert place.threshold > MINIMUM_DISTANCE
    same = np.tile(np.linspace(-1, 1, ROWS), (NIGHTS, 1))
    found = calibrate([made_history(same)], DATES, RULES)
    assert place_of(found, "x", Span.NIGHT, "wasserstein").threshold == MINIMUM_DISTANCE
    assert place_of(found, "x", Span.NIGHT, "empty_share").threshold == MINIMUM_EMPTY


@pytest.mark.parametrize("weeks", [4, 12, 50])
def test_next_windows_of_a_process_that_stays_are_below_the_bound_as_often_as_stated(weeks: int):
    rng = np.random.default_rng(weeks)
    histories, following = rng.normal(size=(4000, weeks)), rng.normal(size=4000)
    beyond = [new > bound_next(known, weeks, 0.98) for known, new in zip(histories, following, strict=True)]
    # Of one reason; the bound divides by n, the standard deviation of a sample by n - 1.
    assert np.mean(beyond) <= 2 * 0.02 / REASONS


def test_one_window_bounds_nothing():
    assert bound_next(np.array([1.0]), 1.0, 0.98) == np.inf


def test_the_share_and_the_predictions_are_held_to_the_bound_and_a_feature_is_not():
    unsteady = steady() + np.random.default_rng(2).normal(size=(NIGHTS, 1))
    feature, prediction = made_history(unsteady), made_history(unsteady, "probability", Kind.PREDICTION)
    found = calibrate([feature, prediction], DATES, RULES)
    values = feature.replay_windows(Span.WEEK, Statistic.WASSERSTEIN)
    alone = place_of(found, "x", Span.WEEK, "wasserstein").threshold
    assert alone == pytest.approx(np.quantile(values, RULES.quantile) * RULES.margin)
    held = place_of(found, "probability", Span.WEEK, "wasserstein").threshold
    assert held == pytest.approx(bound_next(values, NIGHTS / 7, RULES.quantile) * RULES.margin)
    assert held > alone


def test_the_worst_window_is_named_by_its_last_night():
    storm = steady()
    storm[12] += 5
    found = calibrate([made_history(storm)], DATES, RULES)
    night = place_of(found, "x", Span.NIGHT, "wasserstein")
    assert night.highest_night == "2013-01-13"
    week = place_of(found, "x", Span.WEEK, "wasserstein").highest_night
    assert "2013-01-13" <= week <= "2013-01-19"


def test_a_window_is_held_against_the_reference_without_itself():
    history = made_history(steady())
    counts = history.summary.only(history.is_reference).windows(1)
    without = history.reference.minus(counts)
    known = np.asarray(without.known)
    assert (known[: NIGHTS - 10] == (NIGHTS - 10 - 1) * ROWS).all()
    # What is no reference takes nothing from it.
    assert (known[NIGHTS - 10 :] == (NIGHTS - 10) * ROWS).all()


@pytest.mark.parametrize(("share", "threshold"), [(0.95, 1.0), (0.5, 0.5)])
def test_only_a_column_that_is_nearly_constant_on_a_clean_night_may_be_constant(
    share: float, threshold: float
):
    values = steady()
    values[:, : int(ROWS * share)] = 0.0
    found = calibrate([made_history(values)], DATES, RULES)
    assert place_of(found, "x", Span.NIGHT, "constant").threshold == threshold


def test_of_few_features_one_alone_is_no_share_that_counts():
    histories = [made_history(steady(seed), f"x{seed}") for seed in range(2)]
    found = calibrate(histories, DATES, RULES)
    assert place_of(found, FEATURES, Span.NIGHT, SHARE).threshold >= 0.5
    prediction = made_history(steady(9), "probability", Kind.PREDICTION)
    alone = calibrate([*histories, prediction], DATES, RULES)
    assert place_of(alone, FEATURES, Span.NIGHT, SHARE) == place_of(found, FEATURES, Span.NIGHT, SHARE)


def test_a_night_of_the_share_is_one_in_which_a_counted_statistic_is_beyond_its_threshold():
    values = steady()
    values[[4, 9, 14], :30] = np.nan
    history = made_history(values)
    found = calibrate([history], DATES, Drift(quantile=0.8))

    def find_first_beyond(*, is_counted: bool) -> str:
        beyond = [
            history.replay_windows(Span.NIGHT, each) > place_of(found, "x", Span.NIGHT, str(each)).threshold
            for each in history.bins.statistics
            if (each in COUNTED) is is_counted
        ]
        return str(DATES[np.any(beyond, axis=0)][0].date())

    share = place_of(found, FEATURES, Span.NIGHT, SHARE)
    assert share.highest == 1.0
    assert share.highest_night == find_first_beyond(is_counted=True) != find_first_beyond(is_counted=False)


def test_a_column_without_a_value_has_no_threshold_rather_than_a_low_one():
    values = steady()
    history = made_history(values)
    empty = History(
        history.bins,
        history.kind,
        Summary.of(
            history.bins,
            pd.Series(np.full(NIGHTS * ROWS, np.nan), name="x"),
            np.repeat(np.arange(NIGHTS), ROWS),
            NIGHTS,
        ),
        history.is_reference,
    )
    place = place_of(calibrate([empty], DATES, RULES), "x", Span.NIGHT, "wasserstein")
    assert (place.windows, place.highest_night) == (0, "")
    assert np.isnan(place.threshold)


def test_every_threshold_comes_back_from_the_table_but_for_those_of_too_short_a_history():
    found = calibrate([made_history(steady())], DATES, RULES)
    table = tabulate(found)
    assert read_thresholds(table) == {key(place): place.threshold for place in found}
    table.loc[0, "threshold"] = np.nan
    assert key(found[0]) not in read_thresholds(table)
