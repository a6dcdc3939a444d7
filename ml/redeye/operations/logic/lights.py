"""Four lights for each model and night: released, scored, exported and judged, by facts of that very night.

The first page, the alerts and the metrics read these and nothing else, so that they cannot disagree. Pure: whoever asks
says what is recorded and what time it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import cutoff, shift_nights
from redeye.operations.logic.alerts import JUDGEMENT_DUE, PREDICTIONS_DUE, RELEASE_DUE


class Stage(StrEnum):
    """What is done for each night, in this order; the value is also the word for what is done."""

    RELEASED = "released"
    SCORED = "scored"
    EXPORTED = "exported"
    JUDGED = "judged"


DUE_AFTER: dict[Stage, timedelta] = {
    Stage.RELEASED: RELEASE_DUE,
    Stage.SCORED: PREDICTIONS_DUE,
    Stage.EXPORTED: PREDICTIONS_DUE,
    Stage.JUDGED: JUDGEMENT_DUE,
}
"""How long after the night's cutoff each stage is expected."""


class Colour(StrEnum):
    """Of a light; no colour says more than the word beside it."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    PLAIN = "plain"


_GAP = "gap"
_MISSING = "missing"
_WAITING = "waiting"


@dataclass(frozen=True)
class NightFacts:
    """What is recorded of one night of one model.

    Attributes:
        release: the newest release that holds the night; empty if none does.
        is_gap: whether the warehouse goes on without the night, on record.
        since: the first night that any version served; None if none ever did.
        has_coming_day: whether the source has a day to predict after it; at the source's end it has none.
        rows: predictions of the night; `degraded` of them are so.
        verdict: of that very night; None if it has none.
        is_quality_judged: whether the verdict had enough matured labels to say anything about quality.
        done_at: when each stage last succeeded by the wall clock, as far as it was recorded.
    """

    night: date
    release: str = ""
    is_gap: bool = False
    since: date | None = None
    has_coming_day: bool = True
    rows: int = 0
    degraded: int = 0
    is_exported: bool = False
    verdict: Verdict | None = None
    is_quality_judged: bool = False
    done_at: Mapping[Stage, datetime] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Light:
    """How one stage of one night stands.

    Attributes:
        word: what is so, in a word or two.
        detail: more of it; may be empty.
        at: when it was done by the wall clock; None if it is not, or was not recorded.
        due: the instant by which it is expected on the night's own calendar.
        is_done: whether there is a fact of that night that it was done.
        is_lacking: whether it is missing though it should be there.
    """

    stage: Stage
    colour: Colour
    word: str
    detail: str
    at: datetime | None
    due: datetime
    is_done: bool
    is_lacking: bool

    @property
    def is_waiting(self) -> bool:
        """Whether it is not done and need not be by now, but will be."""
        return self.word == _WAITING

    def __str__(self) -> str:
        """The stage and what is so of it."""
        return self.word if self.word == self.stage else f"{self.stage}: {self.word}"


_NOTHING = (Colour.BAD, _MISSING, "")


def read_lights(facts: NightFacts, now: datetime) -> list[Light]:
    """The four lights of a night, in the order of the stages, at the time `now`."""
    return [_light(facts, stage, now) for stage in Stage]


def _light(facts: NightFacts, stage: Stage, now: datetime) -> Light:
    due = cutoff(facts.night) + DUE_AFTER[stage]
    fact = _find_fact(facts, stage)
    colour, word, detail = fact or _find_excuse(facts, stage, now, due) or _NOTHING
    is_done = fact is not None and word != _GAP
    return Light(
        stage,
        colour,
        word,
        detail,
        facts.done_at.get(stage),
        due,
        is_done=is_done,
        is_lacking=word == _MISSING,
    )


def _find_fact(facts: NightFacts, stage: Stage) -> tuple[Colour, str, str] | None:
    """Colour, word and detail of a stage that is done or has nothing to do; None if it is to be done."""
    match stage:
        case Stage.RELEASED if facts.release:
            return Colour.GOOD, stage, facts.release
        case Stage.RELEASED if facts.is_gap:
            return Colour.WARN, _GAP, "the warehouse goes on without the night"
        case Stage.SCORED if facts.rows and facts.degraded:
            return Colour.WARN, "degraded", f"{facts.degraded} of {facts.rows} predictions"
        case Stage.SCORED if facts.rows:
            return Colour.GOOD, stage, f"{facts.rows} predictions"
        case Stage.EXPORTED if facts.is_exported:
            return Colour.GOOD, stage, "the consumers' files are out"
        case Stage.JUDGED if facts.verdict is not None:
            return _describe_verdict(facts.verdict, is_quality_judged=facts.is_quality_judged)
        case Stage.JUDGED if facts.is_gap:
            return Colour.PLAIN, _GAP, "there is nothing to judge"
    return None


def _find_excuse(
    facts: NightFacts, stage: Stage, now: datetime, due: datetime
) -> tuple[Colour, str, str] | None:
    """Why a stage that is not done need not be done by now; None if it must."""
    if now < due:
        return Colour.PLAIN, _WAITING, "" if now >= cutoff(facts.night) else "the night has not ended"
    if stage is Stage.RELEASED:
        return None
    if facts.since is None:
        return Colour.BAD, _MISSING, "the model has no champion yet"
    if facts.night < facts.since:
        return Colour.PLAIN, "not due", "before the first champion"
    if stage in (Stage.SCORED, Stage.EXPORTED) and not facts.has_coming_day:
        return Colour.PLAIN, "not due", "the source ends with this night"
    return None


def _describe_verdict(verdict: Verdict, *, is_quality_judged: bool) -> tuple[Colour, str, str]:
    detail = "" if is_quality_judged else "quality not judged: too few labels are known"
    if verdict is Verdict.OK:
        return (Colour.GOOD if is_quality_judged else Colour.PLAIN), verdict, detail
    return (Colour.WARN if verdict is Verdict.WARNING else Colour.BAD), verdict, detail


class Stretch(NamedTuple):
    """Nights in a row that lack the same stages of one model."""

    first: date
    last: date
    stages: tuple[Stage, ...]


def list_stretches(lights: Mapping[date, Iterable[Light]]) -> Iterator[Stretch]:
    """The nights that lack something, in stretches of nights in a row that lack the same; oldest first."""
    lacking = {
        night: stages
        for night, own in sorted(lights.items())
        if (stages := tuple(each.stage for each in own if each.is_lacking))
    }
    rows = [
        (shift_nights(night, -number), stages, night)
        for number, (night, stages) in enumerate(lacking.items())
    ]
    for (_, stages), run in groupby(rows, key=lambda row: row[:2]):
        nights = [row[2] for row in run]
        yield Stretch(nights[0], nights[-1], stages)
