"""How a night stands in the release ledger, and the trigger that waits for it to be released, or to be given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import BaseTrigger, TriggerEvent

from redeye.declarations.calendar import find_start
from redeye_airflow.vocabulary import Outcome

POLL_SECONDS = 5.0
# A run that is only queued while its successor already runs will not start before it: the backfill runs
# backwards, or its slots are full of waiting runs. Freshly cleared runs start well within this.
STARVED_AFTER_SECONDS = 180.0


class ReleaseState(StrEnum):
    """How a night stands."""

    RELEASED = "released"
    GAP = "gap"
    MISSING = "missing"


def read_release_state(night: date) -> ReleaseState:
    """Whether a night is in a release, is a recorded gap, or is neither."""
    from redeye.warehouse import release_store  # imports DuckDB: not when DAG files are parsed

    if release_store.covering_release(night) is not None:
        return ReleaseState.RELEASED
    return ReleaseState.GAP if release_store.is_gap(night) else ReleaseState.MISSING


def missing_predecessor(first: date) -> date | None:
    """The night that must be built before `first`, or None if it can be built now."""
    from redeye.warehouse import release_store

    return release_store.missing_predecessor(first, release_store.latest_release())


class ReleaseTrigger(BaseTrigger):
    """Fires once: with `settled`, `deadline`, `abandoned` or `starved` (see `vocabulary.Outcome`).

    Args:
        night: ISO date of the night that must be released or a recorded gap.
        deadline: ISO instant, with a zone, after which waiting ends.
        watched_dag_id: the DAG that builds the night. If given, waiting also ends when its run of that
            night is over (`abandoned`) or is queued but does not start (`starved`).
        poll_seconds: between two looks.
        starved_after_seconds: how long a watched run may be queued before it counts as starved.
    """

    def __init__(
        self,
        night: str,
        deadline: str,
        watched_dag_id: str | None = None,
        poll_seconds: float = POLL_SECONDS,
        starved_after_seconds: float = STARVED_AFTER_SECONDS,
    ) -> None:
        super().__init__()
        self.night = night
        self.deadline = deadline
        self.watched_dag_id = watched_dag_id
        self.poll_seconds = poll_seconds
        self.starved_after_seconds = starved_after_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer needs them to make this trigger again."""
        names = ("night", "deadline", "watched_dag_id", "poll_seconds", "starved_after_seconds")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the ledger, and at the watched run, until there is something to say."""
        night = date.fromisoformat(self.night)
        deadline = datetime.fromisoformat(self.deadline)
        queued_seconds = 0.0
        while True:
            # The run before the ledger: a run that ends in between has published by then.
            state = await asyncio.to_thread(active_state, self.watched_dag_id, night)
            release = await asyncio.to_thread(read_release_state, night)
            queued_seconds = queued_seconds + self.poll_seconds if state == "queued" else 0.0
            outcome = None
            if release is not ReleaseState.MISSING:
                outcome = Outcome.SETTLED
            elif self.watched_dag_id is not None and state is None:
                outcome = Outcome.ABANDONED
            elif queued_seconds > self.starved_after_seconds:
                outcome = Outcome.STARVED
            elif datetime.now(UTC) >= deadline:
                outcome = Outcome.DEADLINE
            if outcome is not None:
                yield TriggerEvent({"outcome": outcome.value, "night": self.night})
                return
            await asyncio.sleep(self.poll_seconds)


def active_state(dag_id: str | None, night: date) -> str | None:
    """`running` or `queued` if the DAG has such a run of that night, None if it has neither.

    Runs are found by their date, so a run by hand that was given another date does not count.
    """
    if dag_id is None:
        return None
    for state in ("running", "queued"):
        if RuntimeTaskInstance.get_dr_count(dag_id=dag_id, logical_dates=[find_start(night)], states=[state]):
            return state
    return None
