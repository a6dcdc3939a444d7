"""MLflow's server as the stack runs it: nothing without a login, and the viewer only looks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from prepared_installations import Kind
from served_mlflow import logged, served
from waiting import PATIENCE_SECONDS

from redeye.foundation.settings import settings
from redeye.stack import bootstrap, environment
from redeye.stack.secrets import Secrets
from redeye.stack.servers import mlflow_login

pytestmark = pytest.mark.integration

ADMIN, VIEWER = mlflow_login.ADMIN, mlflow_login.VIEWER
# Made by an admin in MLflow itself: one of each kind.
ANALYST, OWNER = "analyst", "owner"
ADDED_PASSWORD = "a-password-of-some-length"
API, AJAX = "/api/2.0/mlflow", "/ajax-api/2.0/mlflow"
READS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{API}/experiments/get?experiment_id={{experiment}}", {}),
    ("POST", f"{API}/experiments/search", {"json": {"max_results": 10}}),
    ("GET", f"{API}/runs/get?run_id={{run}}", {}),
    ("POST", f"{API}/runs/search", {"json": {"experiment_ids": ["{experiment}"]}}),
    ("POST", f"{AJAX}/runs/search", {"json": {"experiment_ids": ["{experiment}"]}}),
    ("GET", f"{API}/artifacts/list?run_id={{run}}", {}),
    ("GET", "/get-artifact?path=card.md&run_id={run}", {}),
    ("GET", f"{API}/registered-models/search", {}),
    ("GET", f"{API}/model-versions/search", {}),
    ("GET", f"{API}/registered-models/get?name=flight_delay", {}),
    (
        "POST",
        "/graphql",
        {"json": {"query": '{ mlflowGetRun(input: {runId: "RUN"}) { run { info { runId }}}}'}},
    ),
    ("GET", "/", {}),
    ("GET", "/version", {}),
]
# Of no use here, and closed all the same: traces, jobs, the gateway, and ways around by dots.
OTHERS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/traces", {"content": b""}),
    ("POST", "/ajax-api/3.0/jobs/search", {"json": {}}),
    ("POST", "/gateway/any/mlflow/invocations", {"json": {}}),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts?path={experiment}", {}),
]
WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"{API}/experiments/create", {"json": {"name": "mine"}}),
    ("POST", f"{API}/registered-models/create", {"json": {"name": "mine"}}),
    ("POST", f"{API}/runs/create", {"json": {"experiment_id": "{experiment}"}}),
    ("POST", f"{API}/runs/set-tag", {"json": {"run_id": "{run}", "key": "a", "value": "b"}}),
    ("POST", f"{API}/runs/delete", {"json": {"run_id": "{run}"}}),
    ("PATCH", f"{API}/registered-models/update", {"json": {"name": "flight_delay", "description": "x"}}),
    (
        "POST",
        f"{API}/registered-models/alias",
        {"json": {"name": "flight_delay", "alias": "champion", "version": "1"}},
    ),
    ("DELETE", f"{API}/registered-models/delete", {"json": {"name": "flight_delay"}}),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/card.md", {"content": b"x"}),
    ("POST", f"{API}/users/create", {"json": {"username": "mallory", "password": "x" * 20}}),
    (
        "PATCH",
        f"{API}/users/update-password",
        {"json": {"username": "viewer", "password": "y" * 20, "current_password": "z" * 20}},
    ),
    ("GET", f"{API}/users/get?username=admin", {}),
]


@dataclass(frozen=True)
class Server:
    """A running server, with a run, a model and an artifact in its store."""

    url: str
    secrets: Secrets
    experiment_id: str
    run_id: str

    def ask(self, method: str, path: str, user: str | None, body: dict[str, Any]) -> httpx.Response:
        passwords = {ADMIN: self.secrets.mlflow_admin_password, VIEWER: self.secrets.mlflow_viewer_password}
        passwords |= dict.fromkeys((ANALYST, OWNER), ADDED_PASSWORD)
        login = (user, passwords[user]) if user else None
        path = path.format(experiment=self.experiment_id, run=self.run_id)
        return httpx.request(
            method, self.url + path, auth=login, timeout=PATIENCE_SECONDS, **self._filled(body)
        )

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        known = {"{experiment}": self.experiment_id, "{run}": self.run_id}
        if isinstance(value, str):
            return known.get(value, value.replace("RUN", self.run_id))
        return value


@pytest.fixture(scope="module")
def server(install, tmp_path_factory) -> Iterator[Server]:
    with socket.socket() as probe, pytest.MonkeyPatch.context() as patch:
        probe.bind(("127.0.0.1", 0))
        patch.setenv("REDEYE_MLFLOW_PORT", str(probe.getsockname()[1]))
        probe.close()
        with install(tmp_path_factory.mktemp("login"), Kind.MIGRATED) as stack:
            bootstrap.set_mlflow_users(stack.settings, stack.secrets)
            from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

            users = SqlAlchemyStore()
            users.init_db(environment.mlflow_login_url(settings()))
            users.create_user(ANALYST, ADDED_PASSWORD, is_admin=False)
            users.create_user(OWNER, ADDED_PASSWORD, is_admin=True)
            experiment_id, run_id = logged()
            with served(stack):
                yield Server(environment.mlflow_url(settings()), stack.secrets, experiment_id, run_id)


@pytest.mark.parametrize(("method", "path", "body"), [*READS, *OTHERS, *WRITES])
def test_nothing_without_a_login(server, method, path, body):
    assert server.ask(method, path, None, body).status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("open_path", ["/static-files/..", "/health/..", "/health%2f..", "/staticfoo"])
def test_no_open_path_leads_to_a_closed_one(server, open_path):
    host, port = server.url.removeprefix("http://").split(":")
    with closing(HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)) as raw:
        raw.request("GET", f"{open_path}{API}/registered-models/search")
        answer = raw.getresponse()
        assert b"registered" not in answer.read()
        assert answer.status in (httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND)


def test_a_wrong_password_is_refused(server):
    login = (ADMIN, server.secrets.mlflow_viewer_password)
    answer = httpx.get(f"{server.url}{API}/registered-models/search", auth=login)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("user", [ADMIN, VIEWER, ANALYST])
@pytest.mark.parametrize(("method", "path", "body"), READS)
def test_every_user_reads(server, user, method, path, body):
    answer = server.ask(method, path, user, body)
    assert answer.status_code == httpx.codes.OK, answer.text
    if "graphql" in path:
        assert answer.json()["data"]["mlflowGetRun"]["run"]["info"]["runId"] == server.run_id


@pytest.mark.parametrize("user", [VIEWER, ANALYST])
@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_who_is_no_admin_cannot_write_whatever_the_name(server, user, method, path, body):
    assert server.ask(method, path, user, body).status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("user", [ADMIN, VIEWER])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "message"), ("PUT", "config"), ("GET", "sessions/1/stream"), ("GET", "skills")],
)
def test_nobody_reaches_the_assistant(server, user, method, path):
    answer = server.ask(method, f"/ajax-api/3.0/mlflow/assistant/{path}", user, {})
    assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("user", [ADMIN, VIEWER])
@pytest.mark.parametrize("path", ["providers", "config"])
def test_the_pane_that_the_ui_opens_may_ask_how_it_is_set_up(server, user, path):
    answer = server.ask("GET", f"/ajax-api/3.0/mlflow/assistant/{path}", user, {})
    assert answer.status_code == httpx.codes.OK


@pytest.mark.parametrize("user", [ADMIN, OWNER])
def test_every_admin_can_write(server, user):
    body = {"json": {"run_id": server.run_id, "key": "seen", "value": "yes"}}
    assert server.ask("POST", f"{API}/runs/set-tag", user, body).status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["/health", "/api/3.0/mlflow/server-info"])
def test_what_stays_open_tells_nothing_of_the_data(server, path):
    answer = server.ask("GET", path, None, {})
    assert answer.status_code == httpx.codes.OK
    assert "flight" not in answer.text


def test_a_new_secret_is_a_new_password(server):
    rotated = replace(server.secrets, mlflow_viewer_password="a-new-password-of-some-length")
    bootstrap.set_mlflow_users(settings(), rotated)
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore()
    store.init_db(environment.mlflow_login_url(settings()))
    assert store.authenticate_user(VIEWER, rotated.mlflow_viewer_password)
    assert not store.authenticate_user(VIEWER, server.secrets.mlflow_viewer_password)
    assert store.authenticate_user(ADMIN, server.secrets.mlflow_admin_password)
    bootstrap.set_mlflow_users(settings(), server.secrets)


def test_a_job_logs_to_a_server_elsewhere_with_its_login(server, monkeypatch):
    import mlflow

    from redeye.models.mlflow_client import client, experiment_id

    monkeypatch.setenv("REDEYE_MLFLOW_TRACKING_URL", server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", server.secrets.mlflow_admin_password)
    before = mlflow.get_tracking_uri()
    settings.cache_clear()
    try:
        store = client()
        with mlflow.start_run(experiment_id=experiment_id("elsewhere")) as run:
            mlflow.log_metric("auc", 0.7)
            mlflow.log_text("a card", "card.md")
        store.create_registered_model("elsewhere")
        store.create_model_version("elsewhere", source=run.info.artifact_uri, run_id=run.info.run_id)
        assert store.get_model_version("elsewhere", "1").run_id == run.info.run_id
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a wrong one")
        with pytest.raises(mlflow.MlflowException, match="401"):
            store.get_run(run.info.run_id)
    finally:
        mlflow.set_tracking_uri(before)
        mlflow.set_registry_uri(before)
        settings.cache_clear()


def test_only_the_owner_may_read_the_configuration(server):
    path = environment.mlflow_login_file(settings())
    assert path.stat().st_mode & 0o077 == 0
    assert server.secrets.mlflow_admin_password not in path.read_text()
