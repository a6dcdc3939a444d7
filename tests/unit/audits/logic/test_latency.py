"""A latency of the standard is a rule of the nights: how old the newest instant may be when a night ends."""

from __future__ import annotations

from typing import Any

import pytest

from redeye.audits.logic.contract import Contract
from redeye.audits.logic.latency import MINUTES
from redeye.audits.logic.measures import MeasureName

WHY = "The network hands a reading on within the hour."


def make_contract(**latency: object) -> Contract:
    lack = [
        {"property": f"redeye.mayBe{how}", "value": False, "description": "Said for a test."}
        for how in ("Absent", "Empty")
    ]
    columns = [
        {"name": "read_at", "logicalType": "timestamp", "required": True},
        {"name": "night", "logicalType": "date", "required": True},
    ]
    table: dict[str, Any] = {"name": "readings", "description": "Rows of a test.", "properties": columns}
    between = {"expect_column_values_to_be_between": {"column": "read_at", "min_value": "2000-01-01"}}
    line = {"type": "custom", "engine": "greatExpectations", "implementation": between, "description": WHY}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "r", "name": "readings", "version": "1"}
    said = {"property": "latency", "value": 2, "unit": "h", "element": "readings.read_at", "description": WHY}
    return Contract.model_validate(
        head
        | {"status": "active", "customProperties": lack, "schema": [table | {"quality": [line]}]}
        | {"slaProperties": [said | latency]}
    )


def test_it_is_measured_and_bounded_though_nothing_else_of_a_night_is() -> None:
    contract = make_contract()
    measure = contract.measures["latency_of_read_at"]
    assert (measure.value, measure.columns) == (MeasureName.MINUTES_TO_CUTOFF, ("read_at",))
    assert contract.nights is not None
    (rule,) = contract.nights.suite.expectations
    assert rule.arguments == {"column": "latency_of_read_at", "max_value": 120}
    assert rule.because == WHY


@pytest.mark.parametrize(("unit", "minutes"), [("min", 2), ("h", 120), ("d", 2880)])
def test_units_are_those_of_the_standard(unit: str, minutes: float) -> None:
    nights = make_contract(unit=unit).nights
    assert nights is not None
    assert nights.suite.expectations[0].kwargs["max_value"] == minutes == 2 * MINUTES[unit]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"element": "gauges.read_at"}, "must be readings.<column>"),
        ({"element": "readings.seen_at"}, "seen_at"),
        ({"unit": "y"}, "unit"),
        ({"property": "retention"}, "property"),
        ({"description": None}, "description"),
        ({"value": -1}, "value"),
    ],
)
def test_what_nobody_would_keep_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match="Contract") as refusal:
        make_contract(**wrong)
    assert said in str(refusal.value)
