"""Nights that are over, run through Airflow in the order in which they would have happened.

A backfill runs all scores and then all monitors: a training that a night asks for would come when the
nights it should serve are scored. Here each night is scored while the one before it is judged, and what
was asked for, by a verdict or the calendar, is trained before the next night is scored, so that a promotion
takes effect where its lag says. That costs a night some seconds of waiting; two
scores at once would save about a third.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from redeye.declarations.calendar import find_previous_night, find_start, list_nights
from redeye.foundation.errors import RedeyeError
from redeye.operations.logic.night_plan import LAG_TO_OVERLAP
from redeye.promotion.logic.decision import CALENDAR_REASON
from redeye.stack.airflow.airflow_api import AirflowApi, Run, RunState, Watcher

Step = tuple[tuple[str, date], ...]
"""DAGs with the night of each, which may run at once."""


def steps(model: str, first: date, last: date, *, lag: int) -> Iterator[Step]:
    """What to run, one step after the other, so that a night's decision is made before it takes effect.

    `lag` is the number of nights between a decision and its effect.
    """
    score, monitor = f"score_{model}", f"monitor_{model}"
    for night in list_nights(first, last):
        if lag >= LAG_TO_OVERLAP and night > first:
            yield ((score, night), (monitor, find_previous_night(night)))
        else:
            yield ((score, night),)
        if lag < LAG_TO_OVERLAP:
            yield ((monitor, night),)
    if lag >= LAG_TO_OVERLAP:
        yield ((monitor, last),)


def run_nights(
    api: AirflowApi,
    model: str,
    first: date,
    last: date,
    *,
    lag: int,
    watch: Watcher,
    due: Collection[date] = (),
) -> None:
    """Score and judge the nights that have not succeeded yet, and wait for the trainings they ask for.

    A decision takes effect `lag` nights later; the model's calendar trains the nights `due`. `watch` is told at each
    look, with every run so far.

    Raises:
        RedeyeError: if a run fails; the message carries the end of its log.
    """
    done: list[Run] = []

    for step in steps(model, first, last, lag=lag):
        started = [start_run(api, dag_id, night) for dag_id, night in step]
        done.extend(_wait(api, started, lambda runs, now: watch([*done, *runs], now)))
        for dag_id, night in step:
            if not dag_id.startswith("monitor"):
                continue
            # A training's end is waited for, but it is no run of a night: it does not count as one.
            if asked := api.find(f"train_{model}", f"requested__{night}"):
                _wait(api, [asked], lambda _, now: watch(done, now))
            if night in due:
                conf = {"night": night.isoformat(), "reason": CALENDAR_REASON}
                training = api.trigger(f"train_{model}", conf, run_id=f"calendar__{night}")
                _wait(api, [training], lambda _, now: watch(done, now))


def _wait(api: AirflowApi, started: list[Run], watch: Watcher) -> list[Run]:
    return api.wait(lambda: [api.run(run) for run in started], len(started), watch)


def start_run(api: AirflowApi, dag_id: str, night: date) -> Run:
    """The run of a night: one that succeeded or still runs, else a new one, or the failed one again."""
    standing = api.night_runs(dag_id, night, night)
    if len(standing) > 1:
        raise RedeyeError(
            f"{dag_id} has {len(standing)} runs of night {night}: delete all but one in Airflow"
        )
    if standing and standing[0].state != RunState.FAILED:
        return standing[0]
    run_id = standing[0].run_id if standing else f"night__{night}"
    return api.trigger(dag_id, {"night": night.isoformat()}, run_id=run_id, logical_date=find_start(night))
