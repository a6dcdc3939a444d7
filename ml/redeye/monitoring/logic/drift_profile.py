"""The reference in numbers, and how a night's rows are judged by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_calibration import (
    FEATURES,
    SHARE,
    CalibratedThreshold,
    History,
    read_thresholds,
)
from redeye.monitoring.logic.drift_measures import COUNTED, Bins, Statistic, Summary, measure
from redeye.monitoring.logic.drift_result import ColumnDrift, DriftFinding, Kind, Span, SpanDrift

PREDICTION = "probability"
# Named in a reason; the rest is in the rows.
NAMED = 5
# Parts of the data that come and go leave gaps; a feature that lost or gained half of its values is another matter.
BROKEN_EMPTY = 0.5


@dataclass(frozen=True)
class ColumnProfile:
    """A reference column: how it is cut, and its distribution as one window."""

    bins: Bins
    kind: Kind
    reference: Summary

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "bins": {**vars(self.bins)},
            "kind": str(self.kind),
            "reference": self.reference.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ColumnProfile:
        """The inverse of `to_dict`."""
        bins = dict(values["bins"])
        bins |= {name: tuple(bins[name]) for name in ("edges", "categories")}
        return cls(Bins(**bins), Kind(values["kind"]), Summary.from_dict(values["reference"]))


@dataclass(frozen=True)
class Profile:
    """What a champion learned from, as distributions and thresholds.

    Attributes:
        columns: by name; features, and the prediction.
        empty: features without a single value in the reference: there is nothing to compare with.
        calibration: a row per column, span and statistic.
    """

    columns: Mapping[str, ColumnProfile]
    empty: tuple[str, ...]
    calibration: pd.DataFrame = field(repr=False)

    @classmethod
    def of(
        cls, histories: Mapping[str, History], empty: tuple[str, ...], calibration: pd.DataFrame
    ) -> Profile:
        """From the histories that were calibrated."""
        columns = {
            name: ColumnProfile(history.bins, history.kind, history.reference)
            for name, history in histories.items()
        }
        return cls(columns, empty, calibration)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the calibration."""
        return {
            "columns": {name: column.to_dict() for name, column in self.columns.items()},
            "empty": list(self.empty),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any], calibration: pd.DataFrame) -> Profile:
        """The inverse of `to_dict`."""
        columns = {name: ColumnProfile.from_dict(column) for name, column in values["columns"].items()}
        return cls(columns, tuple(values["empty"]), calibration)


def find_drift(
    profile: Profile, features: pd.DataFrame, predictions: pd.DataFrame, rules: Drift, *, last: date
) -> DriftFinding:
    """The drift of the nights ending with `last`.

    Args:
        profile: of the champion's training.
        features: of the week's rows as scoring saw them, with a column `night`.
        predictions: of the same nights, those that the champion made, with `night` and `probability`.
        rules: of the spec.
        last: the night.
    """
    thresholds = read_thresholds(profile.calibration)
    spans, rows = {}, []
    for span in Span:
        first = pd.Timestamp(last) - pd.Timedelta(days=span.nights - 1)
        windows = [
            frame[pd.to_datetime(frame["night"]).between(first, pd.Timestamp(last))]
            for frame in (features, predictions)
        ]
        judged, measured = _span(profile, thresholds, span, windows[0], windows[1], rules)
        spans[span] = judged
        rows += [{"span": str(span), **_row(each)} for each in measured]
    reasons = tuple(reason for span in Span for reason in _reasons(spans[span], rules))
    return DriftFinding(
        rows=pd.DataFrame(rows), night=spans[Span.NIGHT], week=spans[Span.WEEK], reasons=reasons
    )


def add_rows(
    finding: DriftFinding,
    more: Iterable[tuple[Span, ColumnDrift]],
    *,
    version: int,
    reasons: tuple[str, ...] = (),
) -> DriftFinding:
    """The finding with further rows and reasons, such as of quality, and every row with the champion's version."""
    added = pd.DataFrame([{"span": str(span), **_row(each)} for span, each in more])
    parts = [
        part.astype({"value": "float64", "threshold": "float64"})
        for part in (finding.rows, added)
        if len(part)
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else finding.rows
    typed = rows.assign(
        value=rows["value"].astype("float64"),
        threshold=rows["threshold"].astype("float64"),
        model_version=version,
    )
    return replace(finding, rows=typed, reasons=(*finding.reasons, *reasons))


def is_enough(span: Span, rows: int, nights: int, rules: Drift) -> bool:
    """Whether a span has enough rows and nights to be judged by thresholds for its length."""
    return rows >= rules.minimum_rows and nights >= (1 if span is Span.NIGHT else rules.minimum_week_nights)


def _span(
    profile: Profile,
    thresholds: Mapping[tuple[str, Span, str], CalibratedThreshold],
    span: Span,
    features: pd.DataFrame,
    predictions: pd.DataFrame,
    rules: Drift,
) -> tuple[SpanDrift, list[ColumnDrift]]:
    measured: list[ColumnDrift] = []
    enough = {
        kind: is_enough(span, len(frame), frame["night"].nunique(), rules)
        for kind, frame in ((Kind.FEATURE, features), (Kind.PREDICTION, predictions))
    }
    for name, column in profile.columns.items():
        frame = predictions if column.kind is Kind.PREDICTION else features
        measured += _column(name, column, thresholds, span, frame, is_judged=enough[column.kind])
    for name in profile.empty:
        measured.append(_make_unmeasured(name, features, "no value in the reference"))
    of_features = [each for each in measured if each.kind is Kind.FEATURE and each.value is not None]
    drifted = sorted(
        (each for each in of_features if each.is_drifted and each.statistic in COUNTED),
        key=lambda each: (-each.excess, each.column),
    )
    broken = tuple(each for each in drifted if _is_broken(each, rules))
    limit = thresholds.get((FEATURES, span, SHARE))
    maximum = limit.threshold if limit is not None and np.isfinite(limit.threshold) else None
    names = {each.column for each in of_features}
    is_judged = enough[Kind.FEATURE] and maximum is not None and bool(names)
    share = len({each.column for each in drifted}) / len(names) if is_judged else None
    is_over = share is not None and maximum is not None and share > maximum
    prediction = next(
        (each for each in measured if each.kind is Kind.PREDICTION and each.value is not None), None
    )
    judged = SpanDrift(
        span=span,
        nights=int(features["night"].nunique()),
        rows=len(features),
        is_judged=is_judged,
        share=share,
        maximum_share=maximum,
        worst=tuple(drifted),
        broken=broken,
        prediction=prediction,
        are_features_drifted=is_over or bool(broken),
        is_prediction_drifted=any(
            each.is_drifted for each in measured if each.kind is Kind.PREDICTION and each.statistic in COUNTED
        ),
    )
    measured.append(
        ColumnDrift(
            column=FEATURES,
            kind=Kind.SHARE,
            statistic=SHARE,
            value=share,
            threshold=maximum,
            is_drifted=judged.are_features_drifted,
            rows=len(features),
            reference_rows=max((each.reference_rows for each in of_features), default=0),
            empty_share=0.0,
            note="" if is_judged else "too few rows, nights or history to judge",
        )
    )
    return judged, measured


def _column(
    name: str,
    column: ColumnProfile,
    thresholds: Mapping[tuple[str, Span, str], CalibratedThreshold],
    span: Span,
    frame: pd.DataFrame,
    *,
    is_judged: bool,
) -> list[ColumnDrift]:
    if name not in frame.columns:
        return [_make_unmeasured(name, frame, "these rows were scored without it", column)]
    if not is_judged:
        return [_make_unmeasured(name, frame, "too few rows or nights to judge", column)]
    now = Summary.of(column.bins, frame[name], np.zeros(len(frame), dtype=np.int64), 1)
    found = []
    for statistic in column.bins.statistics:
        place = thresholds.get((name, span, str(statistic)))
        value = float(measure(column.bins, statistic, now, column.reference)[0])
        threshold = place.threshold if place is not None and np.isfinite(place.threshold) else None
        note = "no value in these rows" if not np.isfinite(value) else ""
        found.append(
            ColumnDrift(
                column=name,
                kind=column.kind,
                statistic=str(statistic),
                value=value if np.isfinite(value) else None,
                threshold=threshold,
                is_drifted=bool(threshold is not None and np.isfinite(value) and value > threshold),
                rows=len(frame),
                reference_rows=int(column.reference.rows[0]),
                empty_share=float(frame[name].isna().mean()),
                note=note if threshold is not None else "history too short for a threshold",
            )
        )
    return found


def _make_unmeasured(
    name: str, frame: pd.DataFrame, why: str, column: ColumnProfile | None = None
) -> ColumnDrift:
    return ColumnDrift(
        column=name,
        kind=column.kind if column else Kind.FEATURE,
        statistic=str(column.bins.distance if column else Statistic.EMPTY_SHARE),
        value=None,
        threshold=None,
        is_drifted=False,
        rows=len(frame),
        reference_rows=int(column.reference.rows[0]) if column else 0,
        empty_share=float(frame[name].isna().mean()) if name in frame.columns and len(frame) else 1.0,
        note=why,
    )


def _row(each: ColumnDrift) -> dict[str, Any]:
    row = {**vars(each), "kind": str(each.kind)}
    return {"column_name": row.pop("column"), **row}


def _reasons(span: SpanDrift, rules: Drift) -> list[str]:
    reported = []
    if span.share is not None and span.maximum_share is not None and span.share > span.maximum_share:
        names = list(dict.fromkeys(each.column for each in span.worst))
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        reported.append(
            f"{span.span}: {span.share:.0%} of the features drifted, clean history shows at most "
            f"{span.maximum_share:.0%}: {', '.join(names[:NAMED])}{more}"
        )
    for each in span.broken[:NAMED]:
        reported.append(f"{span.span}: {_broken(each, rules)}")
    if span.is_prediction_drifted:
        one = span.prediction
        figures = (
            f": distance {one.value:.2f}, clean history allows {one.threshold:.2f}"
            if one is not None and one.is_drifted and one.threshold is not None
            else ""
        )
        reported.append(f"{span.span}: the predictions drifted{figures}")
    return reported


def _is_broken(each: ColumnDrift, rules: Drift) -> bool:
    match each.statistic:
        case Statistic.CONSTANT:
            return True
        case Statistic.EMPTY_SHARE:
            return each.value is not None and each.value > BROKEN_EMPTY
        case _:
            return each.excess > rules.maximum_excess


def _broken(each: ColumnDrift, rules: Drift) -> str:
    match each.statistic:
        case Statistic.CONSTANT:
            return f"{each.column} has one value throughout, which it never had in clean history"
        case Statistic.EMPTY_SHARE:
            return f"{each.column} is empty in {each.empty_share:.0%} of the rows, unlike its history"
        case _:
            return f"{each.column} is {each.excess:.0f} times beyond its threshold, more than {rules.maximum_excess:g}"
