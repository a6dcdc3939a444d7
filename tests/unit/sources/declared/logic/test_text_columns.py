"""Values as text, and what is said of columns that are not there."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from redeye.sources.declared.logic.text_columns import describe_missing, format_value, make_text_table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NA"),
        (float("nan"), "NA"),
        ("", ""),
        (True, "true"),
        (Decimal("1.10"), "1.10"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 8, tzinfo=UTC), "2026-03-01T08:00:00+00:00"),
        ({"b": [1, None], "a": "x"}, '{"a": "x", "b": [1, null]}'),
    ],
)
def test_a_value_is_written_the_same_each_time(value, text):
    assert format_value(value) == text


def test_rows_become_columns_of_text_in_the_order_asked_for():
    table = make_text_table([{"b": 1, "a": "x", "c": 0}, {"a": "y"}], ["a", "b"])
    assert table.to_pydict() == {"a": ["x", "y"], "b": ["1", "NA"]}


def test_a_missing_column_is_named_with_what_is_there_and_what_may_be_meant():
    assert describe_missing(["amount"], ["id", "amuont"]) == (
        "has no column amount; is 'amuont' meant; it has id, amuont"
    )
