"""What is computed of a night's predictions as a whole."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from redeye.declarations.project import project
from redeye.scoring.logic.prediction_checks import LINEAGE, derive_predictions


@pytest.mark.parametrize("dtype", ["object", "boolean"])
def test_a_missing_flag_counts_as_not_degraded_and_warns_of_nothing(dtype):
    frame = pd.DataFrame(
        {
            "night": pd.Timestamp("2013-04-03"),
            "flight_date": pd.Timestamp("2013-04-04"),
            "probability": [0.3, 0.2, 0.1],
            "rank": [1, 2, 3],
            "scheduled_rows": 3,
            "is_degraded": pd.Series([True, None, False], dtype=dtype),
            "degraded_reason": ["late release", "late release", None],
            **dict.fromkeys(LINEAGE, "same"),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert derive_predictions(frame, project().subject)["is_unexplained"].tolist() == [0, 1, 0]
