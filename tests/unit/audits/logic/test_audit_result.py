"""An audit's result is honest with itself and tells an operator what to look at."""

from __future__ import annotations

import json
from datetime import date

import pytest

from redeye.audits.logic.audit_result import AuditFailure, AuditResult, Finding, combine
from redeye.foundation.errors import AuditRefused

FAILURE = AuditFailure(
    suite="arrivals/weather",
    expectation="expect_column_values_to_be_between",
    column="temp",
    observed="3 of 72 values outside [-20, 115]",
    examples=({"origin": "JFK", "temp": "300.0"},),
    because="no such heat was ever seen here",
    nights=(date(2013, 4, 4),),
)
REFUSED = AuditResult("arrivals/weather", "weather of 2013-04-04", False, (FAILURE,), 12, "/docs/index.html")
PASSED = AuditResult("arrivals/profile", "weather of 2013-04-04", True, (), 7)


def test_the_message_names_suite_expectation_column_value_rows_reason_and_docs() -> None:
    message = REFUSED.message()
    for part in (
        "arrivals/weather",
        "expect_column_values_to_be_between",
        "temp",
        "3 of 72",
        "origin=JFK",
        "no such heat",
        "/docs/index.html",
    ):
        assert part in message


def test_a_refused_audit_raises_and_a_passed_one_returns_itself() -> None:
    with pytest.raises(AuditRefused, match="temp"):
        REFUSED.raise_if_refused()
    assert PASSED.raise_if_refused() is PASSED


def test_success_with_nothing_evaluated_is_impossible() -> None:
    with pytest.raises(ValueError, match="claims success"):
        AuditResult("s", "x", True, (), 0)


def test_success_beside_a_failure_is_impossible() -> None:
    with pytest.raises(ValueError, match="claims success"):
        AuditResult("s", "x", True, (FAILURE,), 5)


def test_a_refusal_must_name_a_failure() -> None:
    with pytest.raises(ValueError, match="without naming"):
        AuditResult("s", "x", False, (), 5)


def test_a_result_survives_json() -> None:
    record = json.loads(json.dumps(REFUSED.to_dict()))
    assert record["failures"][0]["nights"] == ["2013-04-04"]
    assert record["failures"][0]["examples"] == [{"origin": "JFK", "temp": "300.0"}]
    assert record["evaluated"] == 12


def test_one_refusal_refuses_the_whole_and_keeps_its_nights() -> None:
    whole = combine([PASSED, REFUSED], subject="night")
    assert not whole.is_success
    assert whole.evaluated == 19
    assert whole.failed_nights == (date(2013, 4, 4),)
    assert whole.docs_path == "/docs/index.html"


def test_combining_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no audits"):
        combine([], subject="night")


def test_what_others_may_follow_from_is_told_before_what_was_found_beside_it():
    failures = (
        AuditFailure("arrivals/x", "types", "place", "1 of 2 values have a blank before or behind them"),
        AuditFailure("arrivals/x_profile", "expect", "rows_to_usual", "half of them"),
        AuditFailure("arrivals/x", "expect", "distance", "too far"),
    )
    found = Finding(date(2013, 4, 4), "x and y disagree")
    said = AuditResult("arrivals/x", "x", False, failures, 3, findings=(found,)).message()
    order = [said.index(each) for each in ("a blank", "half of them", "x and y disagree", "too far")]
    assert order == sorted(order)
