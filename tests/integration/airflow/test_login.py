"""Airflow's real server behind an OIDC provider: who gets in, and what each role may do there and on the pages."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from filled_ledgers import ask_for_approval, fill_ledgers
from oidc_provider import CLIENT_ID, CLIENT_SECRET, FAULTS, Provider, run_provider
from prepared_installations import Kind, Prepared
from throwaway import find_port
from waiting import PATIENCE_SECONDS, until

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT, settings

pytestmark = [
    pytest.mark.integration,
    # The provider is written for an earlier authlib.
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]

MODEL, NIGHT = "flight_delay", date(2013, 2, 3)
ROLES = ("analyst", "operator", "approver", "auditor")
PEOPLE: dict[str, dict[str, Any]] = {
    **{
        role: {"email": f"{role}@people.example", "email_verified": True, "groups": ["all", f"redeye-{role}"]}
        for role in ROLES
    },
    "nobody": {"email": "nobody@people.example", "email_verified": True, "groups": ["all"]},
    "unverified": {"email": "approver@people.example", "groups": ["redeye-approver"]},
}
DAG, RUN = f"/api/v2/dags/train_{MODEL}", "by_hand"
TASK = f"{DAG}/dagRuns/{RUN}/taskInstances/approve_candidate"
READS = (
    "/redeye/",
    "/redeye/actions",
    "/api/v2/dags",
    DAG,
    f"{DAG}/dagRuns/{RUN}",
    f"{TASK}/xcomEntries",
    "/api/v2/eventLogs",
    "/api/v2/assets",
    "/api/v2/pools",
)
# What each role gets beside reading: method, address, body, and who may. 404 and 409 are past the guard.
ACTS: tuple[tuple[str, str, dict[str, Any] | None, tuple[str, ...]], ...] = (
    ("PATCH", DAG, {"is_paused": True}, ("operator", "approver")),
    ("POST", f"{DAG}/dagRuns", {"dag_run_id": RUN, "logical_date": None}, ("operator", "approver")),
    ("POST", f"{DAG}/clearTaskInstances", {"dry_run": True}, ("operator", "approver")),
    ("PATCH", f"{TASK}", {"new_state": "success"}, ("operator", "approver")),
    ("PATCH", f"{TASK}/-1/hitlDetails", {"chosen_options": ["Approve"]}, ("approver",)),
    ("POST", f"{TASK}/xcomEntries", {"key": "person", "value": "approver@people.example"}, ()),
    ("DELETE", f"{DAG}/dagRuns/{RUN}", None, ()),
    ("DELETE", DAG, None, ()),
    ("GET", "/api/v2/connections", None, ()),
    ("GET", "/api/v2/variables", None, ()),
    ("POST", "/api/v2/variables", {"key": "a", "value": "b"}, ()),
    ("PATCH", "/api/v2/pools/default_pool", {"name": "default_pool", "slots": 1}, ()),
    ("GET", "/api/v2/config", None, ()),
    ("GET", f"/redeye/actions/retrain/confirm?model={MODEL}&night={NIGHT}", None, ("operator", "approver")),
    (
        "GET",
        f"/redeye/actions/ask_to_unblock/confirm?model={MODEL}&version=1",
        None,
        ("operator", "approver"),
    ),
    ("GET", f"/redeye/actions/unblock/confirm?model={MODEL}&version=1", None, ("approver",)),
    ("GET", f"/redeye/predictions/{MODEL}/live/none/explanation", None, ("analyst", "operator", "approver")),
    ("POST", f"/redeye/predictions/{MODEL}/live/none/export", None, ("auditor",)),
)
REFUSED = 403
# What pages lead to, by the end of its address, and who is led there.
SHOWN = {
    "explanation": ("analyst", "operator", "approver"),
    "export": ("auditor",),
    "retrain": ("operator", "approver"),
    "play_nights": ("operator", "approver"),
    "roll_back": ("operator", "approver"),
    "unblock": ("approver",),
}
# Of pages that differ by night, version or feature alone, the first one stands for all.
VARIES = re.compile(r"\d{4}-\d\d-\d\d|(?<=/versions/)\d+|(?<=/features/)[^/?]+|(?<=/audits/).+")


@dataclass(frozen=True)
class Server:
    """Airflow's server, the provider that it asks, and a browser for each role."""

    url: str
    provider: Provider
    browsers: dict[str, httpx.Client]

    def ask(self, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self.browsers[who].request(method, path, json=body, headers={"origin": self.url})


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider(PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def stack_env(
    prepared: Prepared, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """An installation whose people log in by the provider; its secret comes from a file."""
    secret = tmp_path_factory.mktemp("secret") / "oidc"
    secret.write_text(f"{CLIENT_SECRET}\n", encoding="utf-8")
    told = {
        "AIRFLOW_PORT": str(find_port()),
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET_FILE": str(secret),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(f"REDEYE_{name}", value)
        with prepared.installed(tmp_path_factory.mktemp("redeye-login"), Kind.MIGRATED) as stack:
            yield stack


@pytest.fixture(scope="module")
def server(stack_env: Any, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, with every DAG, and one run of a training that somebody has started."""
    folder = tmp_path_factory.mktemp("server")
    python = [sys.executable, "-m", "airflow"]
    subprocess.run([*python, "dags", "reserialize"], cwd=folder, check=True, capture_output=True)
    log = folder / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*python, "api-server"], cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    url = f"http://127.0.0.1:{stack_env.settings.airflow_port}"

    def is_up() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8")[-4000:]
        try:
            return httpx.get(f"{url}/api/v2/version", timeout=10).is_success
        except httpx.TransportError:
            return False

    try:
        until(is_up, PATIENCE_SECONDS)
        browsers = {role: provider.log_in(url, role) for role in ROLES}
        browsers["nobody"] = httpx.Client(base_url=url, timeout=PATIENCE_SECONDS)
        made = Server(url, provider, browsers)
        body = {"dag_run_id": RUN, "logical_date": None, "conf": {"night": str(NIGHT)}}
        made.ask("operator", "POST", f"{DAG}/dagRuns", body).raise_for_status()
        yield made
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("role", ROLES)
def test_who_is_in_a_group_gets_in_and_reads_all(server: Server, role: str) -> None:
    refused = {
        path: answer.status_code for path in READS if (answer := server.ask(role, "GET", path)).is_error
    }
    assert refused == {}
    shown = server.ask(role, "GET", "/redeye/actions").text
    assert f"{role}@people.example" in shown


def test_without_a_login_nothing_is_answered(server: Server) -> None:
    for method, path, body, _ in ACTS:
        assert server.ask("nobody", method, path, body).status_code == 401, path
    for path in READS:
        assert server.ask("nobody", "GET", path).status_code == 401, path


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_is_declared_and_no_more(server: Server, role: str) -> None:
    for method, path, body, allowed in ACTS:
        answer = server.ask(role, method, path, body)
        assert (answer.status_code != REFUSED) is (role in allowed), f"{method} {path}: {answer.text[:300]}"


@pytest.fixture(scope="module")
def filled(server: Server) -> None:
    """Nights, a verdict, a refused audit, and a candidate that waits for a person."""
    fill_ledgers()
    ask_for_approval(datetime.now(UTC) - timedelta(hours=1))


@pytest.mark.parametrize("role", ROLES)
def test_no_link_and_no_form_that_a_role_is_shown_ends_in_a_refusal(
    server: Server, filled: None, role: str
) -> None:
    seen, refused = walk(server, role)
    assert refused == []
    assert {f"/redeye/models/{MODEL}", "/redeye/predictions", "/redeye/alerts"} <= seen
    ends = {path.rpartition("/")[2] for path in seen}
    for end, allowed in SHOWN.items():
        assert (end in ends) is (role in allowed), end
    shown = server.ask(role, "GET", "/redeye/").text
    assert ("Approve or reject</a>" in shown) is (role == "approver")
    listed = server.ask(role, "GET", "/redeye/actions").text
    assert ("Approve a promotion</a>" in listed) is (role == "approver")
    assert ("Play what is missing</a>" in shown) is (role in SHOWN["play_nights"])


def walk(server: Server, role: str) -> tuple[set[str], list[str]]:
    """Where links and forms of every kind of page lead, and which of the links are refused."""
    coming, seen, refused = ["/redeye/"], set[str](), []
    while coming:
        place = coming.pop(0)
        answer = server.ask(role, "GET", place)
        if answer.status_code == REFUSED or "You may look and not do this" in answer.text:
            refused.append(place)
        for attribute, target in re.findall(r'\b(href|data-fetch|action)="([^"]+)"', answer.text):
            path = urldefrag(urljoin(place, html.unescape(target))).url
            kind = VARIES.sub("*", urlsplit(path).path)
            if kind.startswith("/redeye/") and kind not in seen:
                seen.add(kind)
                # An explanation starts a process; whether a role gets one is asked above.
                if attribute == "href" and not kind.endswith("/explanation"):
                    coming.append(path)
    return seen, refused


def test_whatever_airflow_shows_the_ledger_alone_promotes(server: Server) -> None:
    from redeye.champions import promotion_store
    from redeye.promotion import approve

    body = {"dag_run_id": "marked", "logical_date": None, "conf": {"night": str(NIGHT)}}
    before = promotion_store.read_promotions(MODEL)
    server.ask("operator", "POST", f"{DAG}/dagRuns", body).raise_for_status()
    task = f"{DAG}/dagRuns/marked/taskInstances/approve_candidate"
    server.ask("operator", "PATCH", task, {"new_state": "success"}).raise_for_status()
    assert server.ask("operator", "GET", task).json()["state"] == "success"
    with pytest.raises(ConfigError):
        approve.promote_approved(MODEL, NIGHT)
    assert promotion_store.read_promotions(MODEL) == before


def test_a_run_is_of_the_person_whom_the_provider_named(server: Server) -> None:
    body = {"dag_run_id": "named", "logical_date": None, "conf": {"night": str(NIGHT)}}
    server.ask("approver", "POST", f"{DAG}/dagRuns", body | {"triggering_user_name": "ann"})
    server.ask("approver", "POST", f"{DAG}/dagRuns", body)
    assert server.ask("auditor", "GET", f"{DAG}/dagRuns/named").json()["triggering_user_name"] == (
        "approver@people.example"
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_that_is_not_right_lets_nobody_in(server: Server, fault: str) -> None:
    server.provider.fault = fault
    try:
        browser = server.provider.log_in(server.url, "approver")
    finally:
        server.provider.fault = ""
    assert server.provider.answer.status_code == REFUSED, server.provider.answer.text
    assert "You are not logged in" in server.provider.answer.text
    assert browser.cookies.get("_token") is None
    assert browser.get("/api/v2/dags").status_code == 401


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody", "nobody@people.example is in no group that has a role here"),
        ("unverified", "the provider has not verified the address approver@people.example"),
    ],
)
def test_who_has_no_group_or_no_verified_address_gets_nothing(server: Server, name: str, why: str) -> None:
    browser = server.provider.log_in(server.url, name)
    assert server.provider.answer.status_code == REFUSED
    assert why in server.provider.answer.text
    assert browser.get("/api/v2/dags").status_code == 401


def test_a_code_is_taken_from_the_browser_alone_that_asked(server: Server) -> None:
    victim, other = (httpx.Client(base_url=server.url, timeout=PATIENCE_SECONDS) for _ in range(2))
    question = victim.get("/auth/login").headers["location"]
    back = httpx.post(question, data={"sub": "approver"}).headers["location"]
    parts = urlsplit(back)
    answer = other.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == REFUSED
    assert other.cookies.get("_token") is None
    # Once, too.
    assert victim.get(f"{parts.path}?{parts.query}").status_code == 303
    assert victim.get(f"{parts.path}?{parts.query}").status_code == REFUSED


def test_a_login_leads_to_no_other_site(server: Server) -> None:
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        answer = server.browsers["nobody"].get("/auth/login", params={"next": elsewhere})
        assert answer.status_code == 400, elsewhere


def test_the_cookie_is_kept_from_scripts_and_ends_with_the_logout(server: Server) -> None:
    browser = server.provider.log_in(server.url, "analyst")
    (given,) = [each for each in server.provider.answer.history if "_token" in each.cookies]
    (cookie,) = [each for each in given.headers.get_list("set-cookie") if each.startswith("_token=")]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    token = browser.cookies["_token"]
    assert "logged out" in browser.get("/api/v2/auth/logout").text
    assert browser.cookies.get("_token") is None
    bearer = {"authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.url}/api/v2/dags", headers=bearer).status_code == REFUSED


def test_the_stack_s_programs_operate_and_decide_nothing(server: Server, stack_env: Any) -> None:
    def ask(password: str, name: str = "admin") -> httpx.Response:
        login = {"username": name, "password": password}
        return httpx.post(f"{server.url}/auth/token", json=login, timeout=PATIENCE_SECONDS)

    right = stack_env.secrets.airflow_admin_password
    assert [ask(each).status_code for each in ("", "wrong")] == [401, 401]
    assert ask(right, "approver@people.example").status_code == 401
    bearer = {"authorization": f"Bearer {ask(right).json()['access_token']}"}
    with httpx.Client(base_url=server.url, headers=bearer, timeout=PATIENCE_SECONDS) as program:
        assert program.patch(DAG, json={"is_paused": False}).is_success
        said = program.patch(f"{TASK}/-1/hitlDetails", json={"chosen_options": ["Approve"]})
        assert said.status_code == REFUSED


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OIDC_CLIENT_ID", "", "REDEYE_OIDC_CLIENT_ID is not set"),
        ("OIDC_CLIENT_SECRET_FILE", "", "REDEYE_OIDC_CLIENT_SECRET"),
        ("OIDC_ISSUER", "http://provider.example", "must begin with https://"),
        ("OIDC_GROUPS", "all=king", "'all=king' is no group=role"),
    ],
)
def test_a_server_that_nobody_or_anybody_could_enter_does_not_start(
    stack_env: Any, tmp_path: Path, name: str, value: str, message: str
) -> None:
    code = "from redeye_airflow.login.auth_manager import OidcAuthManager; OidcAuthManager().init()"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            f"REDEYE_{name}": value,
            "PYTHONPATH": f"{PROJECT_ROOT}/ml:{PROJECT_ROOT}/plugins",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert message in ran.stderr


def test_people_s_accounts_bring_four_eyes_with_them(stack_env: Any) -> None:
    assert settings().four_eyes
