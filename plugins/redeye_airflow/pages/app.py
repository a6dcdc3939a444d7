"""The app of the pages: the guard in front of every route, errors as pages, no page of FastAPI's own."""

from __future__ import annotations

import logging

import duckdb
import psycopg2
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redeye.declarations.project import project
from redeye.foundation.errors import RedeyeError
from redeye_airflow.pages import (
    action_pages,
    alert_pages,
    files,
    last_night_page,
    model_pages,
    night_pages,
    prediction_pages,
)
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import Guard

log = logging.getLogger(__name__)

_BAD, _UNREACHABLE = 400, 503


def create_app() -> FastAPI:
    """The whole app. FastAPI's own pages (`/docs`, `/openapi.json`) would be open to anyone: there are none."""
    app = FastAPI(title="Redeye", docs_url=None, redoc_url=None, openapi_url=None)
    for module in (
        last_night_page,
        model_pages,
        night_pages,
        prediction_pages,
        alert_pages,
        action_pages,
        files,
    ):
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
    return RedirectResponse(request.url.replace(path=f"{request.scope['root_path']}/predictions"))


def _redirect_to_actions(request: Request, rest: str) -> Response:
    """From the addresses that actions had."""
    return RedirectResponse(request.url.replace(path=f"{request.scope['root_path']}/actions{rest}"))


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException | StarletteHTTPException) else 500
    message = str(getattr(error, "detail", error))
    return render_page(request, "error.html", status=status, code=status, message=message)


def _misread(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    message = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in faults)
    return render_page(
        request, "error.html", status=_BAD, code=_BAD, message=message or "the address is not understood"
    )


def _unreachable(request: Request, error: Exception) -> Response:
    log.warning("%s %s: %s", request.method, request.url.path, error)
    message = str(error).splitlines()[0] if str(error) else type(error).__name__
    return render_page(request, "error.html", status=_UNREACHABLE, code=_UNREACHABLE, message=message)
