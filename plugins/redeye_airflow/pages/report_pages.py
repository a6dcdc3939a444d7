"""Reports that others draw (drift, seasons, dbt's docs), each in a sealed frame below a bar that leads back.

A report has an origin of its own, so that Airflow cannot see where its frame went: opened bare, it would stay there
whatever is clicked in Airflow's menu.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.foundation.settings import settings
from redeye.operations import model_status
from redeye_airflow.pages import files
from redeye_airflow.pages.rendering import render_page

router = APIRouter()


@dataclass(frozen=True)
class Framed:
    """A report in its frame.

    Attributes:
        title: what it is.
        subject: what it is of.
        source: of the frame, below the pages.
        back: where the bar leads, and that place's name.
        others: of the same night or season, by name.
        file_name: as which it is downloaded.
    """

    title: str
    subject: str
    source: str
    back: tuple[str, str]
    others: tuple[tuple[str, str], ...] = ()
    file_name: str = "report.html"


@router.get("/reports/{path:path}")
def report(request: Request, path: str) -> Response:
    """A drift report, or a report of a season."""
    found = files.below(settings().reports, path)
    if found.suffix != ".html":
        raise HTTPException(404, "there is no such report")
    return render_framed(request, describe_report(PurePosixPath(path)))


@router.get("/dbt")
def dbt_docs(request: Request) -> Response:
    """The documentation of dbt, if it is rendered."""
    if not (files.find_dbt_folder() / files.DBT_PAGE).is_file():
        return render_page(request, "files/dbt_missing.html")
    shown = Framed(
        "dbt docs", "of the newest release", "/files/dbt/", ("/", "last night"), (), "dbt-docs.html"
    )
    return render_framed(request, shown)


def describe_report(path: PurePosixPath) -> Framed:
    """What a report below the folder of reports is, by its path."""
    source, name = f"/files/reports/{path}", "-".join(path.parts)
    first, *rest = path.parts
    if first in model_status.specs() and len(rest) == 2 and (night := _read_night(rest[0])):
        beside = sorted(each.name for each in (settings().reports / first / rest[0]).glob("*.html"))
        return Framed(
            "Drift report",
            f"of {first}, {path.stem} {'' if path.stem == 'night' else 'to night '}{night}",
            source,
            (f"/nights/{night}", f"night {night}"),
            tuple((PurePosixPath(each).stem, f"/reports/{first}/{night}/{each}") for each in beside),
            name,
        )
    models = [model for model in model_status.specs() if path.name.startswith(f"{model}-")]
    back = (f"/models/{models[0]}", models[0]) if models else ("/", "last night")
    return Framed(f"{first.capitalize()} report", f"of {path.stem}", source, back, (), name)


def _read_night(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def render_framed(request: Request, shown: Framed) -> Response:
    """The page around a report."""
    return render_page(request, "files/framed.html", shown=shown)
