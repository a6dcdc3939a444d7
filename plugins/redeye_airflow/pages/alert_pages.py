"""Alerts: what is wrong now, what was sent to whom it concerns, and the runbook."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from redeye.foundation import disk
from redeye.foundation.settings import ENGINE, settings
from redeye.operations import apprise_alerts, find_alerts
from redeye.operations.logic.alerts import Alert
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.page_data import find_acknowledgements, find_night_alerts, read_morning, split_seen
from redeye_airflow.pages.rendering import render_markdown, render_page

router = APIRouter()

RUNBOOK = ENGINE / "docs" / "guides" / "runbook.md"
_SHOWN = 100


@router.get("/alerts")
def alerts(request: Request) -> Response:
    """What is wrong now, read anew, and the last messages."""
    found, seen = read_morning(), list[Alert]()
    usage = disk.measure_usage(settings())
    current = find_alerts.find_task_alerts(airflow_client.read_failed_tasks())
    if found is not None:
        acknowledged = find_acknowledgements([state.spec.model for state in found.models])
        unseen, seen = split_seen(find_night_alerts(found), found, acknowledged)
        current = unseen + current
    current += find_alerts.find_disk_alerts(usage, found.night if found else None, airflow_client.now())
    return render_page(
        request,
        "alerts.html",
        current=current,
        seen=seen,
        history=apprise_alerts.history(limit=_SHOWN),
        usage=usage,
        is_sent=bool(settings().alert_urls.get_secret_value()),
    )


@router.get("/runbook")
def runbook(request: Request) -> Response:
    """What to do about each alert."""
    return render_page(request, "runbook.html", text=render_markdown(RUNBOOK.read_text(encoding="utf-8")))
