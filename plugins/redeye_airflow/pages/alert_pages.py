"""Alerts: what is wrong now, what was told to whom it concerns, and the runbook."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from redeye.foundation import disk
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.operations import apprise_alerts as told
from redeye.operations import find_alerts, status
from redeye_airflow.pages import airflow_side
from redeye_airflow.pages.model_pages import rendered
from redeye_airflow.pages.morning_page import links, trouble
from redeye_airflow.pages.rendering import page, reader

router = APIRouter()

RUNBOOK = PROJECT_ROOT / "docs" / "guides" / "runbook.md"
_SHOWN = 100


@router.get("/alerts")
def alerts(request: Request) -> Response:
    """What stands now, read anew, and the last messages."""
    found = status.morning(reader())
    usage = disk.usage(settings())
    standing = find_alerts.of_tasks(airflow_side.failed_tasks())
    if found is not None:
        standing = trouble(found) + standing
    standing += find_alerts.of_disk(usage, found.night if found else None, airflow_side.now())
    return page(
        request,
        "alerts.html",
        standing=standing,
        history=told.history(limit=_SHOWN),
        usage=usage,
        links=links,
        is_sent=bool(settings().alert_urls.get_secret_value()),
    )


@router.get("/runbook")
def runbook(request: Request) -> Response:
    """What to do about each alert."""
    return page(request, "runbook.html", text=rendered(RUNBOOK.read_text(encoding="utf-8")))
