"""A report passes only with every gate in it, and tells what failed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from redeye.models.logic.splits import Window
from redeye.promotion.logic.gate_report import Gate, GateReport, GateResult

WINDOW = Window(date(2013, 4, 1), date(2013, 4, 14))
PASSED = tuple(GateResult(gate, True, 1.0, 0.0, f"reason of {gate}") for gate in Gate)


def test_it_passes_with_every_gate_and_not_without_one() -> None:
    assert GateReport(WINDOW, PASSED).is_passed
    assert not GateReport(WINDOW, PASSED[1:]).is_passed
    assert not GateReport(WINDOW, ()).is_passed


def test_the_message_of_a_pass_is_the_improvement() -> None:
    assert GateReport(WINDOW, PASSED).message().endswith(f"; reason of {Gate.IMPROVEMENT}")


def test_what_failed_is_named_with_its_reason() -> None:
    failed = replace(PASSED[3], is_passed=False)
    report = GateReport(WINDOW, (*PASSED[:3], failed, *PASSED[4:]))
    assert report.failed == (failed,)
    assert (
        report.message()
        == f"1 of {len(Gate)} gates failed on nights {WINDOW}: {failed.gate}: {failed.reason}"
    )


def test_it_goes_into_a_ledger_as_json() -> None:
    kept = json.loads(json.dumps(GateReport(WINDOW, PASSED, "abc").to_dict()))
    assert (kept["is_passed"], kept["artifact_sha256"], kept["window"]) == (True, "abc", str(WINDOW))
    assert [each["gate"] for each in kept["results"]] == [str(gate) for gate in Gate]
