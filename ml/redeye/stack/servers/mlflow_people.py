"""People at MLflow's UI: let in by the OIDC provider, to read; a session of their own remembers it.

MLflow asks `authorise` of `mlflow_login` before each request, so the way to the provider and back is answered there
too, and no route is added. Who is let in reads as MLflow's user `viewer` does: the roles differ in nothing that MLflow
has. Flask, authlib and MLflow are imported when needed.
"""

from __future__ import annotations

import logging
import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic_settings import SettingsConfigDict

from redeye.foundation.errors import LoginRefused
from redeye.foundation.masking import mask
from redeye.foundation.people.identity import check_provider, make_claims_options, parse_groups, read_person
from redeye.foundation.people.login_settings import LoginSettings

if TYPE_CHECKING:
    from authlib.integrations.flask_client import FlaskOAuth2App
    from flask import Response

log = logging.getLogger(__name__)

CALLBACK, LOGOUT = "/oidc/callback", "/oidc/logout"
_PERSON, _UNTIL, _NEXT = "person", "until", "next"


class _Login(LoginSettings):
    """The part of the settings that MLflow's image knows."""

    model_config = SettingsConfigDict(env_prefix="REDEYE_", frozen=True, extra="ignore")


@lru_cache(maxsize=1)
def find_login() -> LoginSettings:
    """How people log in; without an issuer they do by MLflow's own accounts."""
    return _Login()


def admit() -> Response | None:
    """None if the current request comes from somebody who is let in; else what it is answered."""
    from flask import Response, request, session

    _seal_cookie()
    if request.path == CALLBACK:
        return _come_back()
    if request.path == LOGOUT:
        session.clear()
        return Response("You are logged out here. At the provider you may still be logged in.", 200)
    if session.get(_PERSON) and session.get(_UNTIL, 0) > time.time():
        return None
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        return _go()
    return Response("Log in at the first page of this server.", 401)


def _go() -> Response:
    import requests
    from flask import request, session

    session[_NEXT] = request.full_path
    try:
        answer: Response = _find_client().authorize_redirect(_find_address() + CALLBACK)
    except (requests.RequestException, LoginRefused) as error:
        return _refuse(error, 503)
    return answer


def _come_back() -> Response:
    import requests
    from authlib.integrations.base_client import OAuthError
    from flask import redirect, session
    from joserfc.errors import JoseError

    login, asked = find_login(), session.get(_NEXT) or "/"
    try:
        options = make_claims_options(login.oidc_issuer, login.oidc_client_id)
        token = _find_client().authorize_access_token(leeway=60, claims_options=options)
        person = read_person(
            token.get("userinfo") or {},
            name_claim=login.oidc_name_claim,
            groups_claim=login.oidc_groups_claim,
            groups=parse_groups(login.oidc_groups),
        )
    except requests.RequestException as error:
        return _refuse(error, 503)
    except (OAuthError, JoseError, LoginRefused, ValueError) as error:
        return _refuse(error, 403)
    finally:
        session.clear()
    log.warning("%s has logged in", person.name)
    session[_PERSON], session[_UNTIL] = person.name, time.time() + login.oidc_session_hours * 3600
    # A path of this server, by how it was taken down.
    answer: Response = redirect("/" + asked.lstrip("/\\"), 303)  # type: ignore[assignment]
    return answer


@lru_cache(maxsize=1)
def _make_client() -> FlaskOAuth2App:
    from authlib.integrations.flask_client import OAuth
    from flask import current_app

    login = find_login()
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    return OAuth(app).register(
        "provider",
        client_id=login.oidc_client_id,
        client_secret=login.read_oidc_client_secret(),
        server_metadata_url=f"{login.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": login.oidc_scopes,
            "code_challenge_method": "S256",
            "default_timeout": 20,
        },
    )


def _find_client() -> FlaskOAuth2App:
    client = _make_client()
    check_provider(client.load_server_metadata(), find_login().oidc_issuer)
    return client


def _find_address() -> str:
    """Where people reach this server."""
    from flask import request

    return os.environ.get("REDEYE_MLFLOW_URL", "").rstrip("/") or request.host_url.rstrip("/")


def _seal_cookie() -> None:
    from flask import current_app

    current_app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=urlsplit(_find_address()).scheme == "https",
    )


def _refuse(error: Exception, code: int) -> Response:
    from flask import Response

    told = mask(str(error)) or type(error).__name__
    log.warning("a login was refused: %s: %s", type(error).__name__, told)
    return Response(f"You are not logged in: {told}\n", code, mimetype="text/plain")
