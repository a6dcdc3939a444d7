"""Redeye in the menu: last night at a glance."""

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
from redeye.operations import find_alerts, status
from redeye.operations.logic.alerts import Alert, runbook_page
from redeye.operations.status import ModelState, Morning
from redeye.scoring.outputs_reader import Row
from redeye.sources.configured_source import configured_source
from redeye_airflow.pages import airflow_side, charts
from redeye_airflow.pages.mount import PREFIX
from redeye_airflow.pages.rendering import page, reader

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/")
def morning(request: Request, night: date | None = None) -> Response:
    """Last night, or the one asked for."""
    found = status.morning(reader(), night)
    failures = airflow_side.failed_tasks()
    if found is None:
        return page(
            request, "empty.html", alerts=find_alerts.of_tasks(failures), specs=status.specs(), links=links
        )
    alerts = trouble(found) + find_alerts.of_tasks(failures)
    before, after = status.nearby(found.night, found.newest)
    return page(
        request,
        "morning.html",
        morning=found,
        alerts=alerts,
        links=links,
        coming=coming_day(found.night),
        before=before,
        after=after,
        since=min((state.since for state in found.models if state.since), default=found.night),
        models=[_model(state) for state in found.models],
        acknowledged=acknowledged([state.spec.model for state in found.models]),
    )


def prepare() -> None:
    """Read the page once, so that no visitor waits for connections; if that fails, the first one tries again."""
    try:
        status.morning(reader())
        airflow_side.failed_tasks()
    except (RedeyeError, psycopg2.Error, duckdb.Error, SQLAlchemyError) as error:
        log.warning("the first page cannot be read yet: %s", error)


def trouble(found: Morning) -> list[Alert]:
    """What is wrong after a night, by the clock of now if it is the newest one."""
    is_newest = found.night == found.newest
    return find_alerts.of(found, now=airflow_side.now(), source=configured_source() if is_newest else None)


def links(alert: Alert) -> dict[str, str]:
    """Where an alert leads: to its page, ours or Airflow's, and to the runbook."""
    return {
        "page": alert.page,
        "is_ours": "yes" if alert.page.startswith(f"{PREFIX}/") else "",
        "runbook": runbook_page(alert.kind),
    }


def acknowledged(models: list[str]) -> dict[tuple[str, str], airflow_side.Acted]:
    """Who has acknowledged which verdict, by model and night."""
    found: dict[tuple[str, str], airflow_side.Acted] = {}
    for model in models:
        for row in airflow_side.acts(event="acknowledge", dag_id=f"monitor_{model}"):
            found.setdefault((model, str(row.extra.get("night"))), row)
    return found


def _model(state: ModelState) -> dict[str, Any]:
    return {
        "state": state,
        "plots": {
            metric: charts.lines(
                series(state.quality, metric), title=f"{title} of champion and heuristic by night"
            )
            for metric, title in (("auc", "AUC"), ("log_loss", "Log loss"))
        },
        "means": means(state.quality),
        "share": next((row for row in reversed(state.shares) if row["span"] == "week"), None),
    }


def series(rows: list[Row], metric: str) -> dict[str, list[tuple[date, float | None]]]:
    """One metric of champion and heuristic over nights, for a plot."""
    own = [row for row in rows if row["metric"] == metric]
    return {who: [(row["night"], row[who]) for row in own] for who in ("champion", "heuristic")}


def means(rows: list[Row]) -> dict[str, tuple[float, float]]:
    """Champion and heuristic per metric over all nights given, weighted by rows."""
    found = {}
    for metric in status.METRICS:
        own = [row for row in rows if row["metric"] == metric and row["champion"] is not None]
        own = [row for row in own if row["heuristic"] is not None]
        weight = sum(row["rows"] for row in own)
        if weight:
            found[metric] = (
                sum(row["champion"] * row["rows"] for row in own) / weight,
                sum(row["heuristic"] * row["rows"] for row in own) / weight,
            )
    return found
