"""One model: its time line, its quality by week, its drift by feature, its calibration and slices, its cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, HTTPException
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from redeye.champions.promotion_store import read_promotions
from redeye.declarations.calendar import shift_nights
from redeye.declarations.project import project
from redeye.features.input_descriptions import read_descriptions
from redeye.foundation import trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.settings import settings
from redeye.models.artifact_store import read_card
from redeye.models.kinds.interface import find_kind
from redeye.operations import feature_status, measure_slices, model_status, night_status
from redeye.promotion.read_serving import read_serving
from redeye.scoring.outputs_reader import Row
from redeye_airflow.pages import airflow_client, charts
from redeye_airflow.pages.explained_inputs import describe_input
from redeye_airflow.pages.page_data import find_acknowledgements, find_spec, reader
from redeye_airflow.pages.rendering import render_markdown, render_page

router = APIRouter()

LEAST_WEEKS = 4
"""Before so many, quality is shown by night: a line of less says nothing."""
SHOWN_FEATURES = 24
"""With a chart each; the others stand in a table."""


@router.get("/models/{model}")
def model(request: Request, model: str, night: date | None = None) -> Response:
    """What became of a model up to a night."""
    spec, shown = find_spec(model), _find_shown(model, night)
    history = model_status.read_model_history(reader(), spec, shown)
    reports = settings().reports / model
    serving = read_serving(model, shown)
    marks = charts.mark_turns(serving.turns)
    charted = find_kind(spec).charted
    by, plots = draw_quality(history.weeks, history.state.quality, marks, charted)
    return render_page(
        request,
        "models/model.html",
        history=history,
        night=shown,
        model=model,
        serving=serving,
        by=by,
        plots=plots,
        drifted=_draw_shares(history.state.shares, marks),
        features=_features(history.features),
        events=_events(history),
        gates_of=model_status.read_gates,
        blocked=model_status.list_blocked_versions(model),
        recorded=trail.read_times(Catalog.OUTPUTS, "promotions"),
        acknowledged=find_acknowledgements([model]),
        paused=airflow_client.list_paused([f"train_{model}"]),
        reports=sorted((path.name for path in reports.glob("????-??-??")), reverse=True),
        seasons=sorted(path.name for path in (settings().reports / "season").glob(f"{model}-*.html")),
    )


@router.get("/models/{model}/slices")
def model_slices(request: Request, model: str, night: date) -> Response:
    """What the kind shows of the last nights with final labels, as a whole and by slice: read when it is opened."""
    spec = find_spec(model)
    last = shift_nights(night, -spec.label_maturity_nights)
    found = measure_slices.measure(spec, night, shift_nights(last, 1 - model_status.SHOWN_NIGHTS), last)
    drawn = [(block, *charts.draw_block(block, project().subject.many)) for block in found.blocks]
    return render_page(request, "models/slices.html", found=found, drawn=drawn, model=model, night=night)


@router.get("/models/{model}/features")
def features(request: Request, model: str, night: date | None = None) -> Response:
    """How every feature looked on the newest night, the farthest from what the champion learned first."""
    spec, shown = find_spec(model), _find_shown(model, night)
    found = feature_status.read_features(reader(), model, shown)
    described = {each.name: describe_input(each.name, read_descriptions(spec)) for each in found}
    return render_page(
        request, "models/features.html", model=model, night=shown, found=found, described=described
    )


@router.get("/models/{model}/features/{feature}")
def feature(request: Request, model: str, feature: str, night: date | None = None) -> Response:
    """One feature over nights: nulls, mean and range, distinct values, drift."""
    spec, shown = find_spec(model), _find_shown(model, night)
    found = next(
        (each for each in feature_status.read_features(reader(), model, shown) if each.name == feature), None
    )
    if found is None:
        raise HTTPException(
            404, f"{model} has no feature {feature} in the {feature_status.SHOWN_NIGHTS} nights up to {shown}"
        )
    marks = charts.mark_turns(read_serving(model, shown).turns)
    return render_page(
        request,
        "models/feature.html",
        model=model,
        night=shown,
        found=found,
        described=describe_input(feature, read_descriptions(spec)),
        plots=_draw_feature(found, marks),
    )


def _find_shown(model: str, night: date | None) -> date:
    """The night asked for, or the newest.

    Raises:
        HTTPException: 404 if nothing is scored or released.
    """
    shown = night or night_status.find_newest_night(reader())
    if shown is None:
        raise HTTPException(404, f"{model} has no nights yet: nothing is scored or released")
    return shown


def _draw_feature(found: feature_status.FeatureNights, marks: charts.Marks) -> list[tuple[str, Markup]]:
    """The title and the chart of each measure that the feature has."""

    def draw(title: str, *names: str, is_share: bool = False) -> tuple[str, Markup]:
        """By the names of the record's columns, as words."""
        series = {
            name.replace("_", " "): [(row["night"], row[name]) for row in found.quality] for name in names
        }
        return title, charts.lines(series, title=f"{title} by night", marks=marks, is_share=is_share)

    drawn = [draw("Share of nulls", "null_share", is_share=True)]
    if any(row["mean"] is not None for row in found.quality):
        drawn.append(draw("Mean and range", "mean", "minimum", "maximum"))
    drawn.append(draw("Distinct values", "distinct_values"))
    distance = charts.lines(
        {"distance": [(row["night"], row["value"]) for row in found.drift]},
        title="Distance of the week before each night from what the champion learned from",
        threshold=[(row["night"], row["threshold"]) for row in found.drift],
        marks=marks,
    )
    return [*drawn, ("Drift of the week; shaded is what lies above the threshold", distance)]


@router.get("/models/{model}/versions/{version}")
def card(request: Request, model: str, version: int) -> Response:
    """The card of a promoted version."""
    find_spec(model)
    found = [row for row in read_promotions(model) if row.version == version]
    if not found:
        raise HTTPException(404, f"{model} version {version} was never promoted: MLflow has its card")
    card = read_card(found[-1].artifact_uri)
    return render_page(
        request,
        "models/card.html",
        model=model,
        promotion=found[-1],
        serving=read_serving(model),
        text=render_markdown(card) if card else None,
    )


def draw_quality(
    weeks: list[Row], nights: list[Row], marks: charts.Marks, charted: Mapping[str, str]
) -> tuple[str, list[tuple[str, Markup]]]:
    """By what quality is shown, and a chart of each metric: by week once there are `LEAST_WEEKS`, before by night."""
    is_weekly = len({row["night"] for row in weeks}) >= LEAST_WEEKS
    rows, by, before = (weeks, "week", "week from") if is_weekly else (nights, "night", "night")
    return by, [
        (
            title,
            charts.lines(
                charts.series_by_night(rows, metric), title=f"{title}, by {by}", marks=marks, by=before
            ),
        )
        for metric, title in charted.items()
    ]


def _draw_shares(shares: list[Row], marks: charts.Marks) -> Markup:
    """The share of features that drifted in the week that ends with each night."""
    weeks = [row for row in shares if row["span"] == "week"]
    return charts.lines(
        {"share": [(row["night"], row["value"]) for row in weeks]},
        title="Share of the features that drifted in the week before each night",
        threshold=[(row["night"], row["threshold"]) for row in weeks],
        marks=marks,
        is_share=True,
    )


def _features(features: dict[str, list[Row]]) -> list[dict[str, Any]]:
    """Each feature's last night, the farthest beyond its threshold first; the first ones with a chart."""
    found = []
    for name, rows in features.items():
        last = rows[-1]
        ratio = last["value"] / last["threshold"] if last["value"] is not None and last["threshold"] else None
        found.append({**last, "name": name, "ratio": ratio})
    found.sort(key=lambda each: (-(each["ratio"] or -1.0), each["name"]))
    for each in found[:SHOWN_FEATURES]:
        rows = features[each["name"]]
        each["plot"] = charts.lines(
            {"distance": [(row["night"], row["value"]) for row in rows]},
            title=f"{each['name']}: distance of the week before each night",
            threshold=[(row["night"], row["threshold"]) for row in rows],
            is_small=True,
        )
    return found


def _events(history: model_status.ModelHistory) -> list[tuple[date, str, Any]]:
    """Promotions, requests and trainings that kept the champion, the newest first: night, kind, row."""
    # Within a night: asked for, then trained, then promoted, in the order of the ledger.
    events: list[tuple[date, str, Any]] = [
        *((row.decision.night, "requested", row) for row in history.decisions),
        *((row.night, "kept", row) for row in history.state.trainings if not row.is_promoted),
        *((row.decided_night, "promoted", row) for row in history.promotions),
    ]
    return sorted(events, key=lambda each: each[0])[::-1]
