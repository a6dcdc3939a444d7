"""A contract in the standard's words becomes what the audit judges, each rule in its place."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from redeye.audits.great_expectations_runner import drop_excepted_rows
from redeye.audits.logic.contract import Contract, Table

BETWEEN = "expect_column_values_to_be_between"


def rule(implementation: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "custom",
        "engine": "greatExpectations",
        "implementation": implementation,
        "description": "Water is liquid.",
    }


def table(**change: object) -> dict[str, Any]:
    sound = {
        "name": "water",
        "description": "Temperatures of a test.",
        "dataGranularityDescription": "A gauge has one row per night.",
        "properties": [
            {"name": "gauge", "logicalType": "string", "required": True, "primaryKey": True},
            {"name": "remark", "logicalType": "string", "logicalTypeOptions": {"minLength": 0}},
            {"name": "degrees", "logicalType": "number"},
            {"name": "is_frozen", "logicalType": "boolean"},
            {"name": "night", "logicalType": "date", "required": True, "primaryKey": True},
            {"name": "kelvin", "logicalType": "number", "transformDescription": "The same in another unit."},
        ],
        "quality": [rule({BETWEEN: {"column": "degrees", "min_value": 0}})],
    }
    return sound | change


def contract(**change: object) -> dict[str, Any]:
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "w", "name": "water", "version": "1"}
    lack = [
        {"property": f"redeye.mayBe{how}", "value": False, "description": "Gauges are up."}
        for how in ("Absent", "Empty")
    ]
    return head | {"status": "active", "schema": [table()], "customProperties": lack} | change


def test_the_delivered_columns_are_typed_and_the_others_derived() -> None:
    suite = Table.model_validate(table()).suite
    assert suite.types == {
        "gauge": "text",
        "remark": "free_text",
        "degrees": "float",
        "is_frozen": "bool",
        "night": "date",
    }
    assert suite.derived == {"kelvin": "The same in another unit."}
    assert suite.never_null == ("gauge", "night")
    assert suite.key == ("night", "gauge")


def test_the_key_is_judged_once_with_the_grain_as_its_reason() -> None:
    first, *others = Table.model_validate(table()).suite.expectations
    assert first.columns == ("gauge", "night")
    assert first.because == "A gauge has one row per night."
    assert [each.expect for each in others] == [BETWEEN]


def test_a_key_of_one_column_is_judged_in_each_night() -> None:
    properties = [{**each, "primaryKey": each["name"] == "gauge"} for each in table()["properties"]]
    first, *_ = Table.model_validate(table() | {"properties": properties}).suite.expectations
    assert first.columns == ("gauge", "night")


def test_a_table_without_a_key_judges_no_key() -> None:
    properties = [{**each, "primaryKey": False} for each in table()["properties"]]
    plain = Table.model_validate(table(properties=properties, dataGranularityDescription=None))
    assert [each.expect for each in plain.suite.expectations] == [BETWEEN]
    assert plain.find_place(0) == ("quality", 0)


def test_an_expectation_may_be_written_as_great_expectations_does() -> None:
    own = rule({"type": BETWEEN, "kwargs": {"column": "degrees", "min_value": 0}})
    assert Table.model_validate(table(quality=[own])).suite == Table.model_validate(table()).suite


def test_nights_are_the_second_object() -> None:
    nights = {"name": "water_profile", "properties": [{"name": "night", "logicalType": "date"}]}
    nights |= {"description": "One row per night.", "quality": [rule({BETWEEN: {"column": "night"}})]}
    found = Contract.model_validate(contract(schema=[table(), nights]))
    assert found.nights is not None
    assert found.nights.name == "water_profile"
    assert Contract.model_validate(contract()).nights is None


def test_what_informs_people_is_passed_over() -> None:
    told = contract(team={"name": "Gauges"}, tags=["water"], description={"purpose": "A test."})
    assert Contract.model_validate(told).rows == Contract.model_validate(contract()).rows


@pytest.mark.parametrize(
    ("promise"),
    [
        {"properties": [{"name": "gauge", "logicalType": "string", "unique": True}]},
        {"properties": [{"name": "gauge", "logicalType": "number", "logicalTypeOptions": {"minimum": 0}}]},
        {"quality": [{"type": "sql", "query": "SELECT 1", "mustBe": 0, "description": "Nothing is wrong."}]},
        {"quality": [rule({BETWEEN: {"column": "degrees"}}) | {"severity": "warning"}]},
        {"quality": [rule({BETWEEN: {"column": "degrees"}, "mostly": 0.9})]},
    ],
)
def test_a_promise_that_nothing_judges_is_refused(promise: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Table.model_validate(table(**promise))


def test_a_rule_said_twice_is_refused_in_its_place() -> None:
    twice = [rule({BETWEEN: {"column": "degrees", "min_value": 0}})] * 2
    with pytest.raises(ValidationError, match=r"quality\.1 repeats"):
        Table.model_validate(table(quality=twice))


def test_a_key_that_is_used_again_can_be_excepted_in_a_known_night() -> None:
    said = {"night": "2013-02-12", "column": "primaryKey"}
    terms = [
        {"property": "redeye.exception", "value": said, "description": "Two readings, known in this data."}
    ]
    suite = Table.model_validate(table(customProperties=terms)).suite
    rows = pd.DataFrame({"gauge": ["A", "A"], "night": pd.to_datetime(["2013-02-12", "2013-02-13"])})
    assert suite.exceptions[0].column == "gauge, night"
    assert len(drop_excepted_rows(suite, "gauge, night", rows)) == 1
    assert len(drop_excepted_rows(suite, "degrees", rows)) == 2
