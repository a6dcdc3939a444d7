"""One night: every delivery, audit, release revision and prediction file."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from redeye.declarations.calendar import coming_day, cutoff
from redeye.foundation.settings import settings
from redeye.operations import find_alerts, night_status
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.page_data import reader
from redeye_airflow.pages.rendering import render_page

router = APIRouter()


@router.get("/nights/{night}")
def night(request: Request, night: date) -> Response:
    """Everything recorded of a night."""
    found = night_status.read_night_history(reader(), night)
    before, after = night_status.find_nearby_nights(night, night_status.find_newest_night(reader()))
    reports = {
        model.spec.model: sorted(
            path.stem for path in (settings().reports / model.spec.model / night.isoformat()).glob("*.html")
        )
        for model in found.models
    }
    return render_page(
        request,
        "night.html",
        found=found,
        coming=coming_day(night),
        cutoff=cutoff(night),
        before=before,
        after=after,
        runs=airflow_client.read_runs(night),
        failures_of=find_alerts.read_failures,
        reports=reports,
    )
