"""An interval in words says what its bounds allow."""

from __future__ import annotations

import pandas as pd
import pytest

from redeye.models.logic.evaluation import Interval
from redeye.models.logic.interval_text import (
    describe_improvement,
    format_interval,
    is_significant,
    read_interval,
)


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (0.1, 0.3, "significantly better"),
        (-0.3, -0.1, "significantly worse"),
        (-0.1, 0.3, "not significantly different"),
        (0.0, 0.3, "not significantly different"),
        (-0.3, 0.0, "not significantly different"),
    ],
)
def test_an_improvement_is_significant_where_its_bounds_leave_0_out(
    lower: float, upper: float, words: str
) -> None:
    found = Interval((lower + upper) / 2, lower, upper)
    assert describe_improvement(found) == words
    assert is_significant(found) == words.startswith("significantly")


def test_a_value_stands_between_its_bounds_without_a_negative_zero() -> None:
    found = read_interval(pd.Series({"lower": -0.00001, "upper": 0.25, "value": 0.123456, "other": 1}))
    assert format_interval(found) == "0.1235 (0.0000 to 0.2500)"
    assert format_interval(found, "+.3f") == "+0.123 (+0.000 to +0.250)"
