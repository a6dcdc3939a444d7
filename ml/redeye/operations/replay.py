"""Replaying nights in one process: score, judge, decide, and train if a verdict or the calendar asks for it.

The same jobs as the scheduler's, in the order in which they would have happened, so that a decision of a
night is in effect where its lag says. Every step writes once: a replay that was stopped is started again
with the same nights and goes on where it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from redeye.declarations.calendar import list_calendar_nights, list_nights
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import NotReleased, TooLate, VersionIsBlocked
from redeye.foundation.settings import SPECS
from redeye.monitoring.monitor import monitor_night
from redeye.promotion import decision_store
from redeye.promotion.decide import decide_night
from redeye.promotion.decision_store import RecordedTraining
from redeye.promotion.logic.decision import CALENDAR_REASON, Decision
from redeye.promotion.reconcile import reconcile
from redeye.promotion.train import train_night
from redeye.scoring import outputs_store
from redeye.scoring.score import export_night, score_night
from redeye.warehouse import release_store

log = logging.getLogger(__name__)

# The same in every replay: a second one takes the leases of one that was killed over at once.
RUN_ID = "replay"


@dataclass(frozen=True)
class ReplayedNight:
    """What a night came to.

    Attributes:
        seconds: it took; 0 if it was done before.
        verdict: empty for a recorded gap.
    """

    night: date
    seconds: float
    verdict: str
    is_requested: bool


def check(first: date, last: date) -> None:
    """Refuse a range that cannot be replayed to its end.

    Raises:
        NotReleased: naming the first night that is neither released nor a recorded gap.
    """
    for night in list_nights(first, last):
        if release_store.covering_release(night) is None and not release_store.is_gap(night):
            raise NotReleased(
                f"build night {night} first: `./redeye load-year` or `make backfill` builds nights"
            )


def replay(model: str, first: date, last: date) -> Iterator[ReplayedNight]:
    """Replay the nights `first` to `last`, both included; yields after each.

    Raises:
        NotReleased: if a night is not built.
        AlreadyDecided: if a night was scored or judged before with another result.
    """
    due = list_calendar_nights(load_spec(SPECS / f"{model}.yaml").train_cron, first, last)
    done = _list_done_nights(model, first, last, due)
    for night in list_nights(first, last):
        began = time.monotonic()
        if night in done:
            yield ReplayedNight(night, 0.0, done[night], is_requested=False)
            continue
        score_night(model, night, run_id=RUN_ID)
        export_night(model, night)
        verdict, is_requested = "", False
        if release_store.covering_release(night) is not None:
            monitor_night(model, night, RUN_ID)
            decided = decide_night(model, night, RUN_ID)
            verdict, is_requested = decided["verdict"], decided["is_requested"]
            if decided["returns_to"] is not None:
                reconcile(model)
            for request in decided["requests"]:
                asked = date.fromisoformat(request["night"])
                _train(model, asked, f"requested__{asked}", request["reason"])
            if night in due:
                _train(model, night, f"calendar__{night}", CALENDAR_REASON)
        yield ReplayedNight(night, time.monotonic() - began, verdict, is_requested)


def requests(model: str, first: date, last: date) -> list[tuple[Decision, RecordedTraining | None]]:
    """The requests of the nights, with the first training that answered each; None while it is open."""
    answers = {training.night: training for training in reversed(decision_store.trainings(model))}
    asked = [row.decision for row in decision_store.requests(model)]
    return [(each, answers.get(each.night)) for each in asked if first <= each.night <= last]


def _list_done_nights(model: str, first: date, last: date, due: Collection[date]) -> dict[date, str]:
    """The nights that need nothing any more, with their verdicts."""
    scored = set(outputs_store.list_scored_nights(model, first, last))
    decided = [row.decision for row in decision_store.decisions(model)]
    still_open = {row.decision.night for row in decision_store.open_requests(model, last)}
    # The calendar's training of a night comes before the next night is decided: only the last one may lack it.
    still_open |= {each.night for each in decided[-1:]} & set(due) - {
        training.night for training in decision_store.trainings(model)
    }
    return {
        each.night: str(each.verdict)
        for each in decided
        if each.night in scored and each.night not in still_open
    }


def _train(model: str, night: date, run_id: str, reason: str) -> None:
    try:
        train_night(model, night, run_id=run_id, actor=RUN_ID, reason=reason)
    except (TooLate, VersionIsBlocked) as error:
        log.warning("%s", error)
