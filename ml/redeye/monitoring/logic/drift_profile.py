"""The reference in numbers, and how a night's rows are judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_calibration import (
    FEATURES,
    SHARE,
    History,
    Thresholds,
    read_thresholds,
)
from redeye.monitoring.logic.drift_measures import COUNTED, Bins, Statistic, Summary, measure
from redeye.monitoring.logic.drift_result import ColumnDrift, DriftFinding, Kind, Span

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

    @cached_property
    def thresholds(self) -> Thresholds:
        """By column, span and statistic."""
        return read_thresholds(self.calibration)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the calibration."""
        columns = {
            name: {"bins": vars(one.bins), "kind": str(one.kind), "reference": one.reference.to_dict()}
            for name, one in self.columns.items()
        }
        return {"columns": columns, "empty": list(self.empty)}

    @classmethod
    def from_dict(cls, values: dict[str, Any], calibration: pd.DataFrame) -> Profile:
        """The inverse of `to_dict`."""
        columns = {
            name: ColumnProfile(
                TypeAdapter(Bins).validate_python(one["bins"]),
                Kind(one["kind"]),
                Summary.from_dict(one["reference"]),
            )
            for name, one in values["columns"].items()
        }
        return cls(columns, tuple(values["empty"]), calibration)


def find_drift(
    profile: Profile, features: pd.DataFrame, predictions: pd.DataFrame, rules: Drift, *, last: date
) -> DriftFinding:
    """The drift of the nights ending with `last`.

    Args:
        profile: of the champion's training.
        features: of the week's rows as scoring saw them, with a column `night`.
        predictions: of the same nights, those that the champion made, with `night` and what they say.
        rules: of the spec.
        last: the night.
    """
    found = [
        _judge_span(profile, span, span.select(features, last), span.select(predictions, last), rules)
        for span in Span
    ]
    return DriftFinding(
        tuple(row for each in found for row in each.rows),
        tuple(reason for each in found for reason in each.reasons),
    )


def is_enough(span: Span, frame: pd.DataFrame, rules: Drift) -> bool:
    """Whether a span has enough rows and nights to be judged by thresholds for its length."""
    nights = 1 if span is Span.NIGHT else rules.minimum_week_nights
    return len(frame) >= rules.minimum_rows and frame["night"].nunique() >= nights


def _judge_span(
    profile: Profile, span: Span, features: pd.DataFrame, predictions: pd.DataFrame, rules: Drift
) -> DriftFinding:
    measured: list[ColumnDrift] = []
    for name, column in profile.columns.items():
        frame = predictions if column.kind is Kind.PREDICTION else features
        measured += _measure_column(profile, name, column, span, frame, rules)
    measured += [
        _make_unmeasured(span, name, features, "no value in the reference") for name in profile.empty
    ]
    known = [each for each in measured if each.value is not None]
    of_features = [each for each in known if each.kind is Kind.FEATURE]
    drifted = sorted(
        (each for each in of_features if each.is_drifted and each.statistic in COUNTED),
        key=lambda each: (-each.excess, each.column),
    )
    broken = [each for each in drifted if _is_broken(each, rules)]
    names = list(dict.fromkeys(each.column for each in drifted))
    maximum = profile.thresholds.get((FEATURES, span, SHARE))
    is_judged = bool(of_features) and maximum is not None
    share = ColumnDrift.of(
        (FEATURES, span, SHARE),
        Kind.SHARE,
        len(names) / len({each.column for each in of_features}) if is_judged else float("nan"),
        maximum,
        rows=len(features),
        reference_rows=max((each.reference_rows for each in of_features), default=0),
        unknown="too few rows, nights or history to judge",
    )
    reasons = []
    if share.is_drifted:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        reasons.append(
            f"{share.value:.0%} of the features drifted, clean history shows at most "
            f"{maximum:.0%}: {', '.join(names[:NAMED])}{more}"
        )
    reasons += [_describe_broken(each, rules) for each in broken[:NAMED]]
    of_predictions = [each for each in known if each.kind is Kind.PREDICTION]
    if any(each.is_drifted and each.statistic in COUNTED for each in of_predictions):
        one = of_predictions[0]
        figures = (
            f": distance {one.value:.2f}, clean history allows {one.threshold:.2f}" if one.is_drifted else ""
        )
        reasons.append(f"the predictions drifted{figures}")
    share = replace(share, is_drifted=share.is_drifted or bool(broken))
    return DriftFinding((*measured, share), tuple(f"{span}: {reason}" for reason in reasons))


def _measure_column(
    profile: Profile, name: str, column: ColumnProfile, span: Span, frame: pd.DataFrame, rules: Drift
) -> list[ColumnDrift]:
    if name not in frame.columns:
        return [_make_unmeasured(span, name, frame, "these rows were scored without it", column)]
    if not is_enough(span, frame, rules):
        return [_make_unmeasured(span, name, frame, "too few rows or nights to judge", column)]
    now = Summary.of(column.bins, frame[name], np.zeros(len(frame), dtype=np.int64), 1)
    found = []
    for statistic in column.bins.statistics:
        threshold = profile.thresholds.get((name, span, statistic))
        short = "history too short for a threshold" if threshold is None else ""
        row = ColumnDrift.of(
            (name, span, statistic),
            column.kind,
            float(measure(column.bins, statistic, now, column.reference)[0]),
            threshold,
            rows=len(frame),
            reference_rows=int(column.reference.rows[0]),
            empty_share=float(frame[name].isna().mean()),
            note=short,
            unknown=short or "no value in these rows",
        )
        found.append(row)
    return found


def _make_unmeasured(
    span: Span, name: str, frame: pd.DataFrame, why: str, column: ColumnProfile | None = None
) -> ColumnDrift:
    return ColumnDrift.of(
        (name, span, column.bins.distance if column else Statistic.EMPTY_SHARE),
        column.kind if column else Kind.FEATURE,
        float("nan"),
        None,
        rows=len(frame),
        reference_rows=int(column.reference.rows[0]) if column else 0,
        empty_share=float(frame[name].isna().mean()) if name in frame.columns and len(frame) else 1.0,
        unknown=why,
    )


def _is_broken(each: ColumnDrift, rules: Drift) -> bool:
    match each.statistic:
        case Statistic.CONSTANT:
            return True
        case Statistic.EMPTY_SHARE:
            return each.value is not None and each.value > BROKEN_EMPTY
        case _:
            return each.excess > rules.maximum_excess


def _describe_broken(each: ColumnDrift, rules: Drift) -> str:
    match each.statistic:
        case Statistic.CONSTANT:
            return f"{each.column} has one value throughout, which it never had in clean history"
        case Statistic.EMPTY_SHARE:
            return f"{each.column} is empty in {each.empty_share:.0%} of the rows, unlike its history"
        case _:
            return f"{each.column} is {each.excess:.0f} times beyond its threshold, more than {rules.maximum_excess:g}"
