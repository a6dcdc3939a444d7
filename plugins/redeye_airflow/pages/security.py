"""Who may see the pages, who may action, and what a browser may do with what it gets.

Nothing is answered without Airflow's login: the guard stands before the routes, so that a page that does not
exist, a file and a style sheet ask for it as much as any other. What a user may do is asked of Airflow's auth
manager. An action needs, beside the permission,

- that the request comes from a page of this site: `Origin`, or where a browser sends none, `Sec-Fetch-Site`;
- a token, signed with the api-server's key, that the confirmation page carried: it names the user, the action and
  its parameters, so that nothing else can be sent than what was shown, and it can be used once.

Airflow's cookie is `SameSite=Lax` and `HttpOnly` besides.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.tokens import get_signing_key
from airflow.api_fastapi.core_api.security import get_user
from airflow.configuration import conf
from fastapi import HTTPException
from fastapi.security import HTTPBearer
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redeye.foundation.settings import settings
from redeye_airflow.vocabulary import CustomView

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
# How long a confirmation page may lie open.
CONFIRM_SECONDS = 1800
_READING = ("GET", "HEAD")
_bearer = HTTPBearer(auto_error=False)


class Guard:
    """Lets nobody through who is not logged in, and nothing out without the headers of a closed site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        request = Request(scope, receive)

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        answer = await self._refusal(request) or self.app
        await answer(scope, receive, sealed)

    async def _refusal(self, request: Request) -> Response | None:
        try:
            user = await get_user(request, None, await _bearer(request))
        except HTTPException as error:
            return _login(request, error)
        if not get_auth_manager().is_authorized_dag(method="GET", user=user):
            return PlainTextResponse("You may not read DAGs here, nor Redeye's pages.", status_code=403)
        if request.method not in _READING and not is_from_here(request):
            return JSONResponse({"detail": "the request does not come from a page of this site"}, 403)
        request.state.redeye_user = user
        return None


def _login(request: Request, error: HTTPException) -> Response:
    """The login page for a person who opened a page, a plain refusal for everything else."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if request.method == "GET" and wants_page:
        # A path: behind a proxy the request does not know by which scheme and name it was asked.
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(get_auth_manager().get_url_login(next_url=asked), status_code=303)
    return JSONResponse({"detail": str(error.detail)}, status_code=401)


def is_from_here(request: Request) -> bool:
    """Whether a browser says that a page of this very site sent the request."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    ours = (str(request.base_url), settings().public_airflow_url, conf.get("api", "base_url", fallback=""))
    return origin != "null" and _site(origin) in {_site(url) for url in ours if url}


def _site(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def find_user(request: Request) -> BaseUser:
    """Who asks; the guard has seen to it that somebody does."""
    user: BaseUser = request.state.redeye_user
    return user


def find_bearer(request: Request) -> str:
    """The user's own token, to ask Airflow's API as that user."""
    given = request.headers.get("authorization", "")
    if given.lower().startswith("bearer "):
        return given[len("bearer ") :]
    return request.cookies.get(COOKIE_NAME_JWT_TOKEN, "")


def may_trigger(user: BaseUser, dag_id: str) -> bool:
    """Whether Airflow lets the user start runs of a DAG; who may not can start no action here that needs it."""
    return bool(
        get_auth_manager().is_authorized_dag(
            method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=dag_id), user=user
        )
    )


def may_decide(user: BaseUser, dag_id: str) -> bool:
    """Whether Airflow lets the user answer the questions of a DAG: whether a candidate is promoted, for one."""
    return bool(
        get_auth_manager().is_authorized_dag(
            method="PUT", access_entity=DagAccessEntity.HITL_DETAIL, details=DagDetails(id=dag_id), user=user
        )
    )


def may_have(user: BaseUser, view: CustomView) -> bool:
    """Whether the user may have what Airflow itself has no name for."""
    return bool(get_auth_manager().is_authorized_custom_view(method="GET", resource_name=view, user=user))


def check_view(user: BaseUser, view: CustomView) -> None:
    """Refuse what Airflow itself has no name for to whoever may not have it.

    Raises:
        HTTPException: 403.
    """
    if not may_have(user, view):
        raise HTTPException(403, f"your role has no right to this: {view}")


@dataclass(frozen=True)
class Confirmation:
    """What a user has seen and confirmed."""

    parameters: dict[str, str]
    nonce: str


def confirmation(user: BaseUser, action: str, parameters: Mapping[str, str]) -> str:
    """The token of a confirmation page."""
    said = {"user": user.get_name(), "action": action, "parameters": dict(parameters)}
    return str(_signer().dumps({**said, "nonce": secrets.token_hex(8)}))


def read_confirmation(user: BaseUser, action: str, token: str) -> Confirmation:
    """What a token stands for, if it is this user's, for this action, and not too old.

    Raises:
        HTTPException: 403 in all other cases.
    """
    try:
        said: dict[str, Any] = _signer().loads(token, max_age=CONFIRM_SECONDS)
    except SignatureExpired as error:
        raise HTTPException(403, "the confirmation page has lain open for too long: begin again") from error
    except BadSignature as error:
        raise HTTPException(403, "the confirmation is not one of ours: begin again") from error
    if said["user"] != user.get_name() or said["action"] != action:
        raise HTTPException(403, "the confirmation is somebody else's or for something else: begin again")
    return Confirmation(dict(said["parameters"]), str(said["nonce"]))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(get_signing_key("api", "secret_key"), salt="redeye.actions")
