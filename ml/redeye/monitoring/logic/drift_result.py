"""What a night's drift came to: the rows that are kept, and what an operator reads.

Drift is a change of distribution against what the champion learned from. The measure and its thresholds
are in `drift_profile` and `drift_calibration`; this module holds the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd


class Span(StrEnum):
    """Which nights are compared with the reference, all ending with the night itself."""

    NIGHT = "night"
    WEEK = "week"

    @property
    def nights(self) -> int:
        """How many nights it spans."""
        return 1 if self is Span.NIGHT else 7


class Kind(StrEnum):
    """What a row of the drift table is about."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    SHARE = "share"
    QUALITY = "quality"
    JOINT = "joint"
    LABEL = "label"
    CONCEPT = "concept"


@dataclass(frozen=True)
class ColumnDrift:
    """One column of one span against the reference.

    Attributes:
        column: of the model's frame, or `probability`.
        value: of the statistic; None if it was not measured, then `note` says why.
        threshold: above it the column has drifted; calibrated for this column and span.
        empty_share: of the rows, those without a value.
    """

    column: str
    kind: Kind
    statistic: str
    value: float | None
    threshold: float | None
    is_drifted: bool
    rows: int
    reference_rows: int
    empty_share: float
    note: str = ""

    @property
    def excess(self) -> float:
        """How many times its threshold the value is; 0 if it was not measured."""
        return self.value / self.threshold if self.value is not None and self.threshold else 0.0


@dataclass(frozen=True)
class SpanDrift:
    """One span: how many features drifted, which the worst are, and whether that is beyond clean history.

    Attributes:
        nights: that have predictions, of those the span asks for.
        rows: of the week.
        is_judged: false where there are too few rows or nights to say anything.
        share: of the measured features, those that drifted; None if not judged.
        maximum_share: above it the span's features have drifted; calibrated for this span.
        worst: drifted features, the worst first.
        broken: features with a change that no season makes: suddenly empty, suddenly constant, or many times
            beyond their threshold. One is enough.
        prediction: drift of the champion's probabilities; None if not judged.
    """

    span: Span
    nights: int
    rows: int
    is_judged: bool
    share: float | None
    maximum_share: float | None
    worst: tuple[ColumnDrift, ...]
    broken: tuple[ColumnDrift, ...]
    prediction: ColumnDrift | None
    are_features_drifted: bool
    is_prediction_drifted: bool

    @property
    def is_drifted(self) -> bool:
        """Whether features or predictions are beyond what windows of this length of clean history show."""
        return self.are_features_drifted or self.is_prediction_drifted


@dataclass(frozen=True, eq=False)
class DriftFinding:
    """The drift of a night.

    Attributes:
        rows: of the outputs table `drift`; model, lane, night, release, run and `created_at` are the writer's.
        night: the night alone.
        week: the seven nights ending with it.
        reasons: for an operator, one sentence for each thing that drifted; empty if nothing did.
    """

    rows: pd.DataFrame
    night: SpanDrift
    week: SpanDrift
    reasons: tuple[str, ...]

    @property
    def is_drifted(self) -> bool:
        """Whether either span is."""
        return self.night.is_drifted or self.week.is_drifted
