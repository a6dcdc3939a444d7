"""The way in: to the provider, back with a code, and on with Airflow's own cookie.

authlib does the protocol: state, nonce, PKCE, the exchange of the code, and the ID token's signature and claims. What
it leaves open is closed here: the issuer is the setting's, the audience this installation, and only signatures that
need the provider's private key count.
"""

from __future__ import annotations

import hmac
import logging
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from airflow.api_fastapi.app import AUTH_MANAGER_FASTAPI_APP_PREFIX, get_auth_manager, get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.tokens import get_signing_key
from airflow.api_fastapi.core_api.security import is_safe_url
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from fastapi import FastAPI, HTTPException, Request
from joserfc.errors import JoseError
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from redeye.foundation.errors import LoginRefused
from redeye.foundation.masking import mask
from redeye.foundation.people.identity import (
    Person,
    Role,
    check_provider,
    make_claims_options,
    parse_groups,
    read_person,
)
from redeye.foundation.settings import settings
from redeye_airflow.login.user import OidcUser

log = logging.getLogger(__name__)

# The stack's own programs: they start runs as an operator does, and decide nothing.
MACHINE = Person("redeye", frozenset({Role.OPERATOR}))
MACHINE_LOGIN = "admin"
# How long somebody may take at the provider.
LOGIN_SECONDS = 900
_UNREACHABLE = 503


class MachineLogin(BaseModel):
    """What a program of the stack sends for a token."""

    username: str
    password: str


def create_app() -> FastAPI:
    """The pages of the login, below `/auth`; FastAPI's own would be open to anyone: there are none."""
    app = FastAPI(title="Login", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(
        SessionMiddleware,
        secret_key=get_signing_key("api", "secret_key"),
        session_cookie="redeye_login",
        max_age=LOGIN_SECONDS,
        path=AUTH_MANAGER_FASTAPI_APP_PREFIX,
        same_site="lax",
        https_only=_is_secure(),
    )
    app.add_api_route("/login", login, methods=["GET"])
    app.add_api_route("/callback", callback, methods=["GET"])
    app.add_api_route("/logged_out", logged_out, methods=["GET"])
    app.add_api_route("/token", create_token, methods=["POST"], status_code=201)
    return app


async def login(request: Request) -> Response:
    """To the provider."""
    asked = request.query_params.get("next") or ""
    if asked and not is_safe_url(asked, request=request):
        raise HTTPException(400, "next leads to another site")
    request.session["next"] = asked
    try:
        client = await find_client()
        address = f"{settings().public_airflow_url}/auth/callback"
        answer: Response = await client.authorize_redirect(request, address)
    except (httpx.HTTPError, LoginRefused) as error:
        return _refuse(error, _UNREACHABLE)
    return answer


async def callback(request: Request) -> Response:
    """Back from the provider: in with Airflow's cookie, or not."""
    asked = request.session.get("next") or f"{settings().public_airflow_url}/"
    configured = settings()
    try:
        client = await find_client()
        token = await client.authorize_access_token(
            request,
            leeway=60,
            claims_options=make_claims_options(configured.oidc_issuer, configured.oidc_client_id),
        )
        claims = token.get("userinfo")
        if not claims:
            raise LoginRefused("the provider sent no ID token: is the scope openid among REDEYE_OIDC_SCOPES?")
        person = read_person(
            claims,
            name_claim=configured.oidc_name_claim,
            groups_claim=configured.oidc_groups_claim,
            groups=parse_groups(configured.oidc_groups),
        )
    except httpx.HTTPError as error:
        return _refuse(error, _UNREACHABLE)
    except (OAuthError, JoseError, LoginRefused, ValueError) as error:
        return _refuse(error, 403)
    finally:
        request.session.clear()
    log.info("%s has logged in: %s", person.name, ", ".join(sorted(person.roles)))
    answer = RedirectResponse(asked, status_code=303)
    answer.set_cookie(
        COOKIE_NAME_JWT_TOKEN,
        get_auth_manager().generate_jwt(
            OidcUser(person), expiration_time_in_seconds=configured.oidc_session_hours * 3600
        ),
        path=get_cookie_path(),
        secure=_is_secure(),
        httponly=True,
        samesite="lax",
    )
    return answer


def logged_out() -> Response:
    """The end: without the cookie, whose token Airflow has revoked before."""
    answer = PlainTextResponse("You are logged out here. At the provider you may still be logged in.")
    answer.delete_cookie(COOKIE_NAME_JWT_TOKEN, path=get_cookie_path(), secure=_is_secure(), httponly=True)
    return answer


def create_token(sent: MachineLogin) -> dict[str, str]:
    """A token for the stack's own programs, by the password that they share; people have none."""
    password = settings().airflow_api_password.get_secret_value()
    is_known = hmac.compare_digest(sent.password.encode(), password.encode())
    if not password or sent.username != MACHINE_LOGIN or not is_known:
        raise HTTPException(401, "this is for the stack's own programs: people log in by the provider")
    return {"access_token": get_auth_manager().generate_jwt(OidcUser(MACHINE))}


async def find_client() -> StarletteOAuth2App:
    """The provider's client, once what the provider says of itself fits the setting.

    Raises:
        LoginRefused: if another issuer answers there.
        httpx.HTTPError: if none does.
    """
    client = _make_client()
    metadata: dict[str, Any] = await client.load_server_metadata()
    check_provider(metadata, settings().oidc_issuer)
    return client


@lru_cache(maxsize=1)
def _make_client() -> StarletteOAuth2App:
    configured = settings()
    return OAuth().register(
        "provider",
        client_id=configured.oidc_client_id,
        client_secret=configured.read_oidc_client_secret(),
        server_metadata_url=f"{configured.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": configured.oidc_scopes, "code_challenge_method": "S256", "timeout": 20},
    )


def _is_secure() -> bool:
    return urlsplit(settings().public_airflow_url).scheme == "https"


def _refuse(error: Exception, code: int) -> Response:
    told = mask(str(error)) or type(error).__name__
    log.warning("a login was refused: %s: %s", type(error).__name__, told)
    return PlainTextResponse(f"You are not logged in: {told}\n", status_code=code)
