"""One prediction: found, explained, and handed to an auditor as one file."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.declarations.calendar import ONE_DAY
from redeye.declarations.project import project
from redeye.operations import model_status, night_status
from redeye.scoring.outputs_reader import FOUND_ROWS, Row
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.explain_prediction import archive_explanation, explain_prediction
from redeye_airflow.pages.page_data import find_spec, reader
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import find_user

router = APIRouter()


@router.get("/predictions")
def search(request: Request, model: str = "", day: str = "") -> Response:
    """The search, by the columns that the project names for it; without a day it looks at the last nights."""
    specs = model_status.specs()
    asked = {
        name: request.query_params.get(name, "").strip()
        for name, column in project().subject.columns.items()
        if column.search
    }
    model, day = model or next(iter(specs), ""), day.strip()
    is_asked = bool(day or any(asked.values()))
    fault, rows = "", []
    if is_asked:
        try:
            rows = _find_predictions(model, day, asked)
        except ValueError as error:
            fault = str(error)
    return render_page(
        request,
        "predictions/search.html",
        status=400 if fault else 200,
        model=model,
        day=day,
        asked=asked,
        models=list(specs),
        rows=rows,
        most=FOUND_ROWS,
        is_asked=is_asked,
        fault=fault,
        nights=model_status.SHOWN_NIGHTS,
    )


def _find_predictions(model: str, day: str, asked: dict[str, str]) -> list[Row]:
    find_spec(model)
    equal = {name: _read_value(name, typed) for name, typed in asked.items() if typed}
    if day:
        try:
            night = date.fromisoformat(day) - ONE_DAY
        except ValueError as error:
            raise ValueError("Write the day as 2013-04-04.") from error
        return reader().find_predictions(model, night, night, equal)
    newest = night_status.find_newest_night(reader())
    if newest is None:
        return []
    return reader().find_predictions(
        model, newest - timedelta(days=model_status.SHOWN_NIGHTS - 1), newest, equal
    )


def _read_value(name: str, typed: str) -> str:
    subject = project().subject
    how = subject.columns[name].search
    value = how.read(typed) if how else None
    if how is None or value is None:
        raise ValueError(f"{subject.title(name).capitalize()}: write it as {how.example if how else name}.")
    return value


@router.get("/predictions/{model}/{lane}/{key}")
def prediction(request: Request, model: str, lane: str, key: str) -> Response:
    """One prediction as it was written; its explanation is fetched after it."""
    return render_page(request, "predictions/prediction.html", row=_row(model, lane, key))


@router.get("/predictions/{model}/{lane}/{key}/explanation")
async def explanation(request: Request, model: str, lane: str, key: str) -> Response:
    """The chain from landing file to probability, walked again in a process of its own."""
    _row(model, lane, key)
    found = await explain_prediction(f"{model}/{lane}/{key}")
    return render_page(request, "predictions/explanation.html", found=found, shown=12)


@router.get("/predictions/{model}/{lane}/{key}/export")
async def export(request: Request, model: str, lane: str, key: str) -> Response:
    """Everything the prediction rests on, as one archive that can be checked offline; the audit log has its hash."""
    _row(model, lane, key)
    name = f"{model}-{lane}-{key}"
    content, sha256 = await archive_explanation(f"{model}/{lane}/{key}")
    airflow_client.record(
        "export",
        user=find_user(request).get_name(),
        dag_id=f"score_{model}",
        extra={"prediction_id": f"{model}/{lane}/{key}", "manifest_sha256": sha256},
    )
    return Response(
        content,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"'},
    )


def _row(model: str, lane: str, key: str) -> Row:
    find_spec(model)
    row = reader().prediction(model, key) if lane == "live" else None
    if row is None:
        raise HTTPException(404, f"there is no prediction {model}/{lane}/{key}")
    return row
