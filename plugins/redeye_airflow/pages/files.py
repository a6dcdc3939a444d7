"""Files behind the login: style and script of the pages, audit pages, drift reports, dbt's docs, exports, cards.

A name is looked up below its folder and nowhere else: what leads out of it, also by a link, is not there.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from redeye.foundation.settings import settings
from redeye_airflow.pages.rendering import render_page

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
# Data Docs are many files. Of scripts they get ours alone, which sets the theme.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "form-action 'none'; frame-ancestors 'self'"
)
# Whatever else is opened in a browser can do nothing at all.
PLAIN_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

DBT_PAGE = "static_index.html"
_VALIDATIONS = "validations"
_FROM_ELSEWHERE = re.compile(
    r"<script\b[^>]*>.*?</script>|<link\b[^>]*href=\"https?://[^>]*>|<img\b[^>]*src=\"https?://[^>]*>",
    re.IGNORECASE | re.DOTALL,
)


@router.get("/static/{path:path}")
def static(path: str) -> Response:
    """Style and script of the pages."""
    return _serve(STATIC, path, {"Cache-Control": "private, max-age=300"})


@router.get("/files/data_docs/{path:path}")
def data_docs(request: Request, path: str) -> Response:
    """Pages of audits. They come with links to scripts and styles elsewhere, which are left out here.

    A site's own index is filled in by such a script: ours lists its pages instead.
    """
    found = below(settings().data_docs, path or "index.html")
    if found.suffix != ".html":
        return _serve(settings().data_docs, path, {POLICY: DOCS_POLICY})
    if found.name == "index.html" and (found.parent / _VALIDATIONS).is_dir():
        pages = sorted(found.parent.glob(f"{_VALIDATIONS}/**/*.html"))
        return render_page(
            request,
            "files/data_docs_site.html",
            subject=found.parent.parent.name,
            pages=[
                (one.relative_to(found.parent).parts[1], one.relative_to(settings().data_docs.resolve()))
                for one in pages
            ],
        )
    text = _FROM_ELSEWHERE.sub("", found.read_text(encoding="utf-8", errors="replace"))
    static = f"{request.scope['root_path']}/static"
    ours = (
        f'<script src="{static}/redeye.js"></script>'
        f'<link rel="stylesheet" href="{static}/redeye.css"><link rel="stylesheet" href="{static}/data_docs.css">'
    )
    return HTMLResponse(text.replace("</head>", f"{ours}</head>", 1), headers={POLICY: DOCS_POLICY})


@router.get("/files/reports/{path:path}")
def reports(path: str) -> Response:
    """Drift reports, and reports of seasons and impacts."""
    return _serve(settings().reports, path, {POLICY: REPORT_POLICY})


@router.get("/files/dbt/")
def dbt_docs() -> Response:
    """The documentation of dbt: one page that holds its catalog; `redeye docs` renders it."""
    return _serve(find_dbt_folder(), DBT_PAGE, {POLICY: REPORT_POLICY})


def find_dbt_folder() -> Path:
    """Where `redeye docs` leaves its page."""
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
