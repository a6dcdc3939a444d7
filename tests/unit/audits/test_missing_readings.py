"""What a night as a whole fails is no row's fault, and a reading that does not come is marked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from redeye.audits.audit import audit_many
from redeye.audits.logic.audit_result import AuditResult, Treatment
from redeye.audits.missing_readings import mark_missing_readings
from redeye.declarations.calendar import find_start

CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: readings
name: readings
version: 1.0.0
status: active
customProperties:
  - {property: redeye.mayBeAbsent, value: degraded, description: The network is often down.}
  - {property: redeye.mayBeEmpty, value: true, description: There may be nothing to tell.}
  - property: redeye.continuity
    value: {series: gauge, time: read_at, columns: [flow], every_minutes: 60}
    description: Each gauge is read every hour.
slaProperties:
  - {property: latency, value: 90, unit: min, element: readings.read_at, description: Within the hour.}
schema:
  - name: readings
    description: Of a test.
    dataGranularityDescription: A gauge has one reading per hour.
    properties:
      - {name: gauge, logicalType: string, required: true, primaryKey: true}
      - {name: read_at, logicalType: timestamp, required: true, primaryKey: true}
      - {name: flow, logicalType: number, required: true}
      - {name: night, logicalType: date, required: true, partitioned: true}
"""
NIGHT = pd.Timestamp("2015-03-03")
STARTS = pd.Timestamp(find_start(NIGHT.date())).tz_localize(None)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("redeye.audits.audit._derive_step", lambda *_: None)
    (tmp_path / "arrivals").mkdir()
    (tmp_path / "arrivals/readings.odcs.yaml").write_text(CONTRACT)
    return tmp_path


def make_readings(hours: int = 24) -> pd.DataFrame:
    rows = [
        {"gauge": gauge, "read_at": (STARTS + pd.Timedelta(hours=hour)).isoformat() + "Z", "flow": str(hour)}
        for gauge in ("ash", "birch")
        for hour in range(hours)
    ]
    return pd.DataFrame(rows).assign(night=NIGHT.date().isoformat())


def judge(rows: pd.DataFrame, root: Path) -> AuditResult:
    return audit_many({"arrivals/readings": rows}, subject="a test", root=root)["arrivals/readings"]


def test_a_whole_night_has_nothing_to_mark(root: Path) -> None:
    result = judge(make_readings(), root)
    assert (result.is_success, result.findings) == (True, ())


def test_what_does_not_come_is_marked_and_the_rest_is_taken_in(root: Path) -> None:
    result = judge(make_readings().drop(index=[5, 30]), root)
    (found,) = result.findings
    assert result.is_success
    assert found.said.startswith("2 readings of readings did not come: ash, ")
    assert [(mark.row["gauge"], mark.treatment) for mark in found.marks] == [
        ("ash", Treatment.LACKING),
        ("birch", Treatment.LACKING),
    ]


def test_a_night_that_fails_as_a_whole_blames_no_row(root: Path) -> None:
    result = judge(make_readings(hours=20), root)
    (failure,) = result.failures
    assert failure.column == "latency_of_read_at"
    assert len(failure.rows) == 0
    assert failure.nights == (NIGHT.date(),)


def test_a_contract_that_says_no_interval_marks_nothing(root: Path) -> None:
    path = root / "arrivals/readings.odcs.yaml"
    path.write_text(path.read_text().replace(", every_minutes: 60", ""))
    typed = make_readings(3).assign(night=NIGHT, read_at=STARTS)
    assert mark_missing_readings("arrivals/readings", typed, root) == ()
