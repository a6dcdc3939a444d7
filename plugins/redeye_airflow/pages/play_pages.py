"""Nights that are played: how far each is, and the button that stops it. The page refreshes itself while they run."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from airflow.utils.state import DagRunState
from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.declarations.calendar import list_nights
from redeye.operations import model_status
from redeye.operations.find_unplayed import list_missing_steps
from redeye.operations.logic.night_plan import BUILD, PLAY, Step
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import confirmation, find_user, may_trigger

router = APIRouter()


class Cell(NamedTuple):
    """One DAG of one night: a word for a badge, and the run's page; empty if it has no run."""

    word: str
    page: str


@router.get("/plays/{run_id}")
def play(request: Request, run_id: str) -> Response:
    """The nights of one run that plays them."""
    run = next((each for each in airflow_client.list_plays() if each.run_id == run_id), None)
    conf = dict(run.conf or {}) if run else {}
    if run is None or not {"first", "last"} <= conf.keys():
        raise HTTPException(404, f"no nights were played as {run_id}")
    first, last = date.fromisoformat(conf["first"]), date.fromisoformat(conf["last"])
    missing = {(step.dag_id, step.night): step for step in list_missing_steps(first, last)}
    dags = [BUILD, *(f"{verb}_{model}" for model in model_status.specs() for verb in ("score", "monitor"))]
    states = airflow_client.read_states(dags, first, last)
    is_active = run.state in (DagRunState.QUEUED, DagRunState.RUNNING)
    nights = [
        (night, [_cell(dag_id, night, missing, states) for dag_id in dags])
        for night in list_nights(first, last)
    ]
    done = sum(all(cell.word == "done" for cell in cells) for _, cells in nights)
    return render_page(
        request,
        "play.html",
        run=run,
        first=first,
        last=last,
        dags=dags,
        nights=nights,
        done=done,
        is_active=is_active,
        stopped_by=None if is_active else airflow_client.find_stopper(run_id),
        failed=[
            (night, dags[at], cell)
            for night, cells in nights
            for at, cell in enumerate(cells)
            if cell.word == "failed"
        ],
        trainings=airflow_client.list_active_runs([f"train_{model}" for model in model_status.specs()]),
        may_stop=is_active and may_trigger(find_user(request), PLAY),
        token=confirmation(find_user(request), "stop_playing", {"run_id": run_id}),
    )


def _cell(
    dag_id: str, night: date, missing: dict[tuple[str, date], Step], states: dict[tuple[str, date], Any]
) -> Cell:
    run_id, state = states.get((dag_id, night), ("", ""))
    page = f"/dags/{dag_id}/runs/{run_id}" if run_id else ""
    if state in ("running", "queued", "failed"):
        return Cell(state, page)
    # What the ledgers lack is not done, whatever a run says; a gap has nothing to judge.
    is_done = (dag_id, night) not in missing or state == "success"
    return Cell("done" if is_done else "waits", page)
