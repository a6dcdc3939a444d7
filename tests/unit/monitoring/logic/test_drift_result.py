"""What a drift result says of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from redeye.monitoring.logic.drift_result import ColumnDrift, DriftFinding, Kind, Span

PLACE = ("a", Span.WEEK, "wasserstein")
COLUMN = ColumnDrift.of(
    PLACE, Kind.FEATURE, 0.6, 0.2, rows=100, reference_rows=1000, note="known", unknown="unknown"
)


def test_a_week_is_seven_nights():
    assert (Span.NIGHT.nights, Span.WEEK.nights) == (1, 7)


def test_a_span_ends_with_its_night():
    frame = pd.DataFrame({"night": pd.date_range("2013-01-01", periods=20)})
    for span in Span:
        days = span.select(frame, date(2013, 1, 15))["night"].dt.day
        assert (days.min(), days.max(), len(days)) == (16 - span.nights, 15, span.nights)


@pytest.mark.parametrize(
    ("value", "threshold", "excess"), [(0.6, 0.2, 3.0), (None, 0.2, 0.0), (0.6, None, 0.0)]
)
def test_the_excess_is_how_many_thresholds_the_value_is(value, threshold, excess):
    assert replace(COLUMN, value=value, threshold=threshold).excess == pytest.approx(excess)


@pytest.mark.parametrize(
    ("value", "threshold", "expected"),
    [
        (0.6, 0.2, (0.6, True, "known")),
        (0.2, 0.2, (0.2, False, "known")),
        (0.6, None, (0.6, False, "known")),
        (float("nan"), 0.2, (None, False, "unknown")),
        (float("inf"), 0.2, (None, False, "unknown")),
    ],
)
def test_drifted_is_a_known_value_beyond_its_threshold(value, threshold, expected):
    row = ColumnDrift.of(
        PLACE, Kind.FEATURE, value, threshold, rows=1, reference_rows=1, note="known", unknown="unknown"
    )
    assert (row.value, row.is_drifted, row.note) == expected


def test_the_table_names_column_span_and_version():
    unknown = replace(COLUMN, value=None, threshold=None)
    frame = DriftFinding((COLUMN, unknown)).frame(3)
    assert frame[["span", "column_name", "kind"]].iloc[0].tolist() == ["week", "a", "feature"]
    assert frame["value"].tolist() == [0.6, pytest.approx(float("nan"), nan_ok=True)]
    assert (frame["threshold"].dtype, set(frame["model_version"])) == ("float64", {3})
