"""What is kept of each feature of a night."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.monitoring.logic.feature_quality import FeatureQuality, make_frame, summarize_features

ROWS = pd.DataFrame(
    {
        "wind": [1.0, np.inf, np.nan, 4.0],
        "count": pd.array([2, None, 2, 5], dtype="Int64"),
        "carrier": ["AA", None, "UA", "AA"],
        "empty": [np.nan] * 4,
    }
)
INPUTS = {"wind": True, "count": True, "carrier": False, "empty": True}


def test_a_number_has_its_mean_and_range_and_an_infinite_one_is_none() -> None:
    wind, count, *_ = summarize_features(ROWS, INPUTS)
    assert wind == FeatureQuality("wind", 4, 0.5, 2.5, 1.0, 4.0, 2)
    assert count == FeatureQuality("count", 4, 0.25, 3.0, 2.0, 5.0, 2)


def test_a_category_and_a_feature_without_values_have_neither_mean_nor_range() -> None:
    *_, carrier, empty = summarize_features(ROWS, INPUTS)
    assert carrier == FeatureQuality("carrier", 4, 0.25, None, None, None, 2)
    assert empty == FeatureQuality("empty", 4, 1.0, None, None, None, 0)


@pytest.mark.parametrize("names", [["carrier"], ["empty", "wind"]])
def test_the_table_has_numbers_where_none_is_known(names: list[str]) -> None:
    frame = make_frame(summarize_features(ROWS, {name: INPUTS[name] for name in names}))
    assert frame["column_name"].tolist() == names
    assert (frame.dtypes[["null_share", "mean", "minimum", "maximum"]] == "float64").all()
    assert np.isnan(frame["mean"][0])
