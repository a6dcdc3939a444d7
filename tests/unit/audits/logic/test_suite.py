"""A suite knows the columns that it judges, and which of them may miss values."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from redeye.audits.logic.suite import ExpectationSpec, SuiteSpec

BETWEEN = "expect_column_values_to_be_between"
WATER = {
    "description": "Temperatures of a test.",
    "key": ("gauge",),
    "types": {"gauge": "text", "degrees": "float"},
    "derived": {"kelvin": "In another unit."},
    "may_be_null": ("kelvin",),
    "expectations": ({BETWEEN: {"column": "degrees", "min_value": 0}, "because": "Water is liquid."},),
}


def test_only_columns_that_are_listed_may_miss_values() -> None:
    assert SuiteSpec.model_validate(WATER).never_null == ("gauge", "degrees")


@pytest.mark.parametrize(
    ("kwargs", "columns"),
    [
        ({"column": "a", "min_value": 0}, ("a",)),
        ({"column_A": "a", "column_B": "b"}, ("a", "b")),
        ({"column_list": ["a", "b"]}, ("a", "b")),
    ],
)
def test_an_expectation_names_the_columns_it_judges(
    kwargs: dict[str, object], columns: tuple[str, ...]
) -> None:
    expectation = ExpectationSpec.model_validate({BETWEEN: kwargs, "because": "Because of it."})
    assert expectation.columns == columns
    assert expectation.arguments == kwargs


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": ("gouge",)}, "unknown column 'gouge'"),
        ({"derived": {"degrees": "Again."}, "may_be_null": ()}, "derived repeats"),
        ({"expectations": WATER["expectations"] * 2}, r"expectations\.1 repeats"),
    ],
)
def test_a_suite_that_contradicts_itself_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SuiteSpec.model_validate({**WATER, **change})
