"""The first page, `Redeye` in Airflow's menu: last night at a glance."""

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

from redeye.declarations.calendar import coming_day
from redeye.foundation.errors import RedeyeError
from redeye.operations import find_alerts, model_status, night_status
from redeye.operations.model_status import ModelState
from redeye.scoring.outputs_reader import Row
from redeye_airflow.pages import airflow_client, charts
from redeye_airflow.pages.page_data import find_acknowledgements, find_night_alerts, link_alert, reader
from redeye_airflow.pages.rendering import render_page

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/")
def last_night(request: Request, night: date | None = None) -> Response:
    """Last night, or the one asked for."""
    found = night_status.read_morning(reader(), night)
    failures = airflow_client.read_failed_tasks()
    if found is None:
        return render_page(
            request,
            "empty.html",
            alerts=find_alerts.find_task_alerts(failures),
            specs=model_status.specs(),
            links=link_alert,
        )
    alerts = find_night_alerts(found) + find_alerts.find_task_alerts(failures)
    before, after = night_status.find_nearby_nights(found.night, found.newest)
    return render_page(
        request,
        "last_night.html",
        morning=found,
        alerts=alerts,
        links=link_alert,
        coming=coming_day(found.night),
        before=before,
        after=after,
        since=min((state.since for state in found.models if state.since), default=found.night),
        models=[_model(state) for state in found.models],
        acknowledged=find_acknowledgements([state.spec.model for state in found.models]),
    )


def read_once() -> None:
    """Read the page once, so that no visitor waits for connections; if that fails, the first one tries again."""
    try:
        night_status.read_morning(reader())
        airflow_client.read_failed_tasks()
    except (RedeyeError, psycopg2.Error, duckdb.Error, SQLAlchemyError) as error:
        log.warning("the first page cannot be read yet: %s", error)


def _model(state: ModelState) -> dict[str, Any]:
    return {
        "state": state,
        "plots": {
            metric: charts.lines(
                charts.series_by_night(state.quality, metric),
                title=f"{title} of champion and heuristic by night",
            )
            for metric, title in (("auc", "AUC"), ("log_loss", "Log loss"))
        },
        "means": average_metrics(state.quality),
        "share": next((row for row in reversed(state.shares) if row["span"] == "week"), None),
    }


def average_metrics(rows: list[Row]) -> dict[str, tuple[float, float]]:
    """Champion and heuristic per metric over all nights given, weighted by rows."""
    found = {}
    for metric in model_status.METRICS:
        own = [row for row in rows if row["metric"] == metric and row["champion"] is not None]
        own = [row for row in own if row["heuristic"] is not None]
        weight = sum(row["rows"] for row in own)
        if weight:
            found[metric] = (
                sum(row["champion"] * row["rows"] for row in own) / weight,
                sum(row["heuristic"] * row["rows"] for row in own) / weight,
            )
    return found
