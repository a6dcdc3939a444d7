"""The first page is green only by facts of the night that it shows, and names what that night lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.specs import load_spec
from redeye.operations.logic.lights import Colour, NightFacts, read_lights
from redeye.operations.model_status import ModelState
from redeye.operations.night_status import Morning, NightState
from redeye.warehouse.night_records import NightRecords

NIGHT = date(2013, 4, 4)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = load_spec(Path(__file__).parents[3] / "ml/specs/flight_delay.yaml")
STATE = ModelState(SPEC, None, None, [], [], None, [], None, [], None, [], [], [])
DONE = NightFacts(NIGHT, "2013-04-04.r1", since=NIGHT, rows=8, is_exported=True, verdict=None)


def morning(*facts: NightFacts, now: datetime = NOW) -> Morning:
    records = NightRecords(**{key: [] for key in NightRecords.__dataclass_fields__})
    strip = [NightState(each.night, "released", {}, {}, is_refused=False) for each in facts]
    lights = {"flight_delay": {each.night: read_lights(each, now) for each in facts}}
    return Morning(
        facts[-1].night, facts[-1].night, None, None, None, records, strip, [STATE], [], lights=lights
    )


def test_what_another_night_has_makes_no_light_of_this_one_green() -> None:
    after = NightFacts(NIGHT + timedelta(days=1), since=NIGHT)
    found = morning(DONE, after)
    assert found.list_colours() == {Colour.BAD}
    assert found.find_colour(found.strip[-1]) is Colour.BAD


@pytest.mark.parametrize("change", [{"is_refused": True}, {"lacks_schedule": True}])
def test_a_refused_audit_or_a_lacking_schedule_colours_a_night_that_is_done(change: dict[str, Any]) -> None:
    found = morning(DONE)
    assert found.find_colour(replace(found.strip[0], **change)) is Colour.BAD


def test_each_stage_is_awaited_once_whatever_the_number_of_models() -> None:
    found = morning(NightFacts(NIGHT, since=NIGHT), now=datetime(2013, 4, 5, 7, 30, tzinfo=UTC))
    two = replace(found, lights={"a": found.lights["flight_delay"], "b": found.lights["flight_delay"]})
    assert [str(light.stage) for light in two.list_waiting()] == ["released", "scored", "exported", "judged"]


def test_a_model_with_a_finding_is_ranked_before_one_without() -> None:
    done, undone = morning(replace(DONE, verdict=Verdict.OK)), morning(NightFacts(NIGHT, since=NIGHT))
    both = replace(done, lights={"a": done.lights["flight_delay"], "b": undone.lights["flight_delay"]})
    assert sorted("ab", key=both.rank_finding) == ["b", "a"]


def test_a_night_of_the_strip_says_what_it_lacks() -> None:
    found = morning(DONE)
    assert (
        found.describe(found.strip[0])
        == f"{NIGHT}: flight_delay: released, scored, exported, judged: missing"
    )


def test_of_many_models_a_night_of_the_strip_names_those_alone_with_a_finding() -> None:
    done, undone = morning(replace(DONE, verdict=Verdict.OK)), morning(NightFacts(NIGHT, since=NIGHT))
    good = {f"good {number}": done.lights["flight_delay"] for number in range(30)}
    bad = {f"bad {number}": undone.lights["flight_delay"] for number in range(10)}
    words = replace(done, lights=good | bad).describe(done.strip[0])
    assert words.startswith(f"{NIGHT}: 30 models without a finding; bad 0: ")
    assert words.endswith("; 2 more models")
    assert words.count("bad ") == 8
