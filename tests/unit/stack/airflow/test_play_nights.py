"""Nights are played by looking at Airflow's runs: nothing twice, a failure ends it, a person is not waited for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from redeye.operations.logic.night_plan import PlayedModel as Model
from redeye.operations.logic.night_plan import Step, list_steps
from redeye.stack.airflow.airflow_api import Run, RunState
from redeye.stack.airflow.play_nights import Look, advance

FIRST = date(2013, 4, 4)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LAGS = {"a": 2}


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


class Airflow:
    """Runs as a test sets them; what is started runs until `end`."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], Run] = {}
        self.asked: set[str] = set()
        self.awaiting: set[str] = set()

    def put(
        self, dag_id: str, run_id: str, state: RunState, day: date | None, ended: datetime | None = None
    ) -> None:
        self.runs[dag_id, run_id] = Run(dag_id, run_id, state, day, ended)

    def end(self, state: RunState = RunState.SUCCESS) -> None:
        for run in list(self.runs.values()):
            if not run.is_done:
                self.put(run.dag_id, run.run_id, state, run.night, BEGAN + timedelta(hours=1))
                if run.dag_id == "monitor_a" and f"requested__{run.night}" in self.asked:
                    self.put("train_a", f"requested__{run.night}", RunState.RUNNING, None)

    def night_runs(self, dag_id: str, first: date, last: date) -> list[Run]:
        found = (run for run in self.runs.values() if run.dag_id == dag_id)
        return [run for run in found if run.night and first <= run.night <= last]

    def find(self, dag_id: str, run_id: str) -> Run | None:
        return self.runs.get((dag_id, run_id))

    def trigger(
        self, dag_id: str, conf: Mapping[str, Any], *, run_id: str, logical_date: datetime | None = None
    ) -> Run:
        day = date.fromisoformat(conf["night"])
        self.put(dag_id, run_id, RunState.RUNNING, day if logical_date else None)
        return self.runs[dag_id, run_id]

    def awaits_person(self, run: Run) -> bool:
        return run.run_id in self.awaiting

    def explain_failure(self, run: Run) -> str:
        return f"{run.dag_id} failed for the night {run.night}"

    def names(self) -> list[str]:
        return [f"{dag_id} {run_id}" for dag_id, run_id in self.runs]


def look(airflow: Airflow, steps: list[Step]) -> Look:
    return advance(airflow, steps, LAGS, BEGAN)  # type: ignore[arg-type]


SINCE = date(2013, 3, 1)


def steps_of(last: int, *, due: frozenset[date] = frozenset(), since: date | None = SINCE) -> list[Step]:
    nothing: frozenset[date] = frozenset()
    return list_steps(FIRST, night(last), nothing, nothing, [Model("a", 2, since, nothing, nothing, due)])


def play(airflow: Airflow, steps: list[Step]) -> None:
    for _ in range(1000):
        seen = look(airflow, steps)
        assert seen.failure is None
        if seen.is_done:
            return
        steps = seen.steps
        airflow.end()
    pytest.fail("it does not come to an end")


def test_all_nights_are_played_each_once() -> None:
    airflow = Airflow()
    play(airflow, steps_of(9))
    assert len(airflow.runs) == 30
    assert {run.state for run in airflow.runs.values()} == {RunState.SUCCESS}
    assert all(run_id == f"night__{run.night}" for (_, run_id), run in airflow.runs.items())


def test_many_nights_are_looked_at_a_stretch_at_a_time() -> None:
    airflow, steps = Airflow(), steps_of(150)
    play(airflow, steps)
    assert len(airflow.runs) == len(steps) == 453


def test_again_from_the_start_goes_on_where_the_runs_stand() -> None:
    airflow, steps = Airflow(), steps_of(3)
    for _ in range(4):
        look(airflow, steps)
        airflow.end()
    before = dict(airflow.runs)
    play(airflow, steps)
    assert before.items() <= airflow.runs.items()
    assert len(airflow.runs) == 12


def test_a_run_of_the_schedule_or_of_a_backfill_counts() -> None:
    airflow = Airflow()
    airflow.put("build_warehouse", "scheduled__x", RunState.RUNNING, FIRST)
    assert look(airflow, steps_of(0)).started == []
    airflow.end()
    assert [step.dag_id for step in look(airflow, steps_of(0)).started] == ["score_a"]


def test_what_failed_before_is_tried_again_and_what_fails_now_ends_it() -> None:
    airflow, steps = Airflow(), steps_of(0)
    airflow.put("build_warehouse", "night__2013-04-04", RunState.FAILED, FIRST, BEGAN - timedelta(days=1))
    assert look(airflow, steps).started == [steps[0]]
    airflow.end(RunState.FAILED)
    seen = look(airflow, steps)
    assert seen.failure == "build_warehouse failed for the night 2013-04-04"
    assert not seen.started


def test_the_training_that_a_verdict_asked_for_is_waited_for_unless_a_person_is() -> None:
    airflow, steps = Airflow(), steps_of(2)
    airflow.asked.add("requested__2013-04-04")
    while ("monitor_a", "night__2013-04-04") not in airflow.runs:
        steps = look(airflow, steps).steps
        airflow.end()
    for _ in range(5):
        steps = look(airflow, steps).steps
        for key, run in list(airflow.runs.items()):
            if run.dag_id != "train_a" and not run.is_done:
                airflow.put(*key, RunState.SUCCESS, run.night, BEGAN)
    assert ("score_a", "night__2013-04-05") in airflow.runs
    assert ("score_a", "night__2013-04-06") not in airflow.runs
    airflow.awaiting.add("requested__2013-04-04")
    assert steps[-2] in look(airflow, steps).started


def test_the_last_nights_training_is_waited_for_too() -> None:
    airflow, steps = Airflow(), steps_of(0)
    airflow.asked.add("requested__2013-04-04")
    for _ in range(3):
        steps = look(airflow, steps).steps
        airflow.end()
    assert not look(airflow, steps).is_done
    airflow.end()
    assert look(airflow, steps).is_done


def test_the_calendar_trains_and_a_model_without_a_champion_is_trained_first() -> None:
    airflow = Airflow()
    play(airflow, steps_of(1, due=frozenset({FIRST})))
    assert "train_a calendar__2013-04-04" in airflow.names()
    fresh = Airflow()
    play(fresh, steps_of(1, since=None))
    names = fresh.names()
    assert names.index("train_a first__2013-04-03") < names.index("score_a night__2013-04-04")
