"""The page says who caught what and when, and what nobody caught."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flights.faulty_source import Fault
from redeye.sources.logic.faults import Catch, Event, Guard, Outcome, Plan
from redeye.studies.rehearsals import rehearsal_page

FIRST = date(2013, 4, 1)
PLAN = Plan(
    name="drill",
    events=(
        Event(name="seconds", fault=Fault.GROSS_UNIT_CHANGE, first=FIRST, nights=3, watched=3),
        Event(name="celsius", fault=Fault.UNIT_CHANGE, first=FIRST, nights=8, watched=8),
        Event(name="moved", fault=Fault.CONCEPT_CHANGE, first=FIRST, nights=14, watched=14, is_audited=False),
    ),
)


def outcome(name: str, fault: Fault, *catches: Catch) -> Outcome:
    return Outcome(name, str(fault), catches, 8, 0, 60.0)


def test_caught_and_missed_faults_stand_with_their_nights(tmp_path: Path) -> None:
    outcomes = [
        outcome("seconds", Fault.GROSS_UNIT_CHANGE, Catch(str(Guard.ARRIVAL), "2013-04-01", 1, "dep_delay")),
        outcome("celsius", Fault.UNIT_CHANGE),
        outcome(
            "moved",
            Fault.CONCEPT_CHANGE,
            Catch(str(Guard.DRIFT), "2013-04-09", 9, "week: label (curve_gap)"),
            Catch(str(Guard.VERDICT), "2013-04-12", 12, "retrain: worse | sure"),
        ),
    ]
    text = rehearsal_page.write_page(
        tmp_path / "docs" / "rehearsals.md", PLAN, outcomes, "flight_delay"
    ).read_text()
    assert "2 of 3 faults were caught; not caught: celsius." in text
    assert "| seconds | 1 |  |  |  |  |  |" in text
    assert "| celsius |  |  |  |  |  |  |" in text
    assert "| moved |  |  |  | 9 | 12 |  |" in text
    assert "No guard caught it." in text.split("### celsius")[1].split("###")[0]
    assert "drift, night 9 (2013-04-09): week: label (curve_gap)" in text
    assert "`drill`" in text
    said = "The arrival audits were switched off for this event"
    assert said in text.split("### moved")[1]
    assert said not in text.split("### moved")[0]
    assert "3.0 minutes" in text
