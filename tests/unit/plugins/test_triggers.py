"""When a wait for a night ends, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from redeye.declarations.calendar import find_start
from redeye_airflow import triggers
from redeye_airflow.triggers import ReleaseState, ReleaseTrigger, active_state
from redeye_airflow.vocabulary import Outcome

NIGHT = "2013-04-02"


def later(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def fired(trigger: ReleaseTrigger) -> dict[str, Any]:
    async def first() -> dict[str, Any]:
        return dict((await anext(trigger.run())).payload)

    return asyncio.run(asyncio.wait_for(first(), timeout=5))


def scripted(
    monkeypatch: pytest.MonkeyPatch, *, states: list[Any], release_states: list[ReleaseState]
) -> None:
    """Let each look find the next of these; the last one stays."""

    def each(values: list[Any]) -> Iterator[Any]:
        yield from values
        while True:
            yield values[-1]

    next_state, next_release_state = each(states), each(release_states)
    monkeypatch.setattr(triggers, "active_state", lambda dag_id, night: next(next_state))
    monkeypatch.setattr(triggers, "read_release_state", lambda night: next(next_release_state))


def test_the_triggerer_can_make_it_again() -> None:
    made = ReleaseTrigger(NIGHT, later(60), "build_warehouse", poll_seconds=1.5, starved_after_seconds=9.0)
    path, arguments = made.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**arguments)
    assert path == "redeye_airflow.triggers.ReleaseTrigger"
    for name in ("night", "deadline", "watched_dag_id", "poll_seconds", "starved_after_seconds"):
        assert getattr(again, name) == getattr(made, name), name
    assert all(isinstance(value, str | float) for value in arguments.values())


@pytest.mark.parametrize("found", [ReleaseState.RELEASED, ReleaseState.GAP])
def test_it_settles_on_a_release_and_on_a_gap(monkeypatch: pytest.MonkeyPatch, found: ReleaseState) -> None:
    scripted(monkeypatch, states=[None], release_states=[ReleaseState.MISSING, found])
    payload = fired(ReleaseTrigger(NIGHT, later(60), poll_seconds=0.01))
    assert payload == {"outcome": "settled", "night": NIGHT}


def test_it_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, states=["running"], release_states=[ReleaseState.MISSING])
    payload = fired(ReleaseTrigger(NIGHT, later(0.05), "build_warehouse", poll_seconds=0.01))
    assert payload["outcome"] == Outcome.DEADLINE


def test_a_release_that_came_after_the_deadline_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, states=[None], release_states=[ReleaseState.RELEASED])
    assert fired(ReleaseTrigger(NIGHT, later(-60)))["outcome"] == Outcome.SETTLED


def test_it_ends_when_the_watched_run_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, states=["queued", "running", None], release_states=[ReleaseState.MISSING])
    payload = fired(ReleaseTrigger(NIGHT, later(60), "build_warehouse", poll_seconds=0.01))
    assert payload["outcome"] == Outcome.ABANDONED


def test_a_run_that_ends_with_a_release_in_between_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(
        monkeypatch, states=["running", None], release_states=[ReleaseState.MISSING, ReleaseState.RELEASED]
    )
    payload = fired(ReleaseTrigger(NIGHT, later(60), "build_warehouse", poll_seconds=0.01))
    assert payload["outcome"] == Outcome.SETTLED


def test_a_queued_run_starves_only_if_it_never_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = ["queued", "queued", "running", "queued", None]
    scripted(monkeypatch, states=starts, release_states=[ReleaseState.MISSING])
    trigger = ReleaseTrigger(NIGHT, later(60), "b", poll_seconds=0.01, starved_after_seconds=0.025)
    assert fired(trigger)["outcome"] == Outcome.ABANDONED
    scripted(monkeypatch, states=["queued"], release_states=[ReleaseState.MISSING])
    assert fired(trigger)["outcome"] == Outcome.STARVED


def test_runs_are_found_by_the_start_of_their_night(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def count(**question: Any) -> int:
        asked.append(question)
        return int(question["states"] == ["queued"])

    monkeypatch.setattr(RuntimeTaskInstance, "get_dr_count", staticmethod(count))
    night = date(2013, 3, 10)
    assert active_state("build_warehouse", night) == "queued"
    assert {question["dag_id"] for question in asked} == {"build_warehouse"}
    assert all(question["logical_dates"] == [find_start(night)] for question in asked)
    assert active_state(None, night) is None
