"""MLflow's server behind an OIDC provider: people with a role read, the admin's programs write, nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from oidc_provider import CLIENT_ID, CLIENT_SECRET, FAULTS, Provider, run_provider
from prepared_installations import Kind, Prepared
from served_mlflow import logged, served
from throwaway import find_port
from waiting import PATIENCE_SECONDS

from redeye.foundation.settings import settings
from redeye.stack import bootstrap, environment
from redeye.stack.servers import mlflow_login

pytestmark = [
    pytest.mark.integration,
    # The provider is written for an earlier authlib.
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]

API = "/ajax-api/2.0/mlflow"
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"email": "ann@people.example", "email_verified": True, "groups": ["redeye-analyst"]},
    "ben": {"email": "ben@people.example", "email_verified": True, "groups": ["redeye-approver"]},
    "nobody": {"email": "nobody@people.example", "email_verified": True, "groups": ["all"]},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider(PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def server(
    prepared: Prepared, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Any]]:
    """Its address, and the stack's secrets."""
    told = {
        "MLFLOW_PORT": str(find_port()),
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(f"REDEYE_{name}", value)
        with prepared.installed(tmp_path_factory.mktemp("people"), Kind.MIGRATED) as stack:
            bootstrap.set_mlflow_users(stack.settings, stack.secrets)
            logged()
            with served(stack):
                yield environment.mlflow_url(settings()), stack.secrets


@pytest.mark.parametrize("name", ["ann", "ben"])
def test_people_with_a_role_read_and_do_not_write(
    server: tuple[str, Any], provider: Provider, name: str
) -> None:
    browser = provider.log_in(server[0], name, "/")
    assert provider.answer.is_success
    assert "MLflow" in provider.answer.text
    found = browser.post(f"{API}/experiments/search", json={"max_results": 10})
    assert "flight_delay" in found.text
    assert browser.get(f"{API}/registered-models/search").is_success
    for path in ("experiments/create", "registered-models/create", "users/create"):
        assert browser.post(f"{API}/{path}", json={"name": "mine"}).status_code == 403, path


def test_without_a_session_a_page_leads_to_the_provider_and_all_else_is_refused(
    server: tuple[str, Any], provider: Provider
) -> None:
    page = httpx.get(f"{server[0]}/", headers={"accept": "text/html"})
    assert page.status_code == 302
    assert page.headers["location"].startswith(provider.issuer)
    refused = httpx.post(f"{server[0]}{API}/experiments/search", json={"max_results": 10})
    assert refused.status_code == 401
    # A browser would ask for a password then, which people have none of.
    assert "www-authenticate" not in refused.headers
    assert httpx.post(f"{server[0]}/v1/traces", content=b"").status_code == 401


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_that_is_not_right_lets_nobody_in(
    server: tuple[str, Any], provider: Provider, fault: str
) -> None:
    provider.fault = fault
    try:
        browser = provider.log_in(server[0], "ben", "/")
    finally:
        provider.fault = ""
    assert provider.answer.status_code == 403
    assert browser.get(f"{API}/registered-models/search").status_code == 401


def test_who_has_no_role_gets_nothing(server: tuple[str, Any], provider: Provider) -> None:
    browser = provider.log_in(server[0], "nobody", "/")
    assert "is in no group that has a role here" in provider.answer.text
    assert browser.get(f"{API}/registered-models/search").status_code == 401


def test_a_session_ends_with_the_logout_and_cannot_be_made_up(
    server: tuple[str, Any], provider: Provider
) -> None:
    browser = provider.log_in(server[0], "ann", "/")
    assert "logged out" in browser.get("/oidc/logout").text
    assert browser.get(f"{API}/registered-models/search").status_code == 401
    forged = {"session": "eyJwZXJzb24iOiJhbm4iLCJ1bnRpbCI6OWUxMn0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"}
    assert httpx.get(f"{server[0]}{API}/registered-models/search", cookies=forged).status_code == 401


def test_the_admin_s_programs_write_and_the_shared_account_is_closed(server: tuple[str, Any]) -> None:
    url, secrets = server

    def ask(name: str, password: str) -> int:
        made = {"name": f"made by {name}"}
        return httpx.post(
            f"{url}{API}/experiments/create", json=made, auth=(name, password), timeout=PATIENCE_SECONDS
        ).status_code

    assert ask(mlflow_login.ADMIN, secrets.mlflow_admin_password) == 200
    assert ask(mlflow_login.ADMIN, "wrong") == 401
    viewer = (mlflow_login.VIEWER, secrets.mlflow_viewer_password)
    assert httpx.get(f"{url}{API}/registered-models/search", auth=viewer).status_code == 403
