"""A light is green by facts of its own night alone; what is due and not there is missing, never silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import cutoff
from redeye.operations.logic.lights import (
    DUE_AFTER,
    Colour,
    NightFacts,
    Stage,
    Stretch,
    list_stretches,
    read_lights,
)

NIGHT = date(2013, 4, 4)
LONG_AFTER = datetime(2026, 1, 1, tzinfo=UTC)
DONE = NightFacts(
    NIGHT,
    release="2013-04-04.r1",
    since=date(2013, 4, 1),
    rows=800,
    is_exported=True,
    verdict=Verdict.OK,
    is_quality_judged=True,
)


def read(facts: NightFacts, now: datetime = LONG_AFTER) -> dict[str, tuple[str, str]]:
    """By stage, colour and word."""
    return {str(light.stage): (str(light.colour), str(light.word)) for light in read_lights(facts, now)}


def test_a_night_with_everything_is_green() -> None:
    assert set(read(DONE)) == {"released", "scored", "exported", "judged"}
    assert {colour for colour, _ in read(DONE).values()} == {"good"}


@pytest.mark.parametrize(
    ("change", "stage", "light"),
    [
        ({"release": ""}, "released", ("bad", "missing")),
        ({"release": "", "is_gap": True}, "released", ("warn", "gap")),
        ({"rows": 0}, "scored", ("bad", "missing")),
        ({"degraded": 3}, "scored", ("warn", "degraded")),
        ({"is_exported": False}, "exported", ("bad", "missing")),
        ({"verdict": None}, "judged", ("bad", "missing")),
        ({"verdict": None, "is_gap": True, "release": ""}, "judged", ("plain", "gap")),
        ({"is_quality_judged": False}, "judged", ("plain", "ok")),
        ({"verdict": Verdict.WARNING}, "judged", ("warn", "warning")),
        ({"verdict": Verdict.RETRAIN}, "judged", ("bad", "retrain")),
        ({"verdict": Verdict.ROLL_BACK}, "judged", ("bad", "roll back")),
        ({"rows": 0, "since": None}, "scored", ("bad", "missing")),
        ({"rows": 0, "since": date(2013, 4, 5)}, "scored", ("plain", "not due")),
        ({"rows": 0, "has_coming_day": False}, "scored", ("plain", "not due")),
        ({"is_exported": False, "has_coming_day": False}, "exported", ("plain", "not due")),
        ({"verdict": None, "has_coming_day": False}, "judged", ("bad", "missing")),
    ],
)
def test_one_fact_changes_one_light(change: dict[str, Any], stage: str, light: tuple[str, str]) -> None:
    found = read(replace(DONE, **change))
    assert found[stage] == light
    changed = {name for name, each in found.items() if each != read(DONE)[name]}
    assert changed <= {stage, "released"} | ({"judged"} if "is_gap" in change else set())


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_is_awaited_until_it_is_due_and_missing_from_then_on(stage: Stage) -> None:
    nothing, due = NightFacts(NIGHT, since=NIGHT), cutoff(NIGHT) + DUE_AFTER[stage]
    before, after = (
        next(light for light in read_lights(nothing, now) if light.stage is stage)
        for now in (due - timedelta(seconds=1), due)
    )
    assert (before.word, before.is_waiting, before.is_lacking) == ("waiting", True, False)
    assert (after.word, after.is_waiting, after.is_lacking) == ("missing", False, True)
    assert before.due == after.due == due
    assert not before.is_done
    assert after.colour is Colour.BAD


def test_a_future_night_is_awaited_and_never_green() -> None:
    lights = read_lights(NightFacts(date(2099, 1, 1), since=NIGHT), LONG_AFTER)
    assert {light.colour for light in lights} == {Colour.PLAIN}
    assert {light.detail for light in lights} == {"the night has not ended"}


def test_a_gap_is_not_done() -> None:
    lights = read_lights(replace(DONE, release="", is_gap=True, verdict=None), LONG_AFTER)
    assert [light.is_done for light in lights] == [False, True, True, False]


def test_each_light_has_the_time_of_its_own_fact() -> None:
    at = {stage: LONG_AFTER + timedelta(minutes=number) for number, stage in enumerate(Stage)}
    assert [light.at for light in read_lights(replace(DONE, done_at=at), LONG_AFTER)] == list(at.values())
    assert {light.at for light in read_lights(DONE, LONG_AFTER)} == {None}


def test_nights_in_a_row_that_lack_the_same_are_one_stretch() -> None:
    nights = [NIGHT + timedelta(days=number) for number in range(6)]
    unscored = {"rows": 0, "is_exported": False, "verdict": None}
    facts = [DONE, *({**unscored} for _ in range(2)), DONE, {**unscored}, {"verdict": None}]
    lights = {
        night: read_lights(replace(DONE, night=night, **(each if isinstance(each, dict) else {})), LONG_AFTER)
        for night, each in zip(nights, facts, strict=True)
    }
    lacking = (Stage.SCORED, Stage.EXPORTED, Stage.JUDGED)
    assert list(list_stretches(lights)) == [
        Stretch(nights[1], nights[2], lacking),
        Stretch(nights[4], nights[4], lacking),
        Stretch(nights[5], nights[5], (Stage.JUDGED,)),
    ]
