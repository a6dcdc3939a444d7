"""Playing nights through Airflow: look how the runs stand, start what may start, and again until all is done.

One look at a time, without memory: whoever is killed in between goes on where the runs stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from redeye.declarations.calendar import shift_nights
from redeye.operations.logic.night_plan import LAG_TO_OVERLAP, Step, StepState, find_ready
from redeye.promotion.logic.decision import CALENDAR_REASON
from redeye.stack.airflow.airflow_api import AirflowApi, Run, RunState
from redeye.stack.airflow.closed_loop import start_run

# A look stays short, however many nights there are.
LOOKED_AHEAD = 60
FIRST_REASON = "first training of a model without a champion"


@dataclass(frozen=True)
class Look:
    """How the nights stand after a look.

    Attributes:
        steps: those that the next look needs: some done ones, on which others stand, and all that are not.
        started: by this look.
        failure: why it goes no further, with the end of the log; None if it does.
        is_done: whether every step is done, and every training that one asked for.
    """

    steps: list[Step]
    started: list[Step]
    failure: str | None
    is_done: bool


def advance(api: AirflowApi, steps: Sequence[Step], lags: Mapping[str, int], began: datetime) -> Look:
    """Look at the runs once and start those that may start now.

    Args:
        api: to ask.
        steps: what there is to do, by night.
        lags: by model, the nights between a decision and its effect.
        began: when playing began: what failed before is tried once more, what failed since ends it.
    """
    if not steps:
        return Look([], [], None, is_done=True)
    window = [step for step in steps if step.night <= shift_nights(steps[0].night, LOOKED_AHEAD)]
    runs = _find_runs(api, window)
    states = {step: _find_state(api, runs.get(step), began) for step in window}
    asked = {}
    for step in window:
        if step.verb == "monitor" and states[step] is StepState.DONE:
            training = Step("train", step.model, step.night)
            run = api.find(training.dag_id, f"requested__{step.night}")
            # One that failed before is somebody else's to mend: the champion serves on.
            state = _find_state(api, run, began) if run else StepState.DONE
            asked[training] = StepState.DONE if state is StepState.TO_DO else state
            runs |= {training: run} if run else {}
    known = {**asked, **states}
    failed = next((runs[step] for step, state in known.items() if state is StepState.FAILED), None)
    if failed is not None:
        return Look(list(steps), [], api.explain_failure(failed), is_done=False)
    ready = find_ready(window, known, lags)
    for step in ready:
        _start(api, step, window)
    left = [step.night for step in steps if known.get(step) is not StepState.DONE]
    open_trainings = any(state is not StepState.DONE for state in asked.values())
    since = shift_nights(min(left), -LAG_TO_OVERLAP) if left else steps[0].night
    rest = [step for step in steps if step.night >= since]
    return Look(rest, ready, None, is_done=not left and not open_trainings)


def _find_runs(api: AirflowApi, window: Sequence[Step]) -> dict[Step, Run]:
    found: dict[Step, Run] = {}
    by_dag: dict[str, dict[date, Step]] = {}
    for step in window:
        by_dag.setdefault(step.dag_id, {})[step.night] = step
    for dag_id, own in by_dag.items():
        if any(step.verb == "train" for step in own.values()):
            named = {step: api.find(dag_id, _name_training(step, window)) for step in own.values()}
            found |= {step: run for step, run in named.items() if run}
            continue
        for run in api.night_runs(dag_id, min(own), max(own)):
            if run.night in own:
                found[own[run.night]] = run
    return found


def _find_state(api: AirflowApi, run: Run | None, began: datetime) -> StepState:
    if run is None:
        return StepState.TO_DO
    if run.state == RunState.SUCCESS:
        return StepState.DONE
    if run.state == RunState.FAILED:
        is_new = run.ended is not None and run.ended > began
        return StepState.FAILED if is_new else StepState.TO_DO
    # Nobody may answer for days, and until then the champion serves on.
    return StepState.DONE if api.awaits_person(run) else StepState.ACTIVE


def _start(api: AirflowApi, step: Step, window: Sequence[Step]) -> None:
    if step.verb != "train":
        start_run(api, step.dag_id, step.night)
        return
    reason = FIRST_REASON if _is_first(step, window) else CALENDAR_REASON
    conf = {"night": step.night.isoformat(), "reason": reason}
    api.trigger(step.dag_id, conf, run_id=_name_training(step, window))


def _name_training(step: Step, window: Sequence[Step]) -> str:
    return f"{'first' if _is_first(step, window) else 'calendar'}__{step.night}"


def _is_first(step: Step, window: Sequence[Step]) -> bool:
    """Whether a training makes a model's first champion: it is of no night that is judged."""
    return Step("monitor", step.model, step.night) not in window
