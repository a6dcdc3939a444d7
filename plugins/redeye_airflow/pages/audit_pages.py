"""Audits, each on a page of ours: what was expected and observed, and why; Great Expectations' own page behind it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.audits import data_docs
from redeye.foundation.settings import settings
from redeye_airflow.pages.files import VALIDATIONS, below
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.report_pages import Framed, render_framed

router = APIRouter()

_NIGHT = re.compile(r"\d{4}-\d\d-\d\d")


@router.get("/audits")
def audits(request: Request) -> Response:
    """Every audit that has a site, the newest first."""
    folder = settings().data_docs
    sites = data_docs.list_sites(folder)[::-1] if folder.is_dir() else []
    return render_page(request, "audits/list.html", sites=sites[: data_docs.LISTED], number=len(sites))


@router.get("/audits/{subject}/{digest}")
def audit(request: Request, subject: str, digest: str) -> Response:
    """One audit: each expectation, met or not."""
    site = _find_site(subject, digest)
    results = site / data_docs.RESULTS
    found = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    refusals = sorted((site / data_docs.REFUSALS).glob("*.txt"))
    title = str(found.get("subject") or subject)
    pages = {path.relative_to(site).parts[1] for path in (site / VALIDATIONS).glob("**/*.html")}
    return render_page(
        request,
        "audits/audit.html",
        subject_of_audit=title,
        address=(subject, digest),
        night=_find_night(title),
        is_refused=bool(refusals),
        suites=_group_by_suite(found.get("suites", []), pages),
        pages=sorted(pages),
        told=[] if found else [path.read_text(encoding="utf-8") for path in refusals],
    )


@router.get("/audits/{subject}/{digest}/{suite}")
def own_page(request: Request, subject: str, digest: str, suite: str) -> Response:
    """Great Expectations' own page of a suite, in a frame."""
    site = _find_site(subject, digest)
    found = next(iter(sorted((site / VALIDATIONS / data_docs.slug(suite)).glob("**/*.html"))), None)
    if found is None:
        raise HTTPException(404, "there is no such page")
    source = f"/files/data_docs/{found.relative_to(settings().data_docs.resolve())}"
    back = (f"/audits/{subject}/{digest}", "the audit")
    return render_framed(
        request, Framed("Great Expectations", f"on {suite} of {subject}", source, back, (), f"{suite}.html")
    )


def _find_site(subject: str, digest: str) -> Path:
    return below(settings().data_docs, f"{subject}/{digest}/{data_docs.INDEX}").parent


def _find_night(subject: str) -> str | None:
    found = _NIGHT.search(subject)
    return found[0] if found else None


def _group_by_suite(suites: list[dict[str, Any]], pages: set[str]) -> list[dict[str, Any]]:
    """What was judged by each suite, a profile by its own, refused ones first and in them what was not met."""
    grouped: dict[str, dict[str, list[Any]]] = {}
    for result in suites:
        grouped.setdefault(result["suite"], {"checks": [], "failures": []})
        for kind in ("checks", "failures"):
            for each in result[kind]:
                grouped.setdefault(each["suite"], {"checks": [], "failures": []})[kind].append(each)
    shown = [
        {
            "name": name,
            "is_success": not parts["failures"],
            "failures": parts["failures"],
            "checks": sorted(parts["checks"], key=lambda each: each["is_met"]),
            "page": data_docs.slug(name) if data_docs.slug(name) in pages else None,
        }
        for name, parts in grouped.items()
    ]
    return sorted(shown, key=lambda each: each["is_success"])
