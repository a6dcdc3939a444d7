"""One prediction: found, explained, and handed to an auditor as one file."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from redeye.declarations.calendar import find_night_before, read_local, shift_nights
from redeye.declarations.played_models import find_first_model
from redeye.declarations.project import project
from redeye.features.input_descriptions import read_descriptions
from redeye.models.kinds.interface import find_kind
from redeye.operations import model_status, night_status
from redeye.scoring.logic.outcomes import judge, show_outcomes, summarize_outcomes
from redeye.scoring.outputs_reader import FOUND_ROWS, SORTED_BY, Row
from redeye.warehouse import release_store
from redeye_airflow.pages import airflow_client, charts, explanations
from redeye_airflow.pages.explained_inputs import group_inputs
from redeye_airflow.pages.page_data import find_spec, outcomes_reader, reader
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import check_view, find_user, may_have
from redeye_airflow.vocabulary import CustomView

router = APIRouter()


@router.get("/predictions")
def search(
    request: Request,
    model: str = "",
    day: str = "",
    text: str = "",
    sort: str = "",
    page: Annotated[int, BeforeValidator(lambda typed: typed or 1), Query(ge=1, le=10_000)] = 1,
    to: str = "",
) -> Response:
    """Predictions, the riskiest first: of the last night, or what a search finds; `to=csv` gives all of them as a file.

    It is searched by the columns that the project names, or by a part of any shown text; without a day, in the last
    nights.
    """
    specs, day = model_status.specs(), day.strip()
    models = list(specs)
    searched = [name for name, column in project().subject.columns.items() if column.search]
    asked = {name: request.query_params.get(name, "").strip() for name in searched}
    model = model or find_first_model(specs) or ""
    text, sort = text.strip(), sort.strip() or _find_first_sort(model)
    is_asked = bool(day or text or any(asked.values()))
    fault, rows = "", []
    try:
        find = partial(_find_predictions, model, day, asked, is_newest=not is_asked, text=text, sort=sort)
        rows = find(limit=None) if to == "csv" else find(page=page)
    except ValueError as error:
        fault = str(error)
    if rows:
        rows = _judge_rows(model, rows)
    if to == "csv" and not fault:
        return _write_csv(model, rows)
    night = rows[0]["night"] if rows and (day or not is_asked) else None
    return render_page(
        request,
        "predictions/search.html",
        text=text,
        sort=sort,
        number=page,
        listed=partial(_list_address, request),
        status=400 if fault else 200,
        model=model,
        day=day,
        asked=asked,
        models=models,
        rows=rows,
        most=FOUND_ROWS,
        is_asked=is_asked,
        fault=fault,
        nights=model_status.SHOWN_NIGHTS,
        outcomes=summarize_night(model, night) if night else None,
        **_list_columns(model),
        positive=find_spec(model).target.positive if rows else "",
    )


def _find_first_sort(model: str) -> str:
    """The highest first, of what the model says."""
    spec = model_status.specs().get(model)
    return f"-{find_kind(spec).columns[0]}" if spec else "rank"


def _list_columns(model: str) -> dict[str, list[tuple[str, str]]]:
    """The columns with what the model says and with what the heuristic does, with their heads."""
    spec = model_status.specs().get(model)
    if spec is None:
        return {"shown": [], "baseline": []}
    kind = find_kind(spec)
    baseline = [(kind.baseline_columns[0], "Heuristic")]
    if kind.texts:  # one of several: no column alone says what it expects
        named = zip(kind.columns, kind.baseline_columns, strict=True)
        baseline = [(column, f"Heuristic: {kind.shown[name]}") for name, column in named]
    return {"shown": [*kind.shown.items()], "baseline": baseline}


def _judge_rows(model: str, rows: list[Row]) -> list[Row]:
    """Predictions with what became of them, as far as it is known."""
    nights, key = [row["night"] for row in rows], project().subject.key
    spec = find_spec(model)
    came = outcomes_reader().read_outcomes(spec, min(nights), max(nights))
    return [judge(row, came.get(row[key]), find_kind(spec)) for row in rows]


def summarize_night(model: str, night: date) -> dict[str, Any]:
    """How a whole night came out, whatever of it is listed."""
    spec, subject = find_spec(model), project().subject
    kind = find_kind(spec)
    more = (*kind.columns, *kind.baseline_columns)
    rows = _judge_rows(model, reader().find_predictions(model, night, night, {}, limit=None, more=more))
    final = shift_nights(night, spec.label_maturity_nights)
    release = release_store.latest_release()
    summary = {
        "night": night,
        "rows": len(rows),
        "known": sum(row["result"] is not None for row in rows),
        "hits": sum(row["result"] == "hit" for row in rows),
        "hit": kind.hit,
        "final": final,
        "is_final": release is not None and release.night >= final,
    }
    if not kind.has_classes:
        labels = outcomes_reader().read_labels(spec, night, night)
        blocks = show_outcomes(rows, labels, subject.key, kind)
        return summary | {"drawn": [(block, *charts.draw_block(block, subject.many)) for block in blocks]}
    found = summarize_outcomes(rows)
    bins = [(each.mean_prediction, each.observed_rate, each.rows) for each in found.bins]
    title = f"Predicted against observed share of night {night}"
    return summary | {"found": found, "plot": charts.calibration(bins, title=title, one=subject.many)}


def _list_address(request: Request, **changed: object) -> str:
    """The query of this list with something changed."""
    kept = {
        name: value for name, value in request.query_params.items() if name not in ("page", "to") and value
    }
    return "?" + urlencode({**kept, **changed})


def _write_csv(model: str, rows: list[Row]) -> Response:
    written = io.StringIO()
    names = [name for name in rows[0] if name != "found"] if rows else ["prediction_id"]
    writer = csv.DictWriter(written, names, extrasaction="ignore")
    writer.writeheader()
    local = (
        {
            name: read_local(value).isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in rows
    )
    writer.writerows(local)
    told = {"Content-Disposition": f'attachment; filename="{model}-predictions.csv"'}
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8", headers=told)


def _find_predictions(
    model: str,
    day: str,
    asked: dict[str, str],
    *,
    is_newest: bool,
    sort: str,
    **more: Any,  # noqa: ANN401
) -> list[Row]:
    kind = find_kind(find_spec(model))
    more["more"] = (*kind.texts, *kind.columns, *kind.baseline_columns)
    if sort.removeprefix("-") not in {*project().subject.columns, *SORTED_BY, *more["more"]}:
        raise ValueError(f"Predictions cannot be sorted by {sort}.")
    equal = {name: _read_value(name, typed) for name, typed in asked.items() if typed}
    if day:
        try:
            night = find_night_before(date.fromisoformat(day))
        except ValueError as error:
            raise ValueError("Write the day as 2013-04-04.") from error
        return reader().find_predictions(model, night, night, equal, sort=sort, **more)
    newest = reader().last_night(model) if is_newest else night_status.find_newest_night(reader())
    if newest is None:
        return []
    first = newest if is_newest else shift_nights(newest, 1 - model_status.SHOWN_NIGHTS)
    return reader().find_predictions(model, first, newest, equal, sort=sort, **more)


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
    (row,) = _judge_rows(model, [_row(model, lane, key)])
    positive = find_spec(model).target.positive
    may = {
        "may_explain": may_have(find_user(request), CustomView.EXPLANATIONS),
        "may_export": may_have(find_user(request), CustomView.EXPORT),
    }
    values: dict[str, Any] = {"row": row, "positive": positive, **may, **_list_columns(model)}
    return render_page(request, "predictions/prediction.html", **values)


@router.get("/predictions/{model}/{lane}/{key}/explanation")
async def explanation(request: Request, model: str, lane: str, key: str) -> Response:
    """The chain from landing file to probability, walked again in a process of its own."""
    check_view(find_user(request), CustomView.EXPLANATIONS)
    _row(model, lane, key)
    found = await explanations.explain_prediction(f"{model}/{lane}/{key}", user=find_user(request).get_name())
    groups = group_inputs(found["inputs"], read_descriptions(find_spec(model)))
    kind = find_kind(find_spec(model))
    return render_page(
        request,
        "predictions/explanation.html",
        found=found,
        groups=groups,
        amount=kind.amount,
        said=kind.columns,
    )


@router.post("/predictions/{model}/{lane}/{key}/export")
async def export(request: Request, model: str, lane: str, key: str) -> Response:
    """Everything the prediction rests on, as one archive that can be checked offline; the audit log has its hash.

    By POST, from a page of this site: an address that was followed shall not write into the audit log.
    """
    check_view(find_user(request), CustomView.EXPORT)
    _row(model, lane, key)
    name, user = f"{model}-{lane}-{key}", find_user(request).get_name()
    content, sha256 = await explanations.archive_explanation(f"{model}/{lane}/{key}", user=user)
    airflow_client.record(
        "export",
        user=user,
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
