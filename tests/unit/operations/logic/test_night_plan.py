"""Nights are played as they would have happened: nothing twice, nothing before what it stands on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from redeye.operations.logic.night_plan import (
    PlayedModel,
    Step,
    StepState,
    find_first_missing,
    find_ready,
    list_steps,
)

FIRST = date(2013, 4, 4)
NONE: frozenset[date] = frozenset()


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


def nights(*numbers: int) -> frozenset[date]:
    return frozenset(map(night, numbers))


def model(name: str = "a", *, lag: int = 2) -> PlayedModel:
    return PlayedModel(name, lag, night(-3), scored=nights(-3, -2, -1), judged=nights(-3, -2, -1))


def play(steps: list[Step], lags: dict[str, int], asked: tuple[Step, ...] = ()) -> list[list[Step]]:
    """What starts together, until nothing is left; trainings in `asked` appear once their night is judged."""
    states, rounds = dict.fromkeys(steps, StepState.TO_DO), []
    while ready := find_ready(steps, states, lags):
        rounds.append(ready)
        states |= dict.fromkeys(ready, StepState.DONE)
        for each in asked:
            if states.get(Step("monitor", each.model, each.night)) is StepState.DONE:
                states.setdefault(each, StepState.DONE)
    return rounds


def test_only_what_is_missing_is_run() -> None:
    half = replace(model(), scored=nights(-1, 0, 1), judged=nights(-1, 0))
    steps = list_steps(night(0), night(2), nights(0, 1), NONE, [half])
    assert [(each.dag_id, each.night) for each in steps] == [
        ("monitor_a", night(1)),
        ("build_warehouse", night(2)),
        ("score_a", night(2)),
        ("monitor_a", night(2)),
    ]


def test_a_recorded_gap_is_scored_and_neither_built_nor_judged() -> None:
    assert list_steps(night(0), night(0), NONE, nights(0), [model()]) == [Step("score", "a", night(0))]


def test_every_model_is_played_and_one_without_a_champion_is_trained_first() -> None:
    new = PlayedModel("new", 2, None, NONE, NONE)
    steps = list_steps(night(0), night(0), NONE, NONE, [model(), new])
    assert steps[0] == Step("train", "new", night(-1))
    assert {(each.verb, each.model) for each in steps[1:]} == {
        ("build", ""),
        *((verb, name) for verb in ("score", "monitor") for name in ("a", "new")),
    }
    started = play(steps, {"a": 2, "new": 2})
    assert Step("score", "new", night(0)) not in started[0]
    assert [each for each in started[0] if each.verb == "train"] == [Step("train", "new", night(-1))]


def test_a_night_before_its_first_champion_is_none_of_a_model() -> None:
    late = replace(model(), since=night(2), scored=NONE, judged=NONE)
    assert {
        each.night for each in list_steps(night(0), night(3), NONE, NONE, [late]) if each.model
    } == nights(2, 3)


def test_each_night_is_built_scored_and_judged_in_this_order() -> None:
    lags = {"a": 2, "b": 2}
    started = play(list_steps(night(0), night(2), NONE, NONE, [model("a"), model("b")]), lags)
    order = [step for some in started for step in some]
    assert len(order) == len(set(order)) == 15
    for number in range(3):
        for name in lags:
            when = [
                order.index(Step(*each, night(number)))
                for each in (("build", ""), ("score", name), ("monitor", name))
            ]
            assert when == sorted(when)
    # The next night is built while the last one is judged, not before it is scored.
    assert Step("build", "", night(1)) in started[2]
    assert set(started[1]) == {Step("score", name, night(0)) for name in lags}


@pytest.mark.parametrize(("lag", "last_decision"), [(0, 1), (1, 1), (2, 2), (7, 2)])
def test_a_night_is_scored_once_all_that_may_change_its_champion_is_decided(
    lag: int, last_decision: int
) -> None:
    steps = list_steps(night(0), night(4), NONE, NONE, [model(lag=lag)])
    states = {
        step: StepState.DONE if step.night < night(4) or step.verb == "build" else StepState.TO_DO
        for step in steps
    }
    assert find_ready(steps, states, {"a": lag}) == [Step("score", "a", night(4))]
    open_decision = Step("monitor", "a", night(4 - last_decision))
    assert find_ready(steps, states | {open_decision: StepState.ACTIVE}, {"a": lag}) == []
    training = Step("train", "a", night(4 - last_decision))
    assert find_ready(steps, states | {training: StepState.ACTIVE}, {"a": lag}) == []


def test_the_calendar_trains_once_its_night_is_judged() -> None:
    steps = list_steps(night(0), night(2), NONE, NONE, [replace(model(), due=nights(0))])
    order = [step for some in play(steps, {"a": 2}) for step in some]
    due = order.index(Step("train", "a", night(0)))
    assert order.index(Step("monitor", "a", night(0))) < due < order.index(Step("score", "a", night(2)))


def test_what_failed_or_runs_is_not_started_and_holds_what_stands_on_it() -> None:
    steps = list_steps(night(0), night(1), NONE, NONE, [model()])
    for state in (StepState.ACTIVE, StepState.FAILED):
        assert find_ready(steps, dict.fromkeys(steps, StepState.TO_DO) | {steps[0]: state}, {"a": 2}) == []


def test_the_first_missing_night_is_the_earliest_that_lacks_anything() -> None:
    built = nights(-3, -2, -1)

    def first(one: PlayedModel, gaps: frozenset[date] = NONE) -> date | None:
        return find_first_missing(night(9), night(-1), built, gaps, [one])

    assert first(model()) == night(0)
    assert first(replace(model(), judged=nights(-3, -1))) == night(-2)
    assert first(replace(model(), scored=nights(-2, -1))) == night(-3)
    assert first(PlayedModel("a", 2, None, NONE, NONE)) == night(0)
    assert find_first_missing(night(-1), night(-1), built, NONE, [model()]) is None
