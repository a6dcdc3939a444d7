"""Thresholds from history: what the statistics come to on clean windows of the same length.

A real day is never like the months it is compared with: what happens on it is one day's, its weekday one of seven.
So each night, and each week, of the nights that the champion learned from and was tested on is put in the
place of the live one and compared with the reference *without* it. The threshold of a column is a high
quantile of that, times a margin.

What is a *reason* by itself is held to more: all reasons of a night together come in at most 1 - quantile of the weeks
of a process that does not change. Some thirty nights are four independent weeks, whose highest is no 98 % quantile.
So the threshold is not below an upper prediction bound: mean plus Student's t times the standard deviation, at an
equal part of the rate for each reason, with as many degrees of freedom as there are independent windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_measures import COUNTED, Bins, Floats, Statistic, Summary, measure
from redeye.monitoring.logic.drift_result import Kind, Span

SHARE = "share_drifted"
FEATURES = "features"
# Smaller changes are no drift however steady the history was: a twentieth of a standard deviation, and two
# rows in a hundred that gained or lost their value.
MINIMUM_DISTANCE = 0.05
MINIMUM_EMPTY = 0.02
# What can be a reason for a night: five signs of label and relation, two statistics of the inputs together, and of
# each span the share of drifted features and two statistics of the predictions.
REASONS = 13
# A column with such a share of one night's rows in one bin may well be constant for a week: a weekday, or a
# rate of failures in a calm season. Only of others, constancy says that something broke.
NEARLY_CONSTANT = 0.9


@dataclass(frozen=True)
class History:
    """A column over the nights of the champion's training and test.

    Attributes:
        summary: one row per night, in order.
        is_reference: which of the nights are the reference.
    """

    bins: Bins
    kind: Kind
    summary: Summary
    is_reference: npt.NDArray[np.bool_]

    @property
    def reference(self) -> Summary:
        """The reference, as one window."""
        return self.summary.only(self.is_reference).total()

    def replay_windows(self, span: Span, statistic: Statistic) -> Floats:
        """A statistic of each window of the span's length, against the reference without that window."""
        windows = self.summary.windows(span.nights)
        own = self.summary.only(self.is_reference).windows(span.nights)
        return measure(self.bins, statistic, windows, self.reference.minus(own))


@dataclass(frozen=True)
class CalibratedThreshold:
    """A threshold, and where it comes from.

    Attributes:
        windows: replayed ones that could be measured.
        quantile_value: the spec's quantile of them.
        highest: of them.
        highest_night: last night of the window with the highest value, ISO; empty if there is none.
        threshold: NaN if there was no window.
    """

    column: str
    kind: Kind
    span: Span
    statistic: str
    windows: int
    quantile_value: float
    highest: float
    highest_night: str
    threshold: float


# By column, span and statistic; what is beyond the value has drifted.
Thresholds = Mapping[tuple[str, Span, str], float]


def make_threshold(
    place: tuple[str, Span, str],
    kind: Kind,
    values: Floats,
    dates: Sequence[str],
    rules: Drift,
    least: float = 0.0,
    independent: float | None = None,
) -> CalibratedThreshold:
    """A threshold from what a statistic came to on windows of clean history: their quantile, times the margin.

    Args:
        place: column, span and statistic.
        kind: of its rows.
        values: one per window; those that are not finite could not be measured.
        dates: the last night of each window, ISO.
        rules: quantile and margin.
        least: the threshold is not lower.
        independent: of a statistic that is a reason by itself, how many windows that share no night its history
            holds; its threshold is not below `bound_next`.
    """
    column, span, statistic = place
    is_measured, nothing = np.isfinite(values), float("nan")
    if not is_measured.any():
        return CalibratedThreshold(column, kind, span, str(statistic), 0, nothing, nothing, "", nothing)
    quantile = float(np.quantile(values[is_measured], rules.quantile))
    if independent is not None:
        # Distances and shares have a long tail to the right, which Student's quantile does not know.
        spare = rules.margin if kind in (Kind.SHARE, Kind.PREDICTION) else 1.0
        least = max(least, bound_next(values[is_measured], independent, rules.quantile) * spare)
    worst = int(np.nanargmax(np.where(is_measured, values, np.nan)))
    return CalibratedThreshold(
        column=column,
        kind=kind,
        span=span,
        statistic=str(statistic),
        windows=int(is_measured.sum()),
        quantile_value=quantile,
        highest=float(values[worst]),
        highest_night=dates[worst],
        threshold=max(quantile * rules.margin, least),
    )


def bound_next(values: Floats, independent: float, quantile: float) -> float:
    """What a statistic of the next window stays below, so that all `REASONS` together do at that quantile.

    Args:
        values: of windows that may overlap.
        independent: how many of them share no night; up to one, nothing can be said, and nothing is beyond.
        quantile: of windows without any reason.
    """
    if independent <= 1:
        return float("inf")
    factor = t.isf((1 - quantile) / REASONS, independent - 1) * np.sqrt(1 + 1 / independent)
    return float(values.mean() + factor * values.std())


def calibrate(histories: Iterable[History], nights: Iterable[Any], rules: Drift) -> list[CalibratedThreshold]:
    """A threshold for each column, span and statistic, and for the share of drifted features.

    Args:
        histories: of features and, where there is one, of the prediction (whose nights may be fewer).
        nights: dates of the features' nights, in order.
        rules: quantile, margin and floors.
    """
    dates = [f"{night:%Y-%m-%d}" for night in pd.to_datetime(list(nights))]
    found: list[CalibratedThreshold] = []
    over: dict[Span, list[npt.NDArray[np.bool_]]] = {span: [] for span in Span}
    for history, span in product(histories, Span):
        ends = dates[len(dates) - len(history.summary.rows) + span.nights - 1 :]
        masks = []
        for statistic in history.bins.statistics:
            values = history.replay_windows(span, statistic)
            least = MINIMUM_EMPTY if statistic is Statistic.EMPTY_SHARE else MINIMUM_DISTANCE
            place = (history.bins.column, span, statistic)
            # A feature by itself is no reason; the share of them is.
            independent = len(history.summary.rows) / span.nights if history.kind is Kind.PREDICTION else None
            limit = make_threshold(place, history.kind, values, ends, rules, least, independent)
            if statistic is Statistic.CONSTANT and limit.windows:
                limit = replace(limit, threshold=1.0 if _largest_bin(history) >= NEARLY_CONSTANT else 0.5)
            found.append(limit)
            if statistic in COUNTED:
                with np.errstate(invalid="ignore"):
                    masks.append(values > limit.threshold)
        if history.kind is Kind.FEATURE:
            over[span].append(np.any(masks, axis=0))
    for span, features in over.items():
        if features:
            # Of few features, one is a large share; alone it counts only if it is broken.
            least, ends = max(rules.minimum_share, 1 / len(features)), dates[span.nights - 1 :]
            shares = np.mean(features, axis=0)
            whole, independent = (FEATURES, span, SHARE), len(dates) / span.nights
            found.append(make_threshold(whole, Kind.SHARE, shares, ends, rules, least, independent))
    return found


def read_thresholds(rows: pd.DataFrame) -> Thresholds:
    """The thresholds of a table that `tabulate` made; a history that was too short has none."""
    known = rows[np.isfinite(rows["threshold"])]
    found: dict[Any, float] = known.set_index(["column", "span", "statistic"])["threshold"].to_dict()
    return found


def tabulate(calibrated: Iterable[CalibratedThreshold]) -> pd.DataFrame:
    """As rows, to be kept with the reference."""
    return pd.DataFrame(
        [{**vars(place), "kind": str(place.kind), "span": str(place.span)} for place in calibrated]
    )


def _largest_bin(history: History) -> float:
    """The largest share that one bin had of a clean night's rows."""
    counts = history.summary.counts
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts.max(axis=1) / history.summary.known
    return float(np.nanmax(shares, initial=0.0))
