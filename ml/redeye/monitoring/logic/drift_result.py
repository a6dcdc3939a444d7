"""What a night's drift came to: the rows that are kept, and what an operator reads.

Drift is a change of distribution against what the champion learned from. The measure and its thresholds
are in `drift_profile` and `drift_calibration`; this module holds the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pandas as pd

from redeye.declarations.calendar import shift_nights
from redeye.monitoring.logic.feature_quality import FeatureQuality

# Why quality, or what follows from labels, was not measured.
TOO_FEW = "too few matured rows or nights, or one class only"


class Span(StrEnum):
    """Which nights are compared with the reference, all ending with the night itself."""

    NIGHT = "night"
    WEEK = "week"

    @property
    def nights(self) -> int:
        """How many nights it spans."""
        return 1 if self is Span.NIGHT else 7

    def select(self, frame: pd.DataFrame, last: date) -> pd.DataFrame:
        """The rows of the span that ends with the night `last`, by the column `night`."""
        first = shift_nights(last, 1 - self.nights)
        return frame[pd.to_datetime(frame["night"]).between(pd.Timestamp(first), pd.Timestamp(last))]


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
    """One statistic of one column of one span against the reference.

    Attributes:
        column: of the model's frame, or `probability`.
        value: of the statistic; None if it was not measured, then `note` says why.
        threshold: above it the column has drifted; calibrated for this column and span.
        empty_share: of the rows, those without a value.
    """

    span: Span
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

    @classmethod
    def of(
        cls,
        place: tuple[str, Span, str],
        kind: Kind,
        value: float,
        threshold: float | None,
        *,
        rows: int,
        reference_rows: int,
        empty_share: float = 0.0,
        note: str = "",
        unknown: str = "",
    ) -> ColumnDrift:
        """Drifted is a value beyond its threshold; one that is not finite was not measured.

        Args:
            place: column, span and statistic, as thresholds are named.
            kind: of the row.
            value: of the statistic.
            threshold: None if history was too short for one.
            rows: of the span.
            reference_rows: that they are compared with.
            empty_share: of the rows.
            note: where it was measured.
            unknown: the note where it was not.
        """
        column, span, statistic = place
        is_known = bool(np.isfinite(value))
        return cls(
            span=span,
            column=column,
            kind=kind,
            statistic=str(statistic),
            value=value if is_known else None,
            threshold=threshold,
            is_drifted=is_known and threshold is not None and value > threshold,
            rows=rows,
            reference_rows=reference_rows,
            empty_share=empty_share,
            note=note if is_known else unknown,
        )

    @property
    def excess(self) -> float:
        """How many times its threshold the value is; 0 if it was not measured."""
        return self.value / self.threshold if self.value is not None and self.threshold else 0.0


@dataclass(frozen=True)
class DriftFinding:
    """What was found of a night or of a part of it.

    Attributes:
        rows: of both spans.
        reasons: for an operator, one sentence for each thing that drifted; empty if nothing did.
        label_changes: the same of the label's form, which no season changes.
        features: the quality of each feature of the night.
    """

    rows: tuple[ColumnDrift, ...]
    reasons: tuple[str, ...] = ()
    label_changes: tuple[str, ...] = ()
    features: tuple[FeatureQuality, ...] = ()

    def frame(self, version: int) -> pd.DataFrame:
        """Rows of the outputs table `drift`; model, lane, night, release, run and `created_at` are the writer's."""
        frame = pd.DataFrame(
            [{**vars(row), "span": str(row.span), "kind": str(row.kind)} for row in self.rows]
        )
        typed = frame.rename(columns={"column": "column_name"}).astype(
            {"value": "float64", "threshold": "float64"}
        )
        return typed.assign(model_version=version)
