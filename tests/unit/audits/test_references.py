"""Two made-up datasets that refer to each other: the contract alone says how, and rows and culprit are named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from redeye.audits.audit import audit_many
from redeye.audits.logic.audit_result import AuditResult, Treatment

HEAD = """apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
customProperties:
  - {{property: redeye.mayBeAbsent, value: degraded, description: The network is often down.}}
  - {{property: redeye.mayBeEmpty, value: true, description: There may be nothing to tell.}}
schema:
  - name: {name}
    description: Of a test of two datasets.
    dataGranularityDescription: A visit is planned and made once a day.
    properties:
      - {{name: day, logicalType: date, required: true, primaryKey: true}}
      - {{name: {nurse}, logicalType: string, required: true, primaryKey: true}}
      - {{name: hour, logicalType: integer, required: true, primaryKey: true}}
      - {{name: night, logicalType: date, required: true, partitioned: true}}
"""
RULE = """      - {name: missing_in_plan, logicalType: integer, required: true, transformDescription: Not planned.}
    quality:
      - {type: custom, engine: greatExpectations, description: Every visit was planned.,
         implementation: {expect_column_values_to_be_between: {column: missing_in_plan, min_value: 0, max_value: 0}}}
"""
REFERENCE = """    relationships:
      - from: [visits.day, visits.nurse, visits.hour]
        to: [plan.day, plan.who, plan.hour]
        customProperties:
          - {property: redeye.within, value: [day], description: A day without a plan is not compared.}
          - {property: redeye.due, value: {column: hour, first: 0, last: 23}, description: Every visit is told.}
"""
DAYS = pd.date_range("2015-03-02", periods=22)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "arrivals"
    folder.mkdir()
    visits = HEAD.format(name="visits", nurse="nurse") + RULE + REFERENCE
    (folder / "visits.odcs.yaml").write_text(visits)
    (folder / "plan.odcs.yaml").write_text(HEAD.format(name="plan", nurse="who"))
    return tmp_path


def visits(day: pd.Timestamp) -> pd.DataFrame:
    """A day's visits, as text: some of every day, some of every week, some of this day alone."""
    who = [f"N{n}" for n in range(30)] + [f"W{day.dayofweek}"] * 6 + [f"D{day.dayofyear}"] * 4
    rows = {"day": day.date().isoformat(), "nurse": who, "hour": [str(n % 24) for n in range(40)]}
    return pd.DataFrame(rows).assign(night=day.date().isoformat())


def plan(day: pd.Timestamp) -> pd.DataFrame:
    night = (day - pd.Timedelta(days=1)).date().isoformat()
    return visits(day).rename(columns={"nurse": "who"}).assign(night=night)


HISTORY = {
    "arrivals/visits": pd.concat([visits(day) for day in DAYS[:-1]]),
    "arrivals/plan": pd.concat([plan(day) for day in DAYS]),
}
TODAY = DAYS[-1]


def judge(root: Path, made: pd.DataFrame, planned: pd.DataFrame | None = None) -> AuditResult:
    before = HISTORY["arrivals/plan"]
    before = before[before["day"] != TODAY.date().isoformat()]
    history = HISTORY | {"arrivals/plan": pd.concat([before, plan(TODAY) if planned is None else planned])}
    return audit_many({"arrivals/visits": made}, subject="visits", history=history, root=root)[
        "arrivals/visits"
    ]


@pytest.fixture(autouse=True)
def _no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine alone: no derived columns or profiles of a project."""
    monkeypatch.setattr("redeye.audits.audit._derive_step", lambda *_: None)
    monkeypatch.setattr("redeye.audits.audit.make_profile_step", lambda *_: None)


def test_what_agrees_passes_without_a_finding(root: Path) -> None:
    result = judge(root, visits(TODAY))
    assert (result.is_success, result.findings) == (True, ())


def test_a_row_that_is_wrong_itself_is_refused_and_both_sides_are_shown(root: Path) -> None:
    wrong = visits(TODAY)
    wrong.loc[7, "nurse"] = "N77"
    result = judge(root, wrong)
    assert [list(failure.rows) for failure in result.failures] == [[7]]
    message = result.message()
    for said in (
        "differ in nurse alone: visits N77, plan N7",
        "likelier at fault: visits of night 2015-03-23",
        "redeye intake accept visits 2015-03-23",
        "only in visits: day=2015-03-23, nurse=N77, hour=7",
    ):
        assert said in message
    assert message.index("likelier at fault") < message.index("expect_column_values")


def test_sound_rows_are_taken_in_and_marked_where_the_plan_is_at_fault(root: Path) -> None:
    wrong = plan(TODAY).reset_index(drop=True)
    wrong.loc[7, "who"] = "N77"
    result = judge(root, visits(TODAY), wrong)
    assert result.is_success, result.message()
    (found,) = result.findings
    assert "likelier at fault: plan of night 2015-03-22" in found.said
    assert [(str(dataset), night.isoformat()) for dataset, night in found.in_doubt] == [
        ("plan", "2015-03-22")
    ]
    treatments = {mark.treatment: mark.row["nurse"] for mark in found.marks}
    assert treatments == {Treatment.TAKEN_IN: "N7", Treatment.LACKING: "N77"}


def test_a_row_that_did_not_come_is_marked(root: Path) -> None:
    result = judge(root, visits(TODAY).drop(7))
    assert result.is_success
    assert [mark.treatment for mark in result.findings[0].marks] == [Treatment.LACKING]


def test_without_its_rule_the_fault_passes(root: Path) -> None:
    path = root / "arrivals" / "visits.odcs.yaml"
    path.write_text(path.read_text().replace(RULE, ""))
    wrong = visits(TODAY)
    wrong.loc[7, "nurse"] = "N77"
    assert judge(root, wrong).is_success


def test_what_had_to_come_by_two_nights_later_is_named_and_refuses_nothing(root: Path) -> None:
    contract = root / "arrivals/visits.odcs.yaml"
    contract.write_text(contract.read_text().replace("first: 0, last: 23}", "first: 0, last: 1, nights: 2}"))
    told = [visits(day) for day in DAYS]
    told[-3] = told[-3].drop(index=7)
    history = HISTORY | {"arrivals/visits": pd.concat(told[:-1], ignore_index=True)}
    (result,) = audit_many({"arrivals/visits": told[-1]}, subject="late", history=history, root=root).values()
    (found,) = result.findings
    assert result.is_success
    assert f"visits of night {DAYS[-3].date()} lack 1 rows" in found.said
    assert [(mark.row["nurse"], mark.treatment) for mark in found.marks] == [("N7", Treatment.LACKING)]
