"""Thresholds from history: what the statistics come to on clean windows of the same length.

A real day is never like the months it is compared with: what happens on it is one day's, its weekday one of seven.
So each night, and each week, of the nights that the champion learned from and was tested on is put in the
place of the live one and compared with the reference *without* it. The threshold of a column is a high
quantile of that, times a margin; the threshold on the share of drifted features is found the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_measures import COUNTED, Bins, Floats, Statistic, Summary, measure
from redeye.monitoring.logic.drift_result import Kind, Span

SHARE = "share_drifted"
FEATURES = "features"
# Smaller changes are no drift however steady the history was: a twentieth of a standard deviation, and two
# rows in a hundred that gained or lost their value.
MINIMUM_DISTANCE = 0.05
MINIMUM_EMPTY = 0.02
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

    @property
    def key(self) -> tuple[str, Span, str]:
        """What it is the threshold of."""
        return (self.column, self.span, self.statistic)


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
    for history in histories:
        own_dates = dates[len(dates) - len(history.summary.rows) :]
        for span in Span:
            is_over: npt.NDArray[np.bool_] | None = None
            for statistic in history.bins.statistics:
                values = history.replay_windows(span, statistic)
                place = _calibrate_statistic(history, span, statistic, values, own_dates, rules)
                found.append(place)
                if statistic not in COUNTED:
                    continue
                with np.errstate(invalid="ignore"):
                    beyond = values > place.threshold
                is_over = beyond if is_over is None else is_over | beyond
            if history.kind is Kind.FEATURE and is_over is not None:
                over[span].append(is_over)
    found += [_share(span, masks, dates, rules) for span, masks in over.items() if masks]
    return found


def read_thresholds(rows: pd.DataFrame) -> dict[tuple[str, Span, str], CalibratedThreshold]:
    """Thresholds by what they are of, from `table`."""
    records: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    found = [
        CalibratedThreshold(**{**row, "kind": Kind(row["kind"]), "span": Span(row["span"])})
        for row in records
    ]
    return {place.key: place for place in found}


def tabulate(calibrated: Iterable[CalibratedThreshold]) -> pd.DataFrame:
    """As rows, to be kept with the reference."""
    return pd.DataFrame(
        [{**vars(place), "kind": str(place.kind), "span": str(place.span)} for place in calibrated]
    )


def _calibrate_statistic(
    history: History, span: Span, statistic: Statistic, values: Floats, dates: list[str], rules: Drift
) -> CalibratedThreshold:
    measured = values[np.isfinite(values)]
    quantile = float(np.quantile(measured, rules.quantile)) if measured.size else float("nan")
    match statistic:
        case Statistic.CONSTANT:
            threshold = 1.0 if _largest_bin(history) >= NEARLY_CONSTANT else 0.5
        case Statistic.EMPTY_SHARE:
            threshold = max(quantile * rules.margin, MINIMUM_EMPTY)
        case _:
            threshold = max(quantile * rules.margin, MINIMUM_DISTANCE)
    return _place(history.bins.column, history.kind, span, statistic, values, quantile, threshold, dates)


def _largest_bin(history: History) -> float:
    """The largest share that one bin had of a clean night's rows."""
    counts = history.summary.counts
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts.max(axis=1) / history.summary.known
    return float(np.nanmax(shares, initial=0.0))


def _share(
    span: Span, masks: list[npt.NDArray[np.bool_]], dates: list[str], rules: Drift
) -> CalibratedThreshold:
    shares = np.mean(masks, axis=0)
    quantile = float(np.quantile(shares, rules.quantile)) if shares.size else float("nan")
    # Of few features, one is a large share; alone it counts only if it is broken.
    threshold = max(quantile * rules.margin, rules.minimum_share, 1 / len(masks))
    return _place(FEATURES, Kind.SHARE, span, SHARE, shares, quantile, threshold, dates)


def _place(
    column: str,
    kind: Kind,
    span: Span,
    statistic: str,
    values: Floats,
    quantile: float,
    threshold: float,
    dates: list[str],
) -> CalibratedThreshold:
    measured = np.isfinite(values)
    worst = int(np.nanargmax(np.where(measured, values, np.nan))) if measured.any() else -1
    return CalibratedThreshold(
        column=column,
        kind=kind,
        span=span,
        statistic=str(statistic),
        windows=int(measured.sum()),
        quantile_value=quantile,
        highest=float(values[worst]) if worst >= 0 else float("nan"),
        highest_night=dates[worst + span.nights - 1] if worst >= 0 else "",
        threshold=threshold if measured.any() else float("nan"),
    )
