"""Nights: the first page, `Redeye` in Airflow's menu, with the last one at a glance; and everything of any one."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import duckdb
import psycopg2
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from redeye.declarations.calendar import cutoff, list_coming_days
from redeye.features.known_past import read_caveats_of_night
from redeye.foundation.errors import RedeyeError
from redeye.foundation.settings import settings
from redeye.models.kinds.interface import capitalize, find_kind
from redeye.operations import find_alerts, model_status, night_status
from redeye.operations.model_status import ModelState
from redeye.promotion.read_serving import read_serving
from redeye.scoring.outputs_reader import Row
from redeye_airflow.pages import airflow_client, charts
from redeye_airflow.pages.page_data import (
    find_acknowledgements,
    find_night_alerts,
    read_morning,
    reader,
    split_seen,
)
from redeye_airflow.pages.rendering import render_page

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/")
def last_night(request: Request, night: date | None = None) -> Response:
    """Last night, or the one asked for."""
    found = read_morning(night)
    alerts = find_alerts.find_task_alerts(airflow_client.read_failed_tasks())
    if found is None:
        return render_page(request, "empty.html", alerts=alerts, specs=model_status.specs())
    before, after = night_status.find_nearby_nights(found.night, found.newest)
    acknowledged = find_acknowledgements([state.spec.model for state in found.models])
    is_folded = len(found.models) > night_status.NAMED_MODELS
    unseen, seen = split_seen(find_night_alerts(found), found, acknowledged)
    return render_page(
        request,
        "last_night.html",
        morning=found,
        alerts=unseen + alerts,
        seen=seen,
        colours=sorted(found.list_colours()),
        waiting=found.list_waiting(),
        paused=airflow_client.list_paused([f"train_{state.spec.model}" for state in found.models]),
        coming=list_coming_days(found.night),
        before=before,
        after=after,
        models=[
            {"state": state} if is_folded else _model(state, found.night)
            for state in sorted(found.models, key=lambda state: found.rank_finding(state.spec.model))
        ],
        shares={state.spec.model: _find_share(state) for state in found.models},
        is_folded=is_folded,
        acknowledged=acknowledged,
    )


def read_once() -> None:
    """Read the page once, so that no visitor waits for connections; if that fails, the first one tries again."""
    try:
        read_morning()
        airflow_client.read_failed_tasks()
    except (RedeyeError, psycopg2.Error, duckdb.Error, SQLAlchemyError) as error:
        log.warning("the first page cannot be read yet: %s", error)


def _model(state: ModelState, night: date) -> dict[str, Any]:
    """How a model stands, with plots of its two most telling metrics."""
    marks = charts.mark_turns(read_serving(state.spec.model, night).turns)
    kind = find_kind(state.spec)
    others = [name for name in kind.charted if name != kind.scored.LOSS]
    telling = next((name for name in others if name in kind.scored.HIGHER_IS_BETTER), others[0])
    return {
        "state": state,
        "plots": {
            metric: charts.lines(
                charts.series_by_night(state.quality, metric),
                title=f"{capitalize(kind.scored.TITLES[metric])} of champion and heuristic by night",
                marks=marks,
            )
            for metric in (telling, kind.scored.LOSS)
        },
        "titles": kind.charted,
        "means": model_status.average_metrics(state.quality),
    }


def _find_share(state: ModelState) -> Row | None:
    """The share of features that drifted in the newest week that was measured."""
    return next((row for row in reversed(state.shares) if row["span"] == "week"), None)


@router.get("/nights/{night}")
def night(request: Request, night: date) -> Response:
    """Every delivery, audit, release revision and prediction file of a night."""
    found = night_status.read_night_history(reader(), night)
    before, after = night_status.find_nearby_nights(night, night_status.find_newest_night(reader()))
    folders = {name: settings().reports / name / night.isoformat() for name in found.files}
    return render_page(
        request,
        "night.html",
        found=found,
        caveats=read_caveats_of_night(night, [state.spec for state in found.models]),
        coming=list_coming_days(night),
        cutoff=cutoff(night),
        before=before,
        after=after,
        runs=airflow_client.read_runs(night),
        failures_of=find_alerts.read_failures,
        reports={name: sorted(path.stem for path in each.glob("*.html")) for name, each in folders.items()},
    )
