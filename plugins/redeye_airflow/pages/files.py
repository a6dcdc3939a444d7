"""Files behind the login: style and script of the pages, audit pages, drift reports, dbt's docs, exports, cards.

A name is looked up below its folder and nowhere else: what leads out of it, also by a link, is not there.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from redeye.foundation.settings import settings

router = APIRouter()

STATIC = Path(__file__).with_name("static")
# Exactly these: what is not listed is not served.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".md": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
POLICY = "Content-Security-Policy"
# A report is one file with scripts of its own. It gets an origin of its own: no cookie, no storage, no request.
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'self'"
)
# Whatever else is opened in a browser can do nothing at all.
PLAIN_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

DBT_PAGE = "static_index.html"
VALIDATIONS = "validations"
# What a page of Great Expectations brings, or leads to: scripts, styles, pictures, and pages that are not kept.
_BROUGHT = re.compile(
    r"<script\b[^>]*>.*?</script\s*>|<(?:link|img)\b[^>]*>|(?<=\s)on\w+=\"[^\"]*\"", re.IGNORECASE | re.DOTALL
)
_LEADING_OUT = re.compile(r"(<a\b[^>]*?)\shref=\"(?!#)[^\"]*\"", re.IGNORECASE)
# Its verdicts are letters of a font that is not here.
_ICON = re.compile(r"<i\b[^>]*\btext-(success|danger|warning)\b[^>]*></i>", re.IGNORECASE)
_VERDICTS = {"success": "passed", "danger": "failed", "warning": "could not be evaluated"}


@router.get("/static/{path:path}")
def static(path: str) -> Response:
    """Style and script of the pages."""
    return _serve(STATIC, path, {"Cache-Control": "private, max-age=300"})


@router.get("/files/data_docs/{path:path}")
def data_docs(request: Request, path: str) -> Response:
    """Great Expectations' pages, as text without scripts; instead of its lists of pages come ours."""
    root = settings().data_docs
    found = below(root, path or "index.html")
    if found.name == "index.html":
        parts = found.parent.relative_to(root.resolve()).parts
        return RedirectResponse("/".join([f"{request.scope['root_path']}/audits", *parts]))
    if found.suffix != ".html":
        return _serve(root, path, {POLICY: PLAIN_POLICY})
    return HTMLResponse(seal_data_docs(found.read_text("utf-8", "replace")), headers={POLICY: PLAIN_POLICY})


def seal_data_docs(text: str) -> str:
    """A page of Great Expectations that needs nothing else: verdicts in words, our style, links within it alone."""
    text = _LEADING_OUT.sub(r"\1", _BROUGHT.sub("", text))
    text = _ICON.sub(lambda icon: f'<b class="text-{icon[1]}">{_VERDICTS[icon[1]]}</b>', text)
    style = "".join((STATIC / name).read_text("utf-8") for name in ("redeye.css", "data_docs.css"))
    return text.replace("</head>", f"<style>{style}</style></head>", 1)


@router.get("/files/reports/{path:path}")
def reports(path: str) -> Response:
    """Drift reports, and reports of seasons and impacts."""
    return _serve(settings().reports, path, {POLICY: REPORT_POLICY})


@router.get("/files/dbt/")
def dbt_docs() -> Response:
    """The documentation of dbt: one page that holds its catalog; `./redeye docs` renders it."""
    return _serve(find_dbt_folder(), DBT_PAGE, {POLICY: REPORT_POLICY})


def find_dbt_folder() -> Path:
    """Where `./redeye docs` leaves its page."""
    return settings().home / "dbt" / "target"


@router.get("/files/exports/{path:path}")
def exports(path: str) -> Response:
    """The consumers' files, as a download."""
    root = settings().exports
    if not isinstance(root, Path):
        raise HTTPException(404, f"the prediction files lie in {settings().exports_url}, not on this machine")
    name = f'attachment; filename="{path.replace("/", "-")}"'
    return _serve(root, path, {POLICY: PLAIN_POLICY, "Content-Disposition": name})


def below(root: Path, path: str) -> Path:
    """The file of that name below a folder.

    Raises:
        HTTPException: 404 if there is none, or if the name leads out of the folder.
    """
    try:
        found = (root / path).resolve(strict=True)
        top = root.resolve(strict=True)
    except (OSError, ValueError) as error:
        raise HTTPException(404, "there is no such file") from error
    if not found.is_relative_to(top) or not found.is_file() or found.suffix not in TYPES:
        raise HTTPException(404, "there is no such file")
    return found


def _serve(root: Path, path: str, headers: dict[str, str]) -> FileResponse:
    found = below(root, path)
    return FileResponse(found, media_type=TYPES[found.suffix], headers=headers)
