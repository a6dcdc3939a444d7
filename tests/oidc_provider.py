"""An OIDC provider on the loopback, of its own implementation, whose ID tokens a test can have spoiled."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import httpx
import oidc_provider_mock
import pytest
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from oidc_provider_mock._storage import storage
from waiting import PATIENCE_SECONDS

CLIENT_ID, CLIENT_SECRET = "redeye", "the-secret-of-a-test"
# What is wrong with an ID token: claims in place of its own, or how it is signed.
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "another issuer": {"iss": "http://elsewhere.example"},
    # Given to this client, so that the audience alone is wrong.
    "another audience": {"aud": ["somebody-else"], "azp": CLIENT_ID},
    "long over": {"exp": 1_000_000_000, "iat": 999_999_000},
    "another nonce": {"nonce": "of-another-login"},
    "an address not verified": {"email_verified": False},
    "unsigned": {},
    "signed by the client's secret": {},
    "signed by another key": {},
}


@dataclass
class Provider:
    """A running provider; `fault` names what is wrong with the tokens that it gives next."""

    issuer: str
    fault: str = ""
    answer: httpx.Response | None = None

    def log_in(self, url: str, name: str, page: str = "/redeye/actions") -> httpx.Client:
        """A browser in which somebody has gone the whole way, to the page that was asked for or to a refusal."""
        browser = httpx.Client(base_url=url, follow_redirects=True, timeout=PATIENCE_SECONDS)
        form = browser.get(page, headers={"accept": "text/html"})
        asked = parse_qs(urlsplit(str(form.url)).query)
        assert asked["code_challenge_method"] == ["S256"], form.text
        assert asked["nonce"]
        self.answer = browser.post(form.url, data={"sub": name})
        return browser


def _spoil(token: str, fault: str) -> str:
    header, claims = _read(token)
    key = RSAKey.import_key(storage.jwk.as_dict(is_private=True))
    claims |= FAULTS[fault]
    if fault == "unsigned":
        return f"{_write({'alg': 'none'})}.{_write(claims)}."
    if fault == "signed by the client's secret":
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
    if fault == "signed by another key":
        key = RSAKey.generate_key(2048, parameters={"kid": header.get("kid", "other")})
    return jwt.encode(header, claims, key, algorithms=["RS256"])


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return tuple(json.loads(urlsafe_b64decode(part.encode())) for part in (header, claims))  # type: ignore[return-value]


def _write(part: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode()


@contextmanager
def run_provider(people: Mapping[str, Mapping[str, Any]]) -> Iterator[Provider]:
    """Serve a provider that knows people, by their subjects."""
    users = [oidc_provider_mock.User(sub=sub, claims=dict(claims)) for sub, claims in people.items()]
    app = oidc_provider_mock.app(user_claims=users)
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")

    @app.after_request
    def spoil(response: flask.Response) -> flask.Response:
        if provider.fault and flask.request.path == "/oauth2/token" and response.status_code == 200:
            body = response.get_json()
            response.set_data(json.dumps(body | {"id_token": _spoil(body["id_token"], provider.fault)}))
        return response

    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            # The provider speaks HTTP.
            patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
            yield provider
    finally:
        server.shutdown()
        thread.join()
