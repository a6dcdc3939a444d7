"""One flight's prediction: found, explained, and handed to an auditor as one file."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.declarations.calendar import ONE_DAY
from redeye.operations import model_status, night_status
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.explain_prediction import archive_explanation, explain_prediction
from redeye_airflow.pages.page_data import find_spec, reader
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import find_user

router = APIRouter()

_FLIGHT = re.compile(r"^([A-Z0-9]{2})[ -]?(\d{1,4})?$")
_AIRPORT = re.compile(r"^([A-Z]{3})?$")


@router.get("/predictions")
def search(
    request: Request,
    model: str = "",
    day: str = "",
    flight: str = "",
    origin: str = "",
    destination: str = "",
) -> Response:
    """The search, and what it found; without a day it looks at the last nights."""
    specs = model_status.specs()
    asked = {
        "model": model or next(iter(specs), ""),
        "day": day.strip(),
        "flight": flight.strip().upper(),
        "origin": origin.strip().upper(),
        "destination": destination.strip().upper(),
    }
    is_asked = any(asked[name] for name in ("day", "flight", "origin", "destination"))
    fault, rows = "", []
    if is_asked:
        try:
            rows = _found(asked)
        except ValueError as error:
            fault = str(error)
    return render_page(
        request,
        "predictions/search.html",
        status=400 if fault else 200,
        asked=asked,
        models=list(specs),
        rows=rows,
        is_asked=is_asked,
        fault=fault,
        nights=model_status.SHOWN_NIGHTS,
    )


def _found(asked: dict[str, str]) -> list[dict[str, Any]]:
    find_spec(asked["model"])
    written = _FLIGHT.match(asked["flight"]) if asked["flight"] else None
    if asked["flight"] and written is None:
        raise ValueError("Write the flight as airline and number, such as AA 1, or the airline alone.")
    if not _AIRPORT.match(asked["origin"]) or not _AIRPORT.match(asked["destination"]):
        raise ValueError("Write airports by their three letters, such as JFK.")
    if asked["day"]:
        try:
            night = date.fromisoformat(asked["day"]) - ONE_DAY
        except ValueError as error:
            raise ValueError("Write the day of departure as 2013-04-04.") from error
        first = last = night
    else:
        newest = night_status.find_newest_night(reader())
        if newest is None:
            return []
        first, last = newest - timedelta(days=model_status.SHOWN_NIGHTS - 1), newest
    flight = "-".join(part for part in (written.groups() if written else ()) if part)
    equal = {"origin_id": asked["origin"], "destination_id": asked["destination"]}
    equal["flight_number_id" if "-" in flight else "carrier_id"] = flight
    return reader().find_predictions(
        asked["model"], first, last, {name: value for name, value in equal.items() if value}
    )


@router.get("/predictions/{model}/{lane}/{flight_id}")
def prediction(request: Request, model: str, lane: str, flight_id: str) -> Response:
    """One prediction as it was written; its explanation is fetched after it."""
    return render_page(request, "predictions/prediction.html", row=_row(model, lane, flight_id))


@router.get("/predictions/{model}/{lane}/{flight_id}/explanation")
async def explanation(request: Request, model: str, lane: str, flight_id: str) -> Response:
    """The chain from landing file to probability, walked again in a process of its own."""
    _row(model, lane, flight_id)
    found = await explain_prediction(f"{model}/{lane}/{flight_id}")
    return render_page(request, "predictions/explanation.html", found=found, shown=12)


@router.get("/predictions/{model}/{lane}/{flight_id}/export")
async def export(request: Request, model: str, lane: str, flight_id: str) -> Response:
    """Everything the prediction rests on, as one archive that can be checked offline; the audit log has its hash."""
    _row(model, lane, flight_id)
    name = f"{model}-{lane}-{flight_id}"
    content, sha256 = await archive_explanation(f"{model}/{lane}/{flight_id}")
    airflow_client.record(
        "export",
        user=find_user(request).get_name(),
        dag_id=f"score_{model}",
        extra={"prediction_id": f"{model}/{lane}/{flight_id}", "manifest_sha256": sha256},
    )
    return Response(
        content,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"'},
    )


def _row(model: str, lane: str, flight_id: str) -> dict[str, Any]:
    find_spec(model)
    row = reader().prediction(model, flight_id) if lane == "live" else None
    if row is None:
        raise HTTPException(404, f"there is no prediction {model}/{lane}/{flight_id}")
    return row
