"""What a drift result says of itself."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from redeye.monitoring.logic.drift_result import ColumnDrift, DriftFinding, Kind, Span, SpanDrift

COLUMN = ColumnDrift("a", Kind.FEATURE, "wasserstein", 0.6, 0.2, True, 100, 1000, 0.0)
QUIET = SpanDrift(Span.NIGHT, 1, 100, True, 0.0, 0.3, (), (), None, False, False)


def test_a_week_is_seven_nights():
    assert (Span.NIGHT.nights, Span.WEEK.nights) == (1, 7)


@pytest.mark.parametrize(
    ("value", "threshold", "excess"), [(0.6, 0.2, 3.0), (None, 0.2, 0.0), (0.6, None, 0.0)]
)
def test_the_excess_is_how_many_thresholds_the_value_is(value, threshold, excess):
    assert replace(COLUMN, value=value, threshold=threshold).excess == pytest.approx(excess)


@pytest.mark.parametrize("which", ["are_features_drifted", "is_prediction_drifted"])
def test_either_features_or_predictions_make_a_span_drift_and_either_span_the_night(which: str):
    drifted = replace(QUIET, **{which: True})
    assert drifted.is_drifted
    assert not QUIET.is_drifted
    assert DriftFinding(pd.DataFrame(), drifted, QUIET, ()).is_drifted
    assert DriftFinding(pd.DataFrame(), QUIET, drifted, ()).is_drifted
    assert not DriftFinding(pd.DataFrame(), QUIET, QUIET, ()).is_drifted
