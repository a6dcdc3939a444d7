"""What lasts is told when it begins and when it is over, by its cause, however long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import cutoff, zone
from redeye.declarations.specs import load_spec
from redeye.operations.find_alerts import find_alerts, find_ended_alerts, find_seen_verdicts
from redeye.operations.logic.alerts import RELEASE_DUE, AlertKind, select_untold
from redeye.operations.logic.lights import Light, NightFacts, read_lights
from redeye.operations.model_status import SHOWN_NIGHTS, ModelState
from redeye.operations.night_status import Morning, NightState
from redeye.warehouse.night_records import NightRecords

FIRST = date(2013, 4, 1)
SPEC = load_spec(Path(__file__).parents[3] / "ml/specs/flight_delay.yaml")
EMPTY = ModelState(SPEC, None, None, [], [], None, [], None, [], None, [], [], [])
Causes = Sequence[str] | None


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def verdict(number: int, causes: Causes) -> dict[str, Any]:
    """A row of a night; None: of earlier code, to which everything was `warning`."""
    if causes is None:
        return {"night": day(number), "verdict": "warning", "reasons": "the champion is old", "causes": None}
    said = {
        "causes": "; ".join(causes),
        "reasons": "; ".join(f"{each} by {number}" for each in causes) or "within every bound",
    }
    return {"night": day(number), "verdict": causes[0].split(":")[0] if causes else "ok", **said}


def morning(number: int, state: ModelState, *, strip: Sequence[NightState] = ()) -> Morning:
    records = NightRecords(**{key: [] for key in NightRecords.__dataclass_fields__})
    return Morning(day(number), day(number), None, None, None, records, list(strip), [state], [])


def tell(nights: Sequence[Causes]) -> dict[int, list[str]]:
    """What one address is told after each night, by the night's number; nights without news are left out."""
    told: set[str] = set()
    heard: dict[int, list[str]] = {}
    for number in range(len(nights)):
        rows = [verdict(each, causes) for each, causes in enumerate(nights[: number + 1])]
        found = morning(number, replace(EMPTY, verdict=rows[-1], verdicts=rows))
        every = [*find_alerts(found, now=cutoff(day(number)), source=None), *find_ended_alerts(found)]
        fresh = select_untold(every, told)
        assert [
            each for each in select_untold(every, told | {one.key for one in fresh}) if not each.ends
        ] == []
        told |= {each.key for each in fresh}
        if fresh:
            heard[number] = [each.text for each in fresh]
    return heard


CALIBRATION, RANKING = "warning: calibration error", "warning: AUC drop"


def test_a_cause_that_lasts_is_told_at_its_start_and_at_its_end_and_never_between() -> None:
    lasting = 3 * SHOWN_NIGHTS
    heard = tell([(), *[(CALIBRATION,)] * lasting, (), ()])
    assert list(heard) == [1, lasting + 1]
    (start,), (end,) = heard.values()
    assert start == f"flight_delay: the verdict is warning since night {day(1)}: {CALIBRATION} by 1"
    assert end == (
        f"Over: flight_delay had calibration error as a reason for its verdict from night {day(1)} "
        f"to night {day(lasting)}"
    )


def test_a_new_cause_under_a_standing_verdict_is_told_alone() -> None:
    heard = tell([(CALIBRATION,)] * 5 + [(CALIBRATION, RANKING)] * 40 + [(RANKING,)] * 3)
    assert list(heard) == [0, 5, 45]
    assert heard[5] == [f"flight_delay: the verdict is warning since night {day(5)}: {RANKING} by 5"]
    assert "Over: flight_delay had calibration error" in heard[45][0]


def test_a_cause_that_becomes_graver_is_told_again_and_ends_once() -> None:
    graver = "retrain: calibration error"
    heard = tell([(CALIBRATION,)] * 2 + [(graver,)] * 2 + [(CALIBRATION,)] * 2 + [(graver,)] + [()] * 2)
    assert list(heard) == [0, 2, 7]
    assert "the verdict is retrain" in heard[2][0]
    assert len(heard[7]) == 1


def test_a_cause_that_comes_back_is_told_again() -> None:
    assert list(tell([(CALIBRATION,), (), (CALIBRATION,)])) == [0, 1, 2]


def test_verdicts_of_earlier_code_are_told_once_for_a_stretch() -> None:
    heard = tell([None] * 40 + [(CALIBRATION,)])
    assert list(heard) == [0, 40]
    assert "the champion is old" in heard[0][0]
    assert [text.startswith("Over: ") for text in heard[40]] == [False, True]


@pytest.mark.parametrize("release", ["released", "gap"])
def test_a_night_that_came_late_is_over_once_it_is_there(release: str) -> None:
    source = type("Prompt", (), {"is_prompt": True, "first_night": FIRST, "last_night": day(99)})()
    now = cutoff(day(3)) + timedelta(hours=3)
    served = replace(EMPTY, champion=cast("Any", object()))
    late = morning(3, served, strip=[NightState(day(3), "missing", {}, {}, is_refused=False)])
    start = find_alerts(late, now=now, source=source)
    assert [each.key for each in start] == [
        f"late/{day(3)}",
        f"missing/flight_delay/{day(3)}",
        f"no-schedule/{day(3)}",
    ]
    assert select_untold(find_ended_alerts(late), {each.key for each in start}) == []
    scored = {"flight_delay": {"degraded": 0}}
    there = morning(3, served, strip=[NightState(day(3), release, scored, {}, is_refused=False)])
    assert find_alerts(there, now=now, source=source) == []
    ended = select_untold(find_ended_alerts(there), {each.key for each in start})
    assert [each.key for each in ended] == [
        f"late-over/{day(3)}",
        f"no-schedule-over/{day(3)}",
        f"missing-over/flight_delay/{day(3)}",
    ]
    assert select_untold(find_ended_alerts(there), set()) == []


def test_a_night_without_a_schedule_is_told_at_the_deadline_though_it_was_scored() -> None:
    scored = {"flight_delay": {"degraded": 0}}
    state = NightState(day(3), "gap", scored, {}, is_refused=False, lacks_schedule=True)
    bad = morning(3, EMPTY, strip=[state])
    early = find_alerts(bad, now=cutoff(day(3)), source=None)
    assert early == []
    (told,) = find_alerts(bad, now=cutoff(day(3)) + RELEASE_DUE, source=None)
    assert told.key == f"no-schedule/{day(3)}"
    assert str(day(4)) in told.text
    assert [each for each in select_untold(find_ended_alerts(bad), {told.key}) if told.key in each.ends] == []
    mended = morning(3, EMPTY, strip=[replace(state, lacks_schedule=False)])
    assert any(told.key in each.ends for each in select_untold(find_ended_alerts(mended), {told.key}))


def test_a_schedule_that_came_is_not_missed_while_its_night_is_still_built() -> None:
    source = type("Prompt", (), {"is_prompt": True, "first_night": FIRST, "last_night": day(99)})()
    late = morning(2, EMPTY)
    there = replace(late, records=replace(late.records, scheduled=[{"night": day(3)}]))
    now = cutoff(day(3)) + RELEASE_DUE
    assert f"no-schedule/{day(3)}" in {each.key for each in find_alerts(late, now=now, source=source)}
    assert f"no-schedule/{day(3)}" not in {each.key for each in find_alerts(there, now=now, source=source)}


def test_degraded_predictions_are_told_by_the_row_that_the_outputs_give() -> None:
    row = {"night": day(3), "rows": 9, "degraded": 2, "degraded_reason": "an old model", "model_version": 2}
    strip = [NightState(day(3), "released", {"flight_delay": row}, {}, is_refused=False)]
    (alert,) = find_alerts(morning(3, EMPTY, strip=strip), now=cutoff(day(3)), source=None)
    assert alert.key == f"degraded/flight_delay/{day(3)}"
    assert alert.text == f"flight_delay: 2 of 9 predictions of night {day(3)} are degraded: an old model"
    assert alert.page == f"/redeye/nights/{day(3)}"


def lights_of(*numbers: int) -> dict[str, dict[date, list[Light]]]:
    """Of ten nights, of which those numbered are released and nothing more."""
    long_after = cutoff(day(40))
    done = {"rows": 9, "is_exported": True, "verdict": Verdict.OK, "is_quality_judged": True}
    return {
        "flight_delay": {
            day(each): read_lights(
                NightFacts(day(each), release="r", since=FIRST, **({} if each in numbers else done)),
                long_after,
            )
            for each in range(10)
        }
    }


def test_nights_that_are_built_and_not_scored_are_an_alert_with_a_button_that_plays_them() -> None:
    found = replace(morning(9, EMPTY), lights=lights_of(3, 4, 9))
    first, second = find_alerts(found, now=cutoff(day(40)), source=None)
    assert first.text == (f"flight_delay: 2 nights, {day(3)} to {day(4)}, are not scored, exported, judged")
    assert second.text == f"flight_delay: night {day(9)} is not scored, exported, judged"
    assert {first.action, second.action} == {"/redeye/actions/play_nights"}
    told = {first.key, second.key}
    played = replace(found, lights=lights_of(9))
    assert [each.ends for each in select_untold(find_ended_alerts(played), told)] == [frozenset({first.key})]


def test_a_night_without_a_champion_is_an_alert_that_says_so() -> None:
    lights = {day(0): read_lights(NightFacts(day(0), release="r"), cutoff(day(40)))}
    found = replace(morning(0, EMPTY), lights={"flight_delay": lights})
    (alert,) = find_alerts(found, now=cutoff(day(40)), source=None)
    assert alert.text.endswith("is not scored, exported, judged: the model has no champion yet")


def test_what_the_clock_tells_of_the_night_due_is_not_told_twice() -> None:
    source = type("Prompt", (), {"is_prompt": True, "first_night": FIRST, "last_night": day(99)})()
    now = cutoff(day(3)) + timedelta(hours=4)
    strip = [NightState(day(3), "missing", {}, {}, is_refused=False)]
    served = replace(EMPTY, champion=cast("Any", object()))
    nothing = {day(3): read_lights(NightFacts(day(3), since=FIRST), now)}
    found = replace(morning(3, served, strip=strip), lights={"flight_delay": nothing})
    kinds = [each.key.partition("/")[0] for each in find_alerts(found, now=now, source=source)]
    assert kinds == ["late", "missing", "no-schedule"]
    scored = {day(3): read_lights(NightFacts(day(3), since=FIRST, release="r", rows=9), now)}
    strip = [NightState(day(3), "released", {"flight_delay": {"degraded": 0}}, {}, is_refused=False)]
    found = replace(morning(3, served, strip=strip), lights={"flight_delay": scored})
    assert [each.text for each in find_alerts(found, now=now, source=source)] == [
        f"flight_delay: night {day(3)} is not exported, judged"
    ]


def waiting(number: int, **known: Any) -> Morning:
    """A candidate of night 0 waits on the morning after a night."""
    row = type("Row", (), {"version": 3, "algorithm": "xgboost", "night": day(0), "run_id": "manual__a/b"})()
    return morning(number, replace(EMPTY, awaiting=[row], **known))


def test_an_approval_that_waits_is_told_again_as_it_ages_and_is_over_when_it_is_given() -> None:
    asked_at = cutoff(day(0))
    told: set[str] = set()
    heard = []
    for hours in range(0, 24 * 9, 6):
        now = asked_at + timedelta(hours=hours)
        found = find_alerts(waiting(1, asked_at={3: asked_at}), now=now, source=None)
        fresh = select_untold(found, told)
        heard += [(hours // 24, each.text) for each in fresh]
        told |= {each.key for each in fresh}
    assert [days for days, _ in heard] == [0, 1, 3, 7]
    assert "version 3 (xgboost)" in heard[0][1]
    assert heard[0][1].endswith(f"waits for a person since {asked_at.astimezone(zone()):%Y-%m-%d %H:%M %Z}")
    assert heard[2][1].endswith(", 3 days by now")
    assert "manual__a%2Fb" in found[0].page
    (row,) = waiting(1).models[0].awaiting
    answered = morning(9, replace(EMPTY, answered=[row]))
    (over,) = select_untold(find_ended_alerts(answered), told)
    assert over.ends >= told


def test_an_approval_whose_time_was_not_recorded_ages_by_nights() -> None:
    (alert,) = find_alerts(waiting(8), now=cutoff(day(8)), source=None)
    assert alert.text.endswith(f"since night {day(0)}, 8 days by now")


def test_a_cause_that_was_seen_stays_seen_until_it_is_graver_or_another() -> None:
    graver = "retrain: calibration error"
    rows = [verdict(each, causes) for each, causes in enumerate([(CALIBRATION,)] * 3 + [(graver, RANKING)])]
    states = [replace(EMPTY, verdict=rows[n], verdicts=rows[: n + 1]) for n in range(4)]
    now = cutoff(day(9))
    keys = [{each.key for each in find_alerts(morning(n, states[n]), now=now, source=None)} for n in range(4)]
    seen = [find_seen_verdicts(state, [day(1)]) for state in states]
    assert keys[1] - seen[1] == set()
    assert keys[2] - seen[2] == set()
    assert keys[3] - seen[3] == keys[3] != set()
    assert find_seen_verdicts(states[3], [day(3)]) == keys[3]


def test_a_promotion_and_a_release_that_nobody_vouches_for_are_told_once() -> None:
    row = Promotion(
        7,
        SPEC.model,
        3,
        "xgboost",
        "v1",
        "x",
        "ef",
        day(0),
        day(2),
        "better",
        {},
        "mallory",
        "r",
        previous_id=6,
    )
    found = replace(
        morning(1, replace(EMPTY, passed_over=[(row, "it is not signed")])),
        unsigned_releases={"2013-04-02.r1": "it is not signed"},
    )
    alerts = find_alerts(found, now=cutoff(day(1)), source=None)
    assert [(each.kind, each.key) for each in alerts] == [
        (AlertKind.NOT_SIGNED, "unsigned-release/2013-04-02.r1"),
        (AlertKind.NOT_SIGNED, f"unsigned/{SPEC.model}/7"),
    ]
    assert "promotion 7 of version 3, and who served before serves on: it is not signed" in alerts[1].text
    assert select_untold(alerts, {each.key for each in alerts}) == []
