"""The API: predictions of models by HTTP, answered from memory, nothing without a token.

`make_app` gives the FastAPI app; `serve` runs it until it is told to stop.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from redeye.declarations.calendar import zone
from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.foundation.masking import mask
from redeye.models.kinds.interface import find_kind
from redeye.serving.formats import write_json
from redeye.serving.logic.queries import (
    JSON,
    MEDIA_TYPES,
    BadQuery,
    describe_columns,
    negotiate,
    read_night,
    read_query,
)
from redeye.serving.logic.tokens import Token, hash_token, read_bearer
from redeye.serving.night import Night
from redeye.serving.night_cache import UNREADABLE, LakeStore, NightCache
from redeye.serving.openapi import (
    PROBLEM,
    describe_answers,
    describe_night,
    describe_parameters,
    describe_security,
)

log = logging.getLogger(__name__)

OPEN_PATH = "/healthz"
SWITCH_SECONDS = 0.0005
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}


def make_problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """An error as RFC 9457 has it."""
    title = HTTPStatus(status).phrase
    body = write_json({"type": "about:blank", "title": title, "status": status, "detail": detail, **more})
    return Response(body, status, headers=dict(headers or {}), media_type=PROBLEM)


def _make_unavailable() -> Response:
    return make_problem(503, "The ledgers cannot be read: try again later.", {"Retry-After": "10"})


class RequireToken:
    """Lets nothing but a valid token through, whatever is asked for; the token is the request's state."""

    def __init__(self, app: ASGIApp, cache: NightCache) -> None:
        self._app, self._cache = app, cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 without a token that is valid, 503 if nobody can say whether it is."""
        if scope["type"] != "http" or scope["path"] == OPEN_PATH:
            await self._app(scope, receive, send)
            return
        if not self._cache.is_fresh:
            await _make_unavailable()(scope, receive, send)
            return
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        text = read_bearer(header.decode("latin-1"))
        token = self._cache.tokens.get(hash_token(text)) if text else None
        if token is None or not token.is_valid(datetime.now(UTC)):
            told = "Send `Authorization: Bearer <token>`: `./redeye tokens create` makes one."
            detail = "The token is unknown, expired or revoked." if text else "There is no token."
            answer = make_problem(401, f"{detail} {told}", {"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["token"] = token
        await self._app(scope, receive, send)


def make_app(cache: NightCache | None = None) -> FastAPI:
    """The app over a cache, which looks for what is new while the app runs."""
    known = cache or NightCache(LakeStore())

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        stopped = threading.Event()
        await run_in_threadpool(known.try_look)
        thread = threading.Thread(target=known.watch, args=(stopped,), name="look", daemon=True)
        thread.start()
        yield
        stopped.set()
        await run_in_threadpool(thread.join)

    app = FastAPI(
        title=f"Predictions of {project().project}",
        version="1",
        description="Read-only. Every answer says which night it is of and whether it is degraded.",
        docs_url=None,
        redoc_url=None,
        lifespan=run,
        redirect_slashes=False,
    )
    app.add_middleware(RequireToken, cache=known)
    app.add_exception_handler(StarletteHTTPException, _answer_error)
    for kind in UNREADABLE:
        app.add_exception_handler(kind, _answer_unreadable)
    app.state.cache = known
    _add_routes(app, known)
    describe_security(app)
    return app


async def _answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  it is registered for these alone
    return make_problem(error.status_code, str(error.detail), error.headers)


async def _answer_unreadable(request: Request, error: Exception) -> Response:
    log.warning("%s could not be answered: %s", request.url.path, mask(str(error)))
    return _make_unavailable()


def _add_routes(app: FastAPI, cache: NightCache) -> None:
    listed = describe_parameters(project().subject, map(find_kind, cache.specs.values()))
    app.add_api_route(
        OPEN_PATH, healthz, summary="Whether it can answer", responses=describe_answers(200, 503)
    )
    app.add_api_route(
        "/v1/models",
        list_models,
        summary="The models that the token opens",
        responses=describe_answers(200, 304, 401, 503),
    )
    table = describe_answers(*_ANSWERS, is_table=True)
    app.add_api_route(
        "/v1/models/{model}/predictions/latest",
        read_latest,
        summary="The newest night's predictions",
        responses=table,
        openapi_extra={"parameters": listed},
    )
    app.add_api_route(
        "/v1/models/{model}/predictions",
        read_predictions,
        summary="A night's predictions",
        responses=table,
        openapi_extra={"parameters": [describe_night(), *listed]},
    )
    app.add_api_route(
        "/v1/models/{model}/predictions/{key}",
        read_prediction,
        summary="One prediction, by the key of what it is of",
        responses=table,
    )


def _find_cache(request: Request) -> NightCache:
    found: NightCache = request.app.state.cache
    return found


async def healthz(request: Request) -> Response:
    """Whether the ledgers can be read; no data, and no token needed."""
    if _find_cache(request).is_fresh:
        return Response(b'{"status":"ok"}', media_type=JSON)
    return make_problem(503, "The ledgers cannot be read.")


async def list_models(request: Request) -> Response:
    """What they predict, the columns of their answers, and how fresh each is."""
    token: Token = request.state.token
    cache = _find_cache(request)
    found = [_describe_model(spec, cache) for name, spec in cache.specs.items() if token.opens(name)]
    body = write_json({"models": found})
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _answer(request, body, etag, JSON, {})


async def read_latest(request: Request, model: str) -> Response:
    """Filtered by any column, sorted and paged; JSON, CSV or Parquet by `Accept`."""
    _require_model(request, model)
    night = _find_cache(request).find_latest(model)
    if night is None:
        raise HTTPException(404, f"{model}: no night is scored yet")
    return _answer_table(request, night, skipped=())


async def read_predictions(request: Request, model: str) -> Response:
    """As the latest, of a night that is named; with outcomes, once they are known."""
    _require_model(request, model)
    asked = request.query_params.getlist("night")
    if len(asked) != 1:
        raise HTTPException(400, f"night: give one, as 2013-04-04, got {asked or 'none'}")
    try:
        wanted = read_night(asked[0])
    except BadQuery as error:
        raise HTTPException(400, str(error)) from error
    cache = _find_cache(request)
    # What is in memory is not worth a thread.
    night = cache.find_kept(model, wanted) or await run_in_threadpool(cache.find_night, model, wanted)
    if night is None:
        newest = cache.find_latest(model)
        told = f"the newest is {newest.about['night']}" if newest else "none is yet"
        raise HTTPException(404, f"night: {wanted} of {model} is not scored; {told}")
    return _answer_table(request, night, skipped=("night",))


async def read_prediction(request: Request, model: str, key: str) -> Response:
    """The prediction of whichever night has it."""
    _require_model(request, model)
    if request.query_params:
        raise HTTPException(400, f"{next(iter(request.query_params))!r} is no parameter: there is none here")
    kind = _negotiate(request)
    cache = _find_cache(request)
    # What is in memory is not worth a thread.
    found = cache.find_newest_prediction(model, key) or await run_in_threadpool(
        cache.find_prediction, model, key
    )
    if found is None:
        raise HTTPException(404, f"{key!r} is no {project().subject.key} of a prediction of {model}")
    night, place = found
    body = night.write_prediction(place, kind)
    return _answer(request, body, night.make_etag(kind, key), kind, night.headers)


_ANSWERS = (200, 304, 400, 401, 403, 404, 406, 503)


def _describe_model(spec: Spec, cache: NightCache) -> dict[str, Any]:
    latest = cache.find_latest(spec.model)
    columns = describe_columns(project().subject, find_kind(spec), spec.target.positive)
    return {
        "model": spec.model,
        "description": spec.description,
        "owner": spec.owner,
        "columns": [
            {"name": name, "type": kind, "description": meaning} for name, (kind, meaning) in columns.items()
        ],
        "latest": latest.about if latest else None,
    }


def _require_model(request: Request, model: str) -> None:
    token: Token = request.state.token
    specs = _find_cache(request).specs
    if not token.opens(model):
        raise HTTPException(403, f"the token does not open {model!r}: it opens {', '.join(token.models)}")
    if model not in specs:
        raise HTTPException(404, f"there is no model {model!r}: there are {', '.join(sorted(specs))}")


def _negotiate(request: Request) -> str:
    accept = request.headers.get("accept")
    kind = negotiate(accept)
    if kind is None:
        raise HTTPException(406, f"Accept: {accept!r} asks for none of {', '.join(MEDIA_TYPES)}")
    return kind


def _answer_table(request: Request, night: Night, *, skipped: tuple[str, ...]) -> Response:
    # The same words may ask for more than is allowed elsewhere.
    kind, asked = _negotiate(request), f"{','.join(skipped)}?{request.url.query}"
    answers = _find_cache(request).answers
    kept = answers.find(night, kind, asked)
    if kept is None:
        given = [(name, text) for name, text in request.query_params.multi_items() if name not in skipped]
        try:
            spec = _find_cache(request).specs[night.about["model"]]
            query = read_query(given, project().subject, find_kind(spec), zone())
        except BadQuery as error:
            raise HTTPException(400, str(error)) from error
        kept = (night.write_table(query, kind), night.make_etag(kind, asked))
        answers.keep(night, kind, asked, kept)
    return _answer(request, *kept, kind, night.headers)


def _answer(request: Request, body: bytes, etag: str, kind: str, told: Mapping[str, str]) -> Response:
    headers = {"ETag": etag, **HEADERS, **told}
    if sent := request.headers.get("if-none-match"):
        asked = [each.strip().removeprefix("W/") for each in sent.split(",")]
        if etag in asked or "*" in asked:
            return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)


def serve(host: str, port: int) -> None:
    """Answer until told to stop."""
    # A new night is read by a thread beside the answers: they are not to wait five milliseconds for each of its turns.
    sys.setswitchinterval(SWITCH_SECONDS)
    uvicorn.run(make_app(), host=host, port=port, access_log=False, server_header=False, log_level="warning")
