"""Nights go through Airflow so that what a night decides is settled before it takes effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from redeye.declarations.calendar import zone
from redeye.foundation.errors import RedeyeError
from redeye.stack.airflow.airflow_api import Run, RunState
from redeye.stack.airflow.closed_loop import run_nights, steps

FIRST, LAST = date(2013, 5, 1), date(2013, 5, 9)


class FakeAirflow:
    """Runs end as soon as they are waited for; some monitors ask for a training."""

    def __init__(self, asking: set[date], standing: tuple[Run, ...] = ()) -> None:
        self.asking = asking
        self.runs = {(run.dag_id, run.run_id): run for run in standing}
        self.ended: list[tuple[str, date]] = []

    def night_runs(self, dag_id: str, first: date, last: date) -> list[Run]:
        return [r for r in self.runs.values() if r.dag_id == dag_id and r.night and first <= r.night <= last]

    def trigger(
        self, dag_id: str, conf: dict[str, Any], *, run_id: str, logical_date: datetime | None = None
    ) -> Run:
        assert logical_date is None or logical_date.astimezone(zone()).date().isoformat() == conf["night"]
        run = Run(dag_id, run_id, RunState.RUNNING, date.fromisoformat(conf["night"]))
        self.runs[dag_id, run_id] = run
        return run

    def find(self, dag_id: str, run_id: str) -> Run | None:
        return self.runs.get((dag_id, run_id))

    def run(self, run: Run) -> Run:
        return self.runs[run.dag_id, run.run_id]

    def wait(self, look: Callable[[], list[Run]], expected: int, watch: Callable[..., None]) -> list[Run]:
        assert len(look()) == expected
        for run in look():
            if run.state is RunState.SUCCESS:
                continue
            self.runs[run.dag_id, run.run_id] = replace(run, state=RunState.SUCCESS)
            night = run.night or date.fromisoformat(run.run_id.removeprefix("requested__"))
            self.ended.append((run.dag_id.partition("_")[0], night))
            if run.dag_id == "monitor_m" and night in self.asking:
                asked = Run("train_m", f"requested__{night}", RunState.QUEUED, None)
                self.runs[asked.dag_id, asked.run_id] = asked
        watch(look(), "")
        return look()


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_a_night_is_decided_and_trained_before_its_decision_takes_effect(lag: int) -> None:
    airflow, asking = FakeAirflow({date(2013, 5, 4), LAST}), date(2013, 5, 4)
    seen: list[int] = []
    watch = lambda runs, _: seen.append(len(runs))  # noqa: E731
    run_nights(airflow, "m", FIRST, LAST, lag=lag, watch=watch)  # type: ignore[arg-type]
    at = {what: number for number, what in enumerate(airflow.ended)}
    nights = [FIRST + timedelta(days=n) for n in range(9)]
    assert set(at) == {(verb, n) for verb in ("score", "monitor") for n in nights} | {
        ("train", asking),
        ("train", LAST),
    }
    for night in nights:
        assert at["score", night] < at["monitor", night]
        serves = ("score", night + timedelta(days=lag))
        assert at["monitor", night] < at.get(serves, len(at))
    assert at["monitor", asking] < at["train", asking] < at["score", asking + timedelta(days=lag)]
    assert max(seen) == 18


def test_what_is_done_is_not_done_again_and_what_failed_is() -> None:
    done = Run("score_m", "scheduled__x", RunState.SUCCESS, FIRST)
    failed = Run("monitor_m", "backfill__y", RunState.FAILED, FIRST)
    airflow = FakeAirflow(set(), (done, failed))
    run_nights(airflow, "m", FIRST, FIRST, lag=2, watch=lambda runs, now: None)  # type: ignore[arg-type]
    assert airflow.ended == [("monitor", FIRST)]


def test_two_runs_of_one_night_are_refused() -> None:
    twice = tuple(Run("score_m", name, RunState.SUCCESS, FIRST) for name in ("a", "b"))
    with pytest.raises(RedeyeError, match="2 runs of night 2013-05-01"):
        run_nights(FakeAirflow(set(), twice), "m", FIRST, FIRST, lag=2, watch=lambda runs, now: None)  # type: ignore[arg-type]


def test_a_long_lag_lets_a_score_run_beside_the_verdict_of_the_night_before() -> None:
    assert max(len(step) for step in steps("m", FIRST, LAST, lag=2)) == 2
    assert max(len(step) for step in steps("m", FIRST, LAST, lag=1)) == 1


def test_the_calendar_trains_a_night_after_what_its_verdict_asked_for_and_before_it_takes_effect() -> None:
    night = date(2013, 5, 4)
    airflow = FakeAirflow({night})
    run_nights(airflow, "m", FIRST, LAST, lag=2, due=[night], watch=lambda runs, now: None)  # type: ignore[arg-type]
    trained = [place for place, what in enumerate(airflow.ended) if what == ("train", night)]
    assert len(trained) == 2
    assert airflow.ended.index(("monitor", night)) < trained[0]
    assert trained[1] < airflow.ended.index(("score", night + timedelta(days=2)))
    assert {run_id for dag_id, run_id in airflow.runs if dag_id == "train_m"} == {
        f"requested__{night}",
        f"calendar__{night}",
    }
