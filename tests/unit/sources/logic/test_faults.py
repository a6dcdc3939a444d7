"""Plans are read strictly, and a fault counts as caught only where it makes the difference."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pydantic import TypeAdapter

from flights.faulty_source import Fault
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.sources.configured_source import load_plan
from redeye.sources.logic.faults import Catch, Event, Outcome, first_new, signals

NIGHT, NEXT = date(2013, 4, 1), date(2013, 4, 2)


def test_the_plan_of_the_project_is_sound_and_has_every_fault() -> None:
    plan = load_plan(PROJECT_ROOT / "ml" / "rehearsals" / "events.yaml", set(Fault))
    assert {event.fault for event in plan.events} == set(Fault)
    assert len({event.name for event in plan.events}) == len(plan.events)
    assert plan.base is not None
    assert {event.first for event in plan.events} == {plan.base.next}


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nevents: [{name: a, fault: nothing, first: 2013-04-01, nights: 1}]",
        "name: x\nevents: [{name: a, fault: leak, first: 2013-04-01, nights: 1, watched: 2}]",
        "name: x\nevents: [{name: a, fault: leak, first: 2013-04-01, nights: 0}]",
        "name: [",
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cannot be read as a plan"):
        load_plan(path, ("leak",))
    with pytest.raises(ConfigError, match="cannot be read as a plan"):
        load_plan(tmp_path / "missing.yaml", ("leak",))


def test_an_event_acts_on_its_nights() -> None:
    event = Event(name="a", fault=Fault.LEAK, first=NIGHT, nights=2, clean_nights=3, watched=4)
    assert [event.acts(date(2013, 4, day)) for day in (1, 2, 3)] == [True, True, False]
    assert (event.last_faulty, event.last, event.last_watched) == (NEXT, date(2013, 4, 5), date(2013, 4, 4))


def test_signals_are_what_drifted_and_what_broke() -> None:
    rows = pd.DataFrame(
        {
            "span": ["week", "week", "night", "night"],
            "column_name": ["features", "inputs", "temp", "features"],
            "kind": ["share", "joint", "feature", "share"],
            "statistic": ["share_drifted", "mmd", "ks", "share_drifted"],
            "is_drifted": [True, True, True, False],
        }
    )
    reasons = "night: temp has one value throughout, which it never had in clean history; week: 20% drifted"
    assert signals(rows, reasons) == {
        "week: features (share_drifted)",
        "week: inputs (mmd)",
        "night: temp broken",
    }


def test_only_what_the_nights_do_not_say_by_themselves_counts() -> None:
    event = {NIGHT: {"a"}, NEXT: {"a", "b"}}
    assert first_new(event, {NIGHT: {"a"}, NEXT: {"a"}}) == (NEXT, ("b",))
    assert first_new(event, event) is None
    assert first_new(event, {}) == (NIGHT, ("a",))


def test_an_outcome_is_kept_as_json() -> None:
    outcome = Outcome("a", "leak", (Catch("gate", "2013-04-01", 1, "said"),), 3, 0, 1.5, ("fact",))
    assert TypeAdapter(Outcome).validate_json(json.dumps(asdict(outcome))) == outcome
