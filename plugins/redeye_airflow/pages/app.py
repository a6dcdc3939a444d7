"""The app of the pages: the guard in front of every route, errors as pages, no page of FastAPI's own."""

from __future__ import annotations

import logging

import duckdb
import psycopg2
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redeye.declarations.project import project
from redeye.foundation.errors import RedeyeError
from redeye.foundation.masking import mask
from redeye_airflow.pages import (
    action_pages,
    alert_pages,
    audit_pages,
    files,
    model_pages,
    night_pages,
    play_pages,
    prediction_pages,
    report_pages,
)
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import Guard

log = logging.getLogger(__name__)


def create_app() -> FastAPI:
    """The whole app. FastAPI's own pages (`/docs`, `/openapi.json`) would be open to anyone: there are none."""
    app = FastAPI(title="Redeye", docs_url=None, redoc_url=None, openapi_url=None)
    pages = (night_pages, model_pages, prediction_pages, alert_pages, action_pages, play_pages)
    for module in (*pages, report_pages, audit_pages, files):
        app.include_router(module.router)
    app.add_api_route(f"/{project().subject.many}", _redirect_to_predictions)
    app.add_api_route("/acts{rest:path}", _redirect_to_actions)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    for error in (RedeyeError, psycopg2.Error, duckdb.Error):
        app.add_exception_handler(error, _unreachable)
    app.add_middleware(Guard)
    return app


def _redirect_to_predictions(request: Request) -> Response:
    """From the address that the search had, which bookmarks still name."""
    return _redirect(request, "/predictions")


def _redirect_to_actions(request: Request, rest: str) -> Response:
    """From the addresses that actions had."""
    return _redirect(request, f"/actions{rest}")


def _redirect(request: Request, page: str) -> Response:
    """To another of the pages, with the same question: by its path, as a proxy may have another scheme and name."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.scope['root_path']}{page}{query}")


def _show_error(request: Request, code: int, message: str) -> Response:
    return render_page(request, "error.html", status=code, code=code, message=mask(message))


def _refused(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, StarletteHTTPException) else 500
    answer = _show_error(request, code, str(getattr(error, "detail", error)))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _misread(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    message = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in faults)
    return _show_error(request, 400, message or "the address is not understood")


def _unreachable(request: Request, error: Exception) -> Response:
    log.warning("%s %s: %s", request.method, request.url.path, mask(str(error)))
    return _show_error(request, 503, str(error).splitlines()[0] if str(error) else type(error).__name__)
