"""The task that plays nights finds out what is missing; its trigger does the rest, and can be made again anywhere."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.serialization.serialized_objects import DagSerialization

from redeye.foundation.errors import ConfigError
from redeye.operations import find_unplayed
from redeye.operations.logic.night_plan import Step
from redeye.stack.airflow import play_nights
from redeye.stack.airflow.play_nights import Look
from redeye_airflow import play_nights as playing
from redeye_airflow.play_nights import PlayNightsOperator, PlayTrigger

STEP = Step("build", "", date(2013, 4, 4))
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT: Any = {
    "dag_run": SimpleNamespace(
        run_id="r", run_type="manual", start_date=BEGAN, run_after=BEGAN, triggering_user_name="me"
    ),
    "params": {"first": "2013-04-04", "last": "2013-04-05"},
}


@pytest.fixture
def task() -> PlayNightsOperator:
    return PlayNightsOperator(task_id="run_missing_steps")


def test_what_is_missing_goes_to_a_trigger_that_can_be_made_again(
    task: PlayNightsOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(find_unplayed, "list_missing_steps", lambda *nights: asked.append(nights) or [STEP])
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(CONTEXT)
    assert asked == [(date(2013, 4, 4), date(2013, 4, 5))]
    path, arguments = deferred.value.trigger.serialize()
    assert path == "redeye_airflow.play_nights.PlayTrigger"
    assert arguments["steps"] == [["build", "", "2013-04-04"]]
    assert datetime.fromisoformat(arguments["began"]) == BEGAN
    assert PlayTrigger(**arguments).serialize() == (path, arguments)


def test_where_nothing_is_missing_nothing_is_waited_for(
    task: PlayNightsOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_unplayed, "list_missing_steps", lambda *nights: [])
    assert task.execute(CONTEXT)["steps"] == 0


def test_what_cannot_be_played_is_said_and_not_tried_again(
    task: PlayNightsOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*nights: date) -> list[Step]:
        raise ConfigError("night 2013-04-02 is the first one to play")

    monkeypatch.setattr(find_unplayed, "list_missing_steps", refuse)
    with pytest.raises(AirflowFailException, match="is the first one to play"):
        task.execute(CONTEXT)
    with pytest.raises(AirflowFailException, match="build_warehouse failed"):
        task.resume(CONTEXT, {"failure": "build_warehouse failed", "steps": 1})


def test_the_trigger_looks_until_all_is_done_also_while_the_server_starts_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[Any] = [
        Look([STEP], [STEP], None, is_done=False),
        httpx.ConnectError("refused"),
        Look([], [], None, is_done=True),
    ]

    def advance(*given: object) -> Look:
        seen = looks.pop(0)
        if isinstance(seen, Exception):
            raise seen
        return seen

    monkeypatch.setattr(play_nights, "advance", advance)
    monkeypatch.setattr(playing, "open_own_api", lambda: nullcontext(None))
    trigger = PlayTrigger([["build", "", "2013-04-04"]], {"a": 2}, BEGAN.isoformat(), poll_seconds=0)

    async def first_event() -> dict[str, Any]:
        return (await anext(trigger.run())).payload

    assert asyncio.run(first_event()) == {"failure": None, "steps": 1}
    assert looks == []


def test_one_play_at_a_time_that_holds_no_worker() -> None:
    from airflow.dag_processing.dagbag import DagBag

    from redeye.foundation.settings import PROJECT_ROOT

    dag = DagBag(str(PROJECT_ROOT / "dags" / "play_nights.py")).dags["play_nights"]
    assert dag.max_active_runs == 1
    assert DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag)).task_ids == [
        "run_missing_steps"
    ]
