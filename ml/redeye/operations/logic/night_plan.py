"""Which runs play some nights, and which of them may start now.

Pure: what there is to do and how the runs stand in, the runs to start out. Nights are played in the order in which
they would have happened: each is built, scored by every model and judged, and what a night's verdict or a model's
calendar asks for is trained before the nights that it would serve are scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from redeye.declarations.calendar import (
    find_next_night,
    find_previous_night,
    list_nights,
    shift_nights,
)

PLAY = "play_nights"
"""The DAG that plays nights."""
BUILD = "build_warehouse"
"""The DAG that builds one."""
# A decision of night N that takes effect on N plus this many, or more, does not touch the score of N + 1.
LAG_TO_OVERLAP = 2


class Step(NamedTuple):
    """One run of one DAG for one night; `model` is empty for the build."""

    verb: str
    model: str
    night: date

    @property
    def dag_id(self) -> str:
        """The DAG to run."""
        return f"{self.verb}_{self.model}" if self.model else BUILD


class StepState(StrEnum):
    """How a step stands."""

    TO_DO = "to do"
    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class PlayedModel:
    """What is known of a model before nights are played.

    Attributes:
        lag: nights between a decision and its effect.
        since: the first night that it has a champion for; None if it has none yet.
        scored: nights that have predictions and their files.
        judged: nights that have a verdict.
        due: nights after which its calendar trains.
    """

    name: str
    lag: int
    since: date | None
    scored: frozenset[date]
    judged: frozenset[date]
    due: frozenset[date] = frozenset()


def list_steps(
    first: date, last: date, built: frozenset[date], gaps: frozenset[date], models: Sequence[PlayedModel]
) -> list[Step]:
    """What is missing of the nights `first` to `last`, both included, night by night.

    A recorded gap is not built again, and there is nothing to judge in it. A model without a champion is trained
    first, with what the night before knew. Nights before a model's first champion are none of its.

    Args:
        first: night.
        last: night.
        built: the nights that a release holds.
        gaps: the recorded ones.
        models: all there are.
    """
    steps = [Step("train", each.name, find_previous_night(first)) for each in models if each.since is None]
    for night in list_nights(first, last):
        if night not in built | gaps:
            steps.append(Step("build", "", night))
        own = [each for each in models if each.since is None or each.since <= night]
        steps += [Step("score", each.name, night) for each in own if night not in each.scored]
        steps += [Step("monitor", each.name, night) for each in own if night not in each.judged | gaps]
        steps += [
            Step("train", each.name, night) for each in own if night in each.due and night not in each.judged
        ]
    return steps


def find_first_missing(
    last: date, head: date, built: frozenset[date], gaps: frozenset[date], models: Sequence[PlayedModel]
) -> date | None:
    """The first night up to `last` of which something is missing, from a model's first champion or the head on."""
    earliest = min([find_next_night(head), *(each.since for each in models if each.since)])
    missing = [step.night for step in list_steps(earliest, last, built, gaps, models) if step.verb != "train"]
    return min(missing, default=None)


def find_ready(
    steps: Sequence[Step], states: Mapping[Step, StepState], lags: Mapping[str, int]
) -> list[Step]:
    """The steps that may start now: theirs is to be done, and all that they stand on is.

    Args:
        steps: all there are, by night.
        states: of the steps, and of trainings that verdicts asked for.
        lags: by model, the nights between a decision and its effect.
    """

    def is_done(step: Step) -> bool:
        return states.get(step, StepState.DONE) is StepState.DONE

    begin = steps[0].night if steps else date.min
    return [
        step
        for step in steps
        if states.get(step) is StepState.TO_DO and all(map(is_done, _list_earlier(step, states, lags, begin)))
    ]


def _list_earlier(
    step: Step, states: Mapping[Step, StepState], lags: Mapping[str, int], begin: date
) -> Iterator[Step]:
    """What a step stands on."""
    verb, model, night = step
    before = find_previous_night(night)
    match verb:
        case "build":
            yield Step("build", "", before)
            # A night at a time: whoever stops leaves no night built far ahead of its predictions.
            yield from (Step("score", each, before) for each in lags)
        case "score":
            yield Step("build", "", night)
            yield Step("score", model, before)
            # All decisions that may be in effect by then: judging goes forwards, so the newest of them is enough.
            decided = shift_nights(night, -min(max(lags[model], 1), LAG_TO_OVERLAP))
            for each in list_nights(begin, decided):
                yield Step("monitor", model, each)
                yield Step("train", model, each)
            # The first champion's: it stands on no judgement.
            if Step("monitor", model, begin) not in states:
                yield Step("train", model, begin)
        case "monitor":
            yield Step("score", model, night)
            yield Step("monitor", model, before)
        case "train":
            yield Step("monitor", model, night)
