"""What a contract says beyond the standard has a typed place each, and anything else is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redeye.audits.logic.contract import CustomProperty
from redeye.audits.logic.contract_terms import DeliveryTerms, TableTerms, read_terms

WHY = "Said for a test."


def say(term: str, value: object, why: str | None = WHY) -> CustomProperty:
    return CustomProperty.model_validate({"property": term, "value": value, "description": why})


LACK = say("redeye.mayBeAbsent", "degraded"), say("redeye.mayBeEmpty", False)


def read(*said: CustomProperty) -> Any:
    """The terms of these properties, and of those that must be said."""
    return read_terms(
        [*said, *(each for each in LACK if each.property not in {one.property for one in said})],
        DeliveryTerms,
    )


@pytest.mark.parametrize("left", [0, 1])
def test_each_dataset_must_say_whether_it_may_lack(left: int) -> None:
    with pytest.raises(
        ValueError, match=f"customProperties: {LACK[1 - left].property} is missing; add a line"
    ):
        read_terms([LACK[left]], DeliveryTerms)


def test_each_term_has_its_type() -> None:
    terms = read(
        say("redeye.mayBeAbsent", "degraded"),
        say("redeye.mayBeEmpty", False),
        say("redeye.expectedOn", {"weekdays": ["mon", "tue"], "holidays": False, "of": "coming_day"}),
        say("redeye.setAside", {"at_most": 0.01}),
        say("redeye.continuity", {"series": "gauge", "time": "read_at", "columns": ["degrees"]}),
    )
    assert terms.may_be_absent.value == "degraded"
    assert terms.may_be_empty.value is False
    assert terms.expected_on.weekdays == ("mon", "tue")
    assert terms.set_aside.at_most == 0.01
    assert terms.continuity.columns == ("degrees",)


def test_a_term_that_is_a_list_may_be_said_on_several_lines() -> None:
    again = {"night": "2016-04-01", "column": "flow"}
    terms = read_terms(
        [say("redeye.exception", {**again, "column": "degrees"}), say("redeye.exception", again)], TableTerms
    )
    assert [each.column for each in terms.exception] == ["degrees", "flow"]
    assert terms.exception[0].night == date(2016, 4, 1)
    assert terms.exception[0].because == WHY


def test_what_is_of_another_vendor_is_passed_over() -> None:
    assert read(say("acme.owner", "gauges", why=None)) == read()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (say("redeye.mayBeLate", True), "customProperties.0.property: unknown property 'redeye.mayBeLate'"),
        (say("redeye.mayBeEmty", True), "did you mean 'redeye.mayBeEmpty'?"),
        (say("redeye.mayBeEmpty", "yes"), "customProperties.0.value: redeye.mayBeEmpty"),
        (say("redeye.mayBeEmpty", True, why=None), "say why"),
        (say("redeye.expectedOn", {"weekdays": ["monday"]}), "'mon'"),
        (say("redeye.expectedOn", {"weekday": ["mon"]}), "did you mean 'weekdays'?"),
        (say("redeye.exception", {"night": "2013-01-01", "column": "degrees"}), "redeye.exception"),
    ],
)
def test_anything_else_is_refused_with_its_place(said: CustomProperty, named: str) -> None:
    with pytest.raises(ValueError, match=r"customProperties\.0") as refusal:
        read(said)
    assert named in str(refusal.value)


def test_a_term_that_is_no_list_is_said_once() -> None:
    once = say("redeye.mayBeEmpty", True)
    with pytest.raises(ValueError, match=r"customProperties\.1\.property: redeye.mayBeEmpty is said twice"):
        read(once, once)


def test_a_table_has_terms_of_its_own() -> None:
    found = read_terms([say("redeye.exception", {"night": "2013-01-01", "column": "degrees"})], TableTerms)
    assert found.exception[0].column == "degrees"
    with pytest.raises(ValueError, match=r"here are known: redeye\.exception"):
        read_terms([say("redeye.setAside", {"at_most": 0.01})], TableTerms)
