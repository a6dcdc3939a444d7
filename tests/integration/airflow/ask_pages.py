"""Asks the pages everything in this process, as nobody, as viewer and as admin; prints what came as JSON.

Airflow's real app with its real auth manager answers. Airflow must not have been imported with another
environment before, so the test starts this as a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

from airflow.api_fastapi.app import cached_app
from fastapi.routing import APIRoute
from filled_ledgers import FLIGHT, NIGHT, ask_for_approval, fill_ledgers, promote
from starlette.testclient import TestClient

from redeye.champions import promotion_store
from redeye.declarations.calendar import read_local
from redeye.foundation.settings import settings
from redeye.operations.logic.alerts import AlertKind
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources.action_store import list_actions
from redeye.stack import alert_loop, bootstrap, environment
from redeye_airflow.pages import airflow_client
from redeye_airflow.plugin import _pages

RESULT = "RESULT "
HERE = "http://127.0.0.1"
SECRET_WORD = "canary7391"
ASKING = "train_flight_delay"
SAMPLES = {
    "{night}": str(NIGHT),
    "{model}": "flight_delay",
    "{version}": "1",
    "{lane}": "live",
    "{key}": FLIGHT,
    "{path:path}": "index.html",
    "{rest:path}": "/retrain",
    "{name}": "retrain",
    "{run_id}": "none",
}
PLAY_PAGE = re.compile(r"/redeye/plays/[^\"]+")
TOKEN = re.compile(r'name="token" value="([^"]+)"')
LIGHT = re.compile(
    r'<li class="(\w+)"><span class="step">(\w+)</span> <span class="badge \w+">([\w ]+)</span>'
)
Answer = dict[str, Any]


def main() -> None:
    """Ask, first while there is nothing, then with two nights."""
    secrets = bootstrap.prepare_files(settings())
    prefix = f"{HERE}:{settings().airflow_port}"
    ask = {
        name: TestClient(cached_app(), base_url=prefix, follow_redirects=False)
        for name in ("nobody", "viewer", "admin")
    }
    for name, password in (
        (environment.ADMIN, secrets.airflow_admin_password),
        (environment.VIEWER, secrets.airflow_viewer_password),
    ):
        login = ask["nobody"].post("/auth/token", json={"username": name, "password": password})
        ask[name].cookies.set("_token", login.json()["access_token"])
    found: dict[str, Any] = {"empty": _answer(ask["viewer"].get("/redeye/"))}
    subject, digest = fill_ledgers().parts
    SAMPLES.update({"{subject}": subject, "{digest}": digest, "{suite}": "water"})
    paths = sorted({_sample(route.path) for route in _pages.load().routes if isinstance(route, APIRoute)})
    paths += [
        "/static/redeye.css",
        "/static/vendor/uplot/uPlot.iife.min.js",
        "/files/reports/secret.html",
        "/docs",
        "/openapi.json",
        "/nowhere",
    ]
    # Explaining starts a process that walks a chain; there is none here.
    paths = [path for path in paths if not path.endswith(("/explanation", "/export"))]
    found["routes"] = {
        f"{method} {path}": {name: _answer(ask[name].request(method, f"/redeye{path}")) for name in ask}
        for path in paths
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD")
    }
    found["lights"] = {
        night: LIGHT.findall(ask["viewer"].get("/redeye/", params={"night": night}).text)
        for night in ("2013-04-03", "2013-04-04", "2013-04-05", "2099-01-01")
    }
    found["moved"] = _answer(ask["viewer"].get("/redeye/flights", params={"flight": "AA 1"}))["to"]
    found["search"] = {
        typed: _answer(ask["viewer"].get("/redeye/predictions", params={"flight_number_id": typed}))
        for typed in ("aa 1", "UA 1", "no flight")
    }
    found["sorted"] = {
        sort: _answer(
            ask["viewer"].get(
                "/redeye/predictions", params={"flight_number_id": "aa 1", "sort": sort, "page": ""}
            )
        )
        for sort in ("", "rank")
    }
    found["browser"] = _answer(ask["nobody"].get("/redeye/", headers={"accept": "text/html"}))
    found["altered"] = _answer(ask["nobody"].get("/redeye/", cookies={"_token": "e30.e30.e30"}))
    found["pages"] = {path: ask["viewer"].get(f"/redeye{path}").text for path in paths}
    found["headers"] = dict(ask["viewer"].get("/redeye/").headers)
    found["escape"] = {
        path: _answer(ask["admin"].get(f"/redeye/files/reports/{path}"))
        for path in (
            "../secrets.env",
            "%2e%2e/secrets.env",
            "..%2fsecrets.env",
            "link.html",
            "/etc/passwd",
            "a%00b",
        )
    }
    week = f"flight_delay/{NIGHT}/week.html"
    found["framed"] = ask["viewer"].get(f"/redeye/reports/{week}").text
    found["unframed"] = {
        path: _answer(ask["viewer"].get(path)) for path in ("/redeye/reports/none.html", "/redeye/dbt")
    }
    site = f"{SAMPLES['{subject}']}/{SAMPLES['{digest}']}"
    found["audits"] = {
        page: ask["viewer"].get(f"/redeye/audits{page}").text for page in ("", f"/{site}", f"/{site}/water")
    }
    source = re.search(r'<iframe[^>]*src="([^"]+)"', found["audits"][f"/{site}/water"])
    sealed = ask["viewer"].get(source[1]) if source else None
    found["sealed"] = (
        {"text": sealed.text, "policy": sealed.headers["content-security-policy"]} if sealed else None
    )
    found["old audits"] = {
        path: _answer(ask["viewer"].get(f"/redeye/files/data_docs/{path}"))["to"]
        for path in ("", f"{site}/index.html")
    }
    found["report"] = dict(ask["viewer"].get("/redeye/files/reports/secret.html").headers)
    export = f"/redeye/predictions/flight_delay/live/{FLIGHT}/export"
    found["export"] = {method: _answer(ask["admin"].request(method, export)) for method in ("GET", "POST")}
    found["actions"] = _perform_actions(ask, prefix)
    found["waiting"] = _wait_for_a_person(ask)
    found["at once"] = _confirm_at_once()
    found["unreachable"] = _ask_without_ledgers(ask["viewer"])
    sys.stdout.write(RESULT + json.dumps(found) + "\n")


def _perform_actions(ask: dict[str, TestClient], prefix: str) -> dict[str, Any]:
    given = {"model": "flight_delay", "night": str(NIGHT), "reason": "<b>seen</b>"}
    here = {"origin": prefix}

    def confirm(name: str, who: str = "admin", **other: str) -> str:
        text = ask[who].get(f"/redeye/actions/{name}/confirm", params={**given, **other}).text
        token = TOKEN.search(text)
        return token.group(1) if token else ""

    def send(name: str, token: str, who: str = "admin", headers: dict[str, str] | None = None) -> Answer:
        return _answer(ask[who].post(f"/redeye/actions/{name}", data={"token": token}, headers=headers))

    token = confirm("acknowledge")
    found = {
        "viewer cannot confirm": confirm("acknowledge", "viewer"),
        "no origin": send("acknowledge", token),
        "other site": send("acknowledge", token, headers={"origin": "http://elsewhere.example"}),
        "frame without origin": send("acknowledge", token, headers={"origin": "null"}),
        "no token": send("acknowledge", "", headers=here),
        "for another action": send("retrain", token, headers=here),
        "somebody else": send("acknowledge", token, "viewer", here),
        "before": _log(),
        "done": send("acknowledge", token, headers=here),
        "again": send("acknowledge", token, headers=here),
        "after": _log(),
        "ledger": [[each.actor, each.action, each.subject, each.reason] for each in list_actions()],
        "unknown model": confirm("retrain", model="nope"),
        "no reason": confirm("retrain", reason=""),
    }

    def preview(name: str, **other: str) -> Answer:
        return _answer(ask["admin"].get(f"/redeye/actions/{name}/confirm", params={**given, **other}))

    nights = {"dag_id": "build_warehouse", "first": "2013-03-08", "last": "2013-03-14"}
    refused = {
        "the last resort": preview("block", version="1"),
        "no version to block": preview("block", version="99"),
        "no version to unblock": preview("unblock", version="99"),
        "no version to return to": preview("roll_back", version="99"),
        "a night that is not built": preview("retrain", night="2013-05-02"),
        "a gap": preview("retrain", night=str(NIGHT)),
        "no verdict": preview("acknowledge", night="2013-04-01"),
        "scores of nights not built": preview(
            "backfill", dag_id="score_flight_delay", first="2013-04-02", last="2013-04-08"
        ),
        "a build far ahead": preview(
            "backfill", dag_id="build_warehouse", first="2013-04-08", last="2013-04-09"
        ),
        "nights that are played far ahead": preview("play_nights", first="2013-04-08", last="2013-04-09"),
    }
    plan = ask["admin"].get("/redeye/actions/backfill/confirm", params=nights).text
    late = confirm("backfill", **nights)
    backfill = send("backfill", confirm("backfill", **nights), headers=here)
    block = send("backfill", late, headers=here)
    made = ask["viewer"].get("/api/v2/dags/build_warehouse/dagRuns", params={"order_by": "logical_date"})
    retrain = send("retrain", confirm("retrain", night=str(NIGHT - timedelta(days=1))), headers=here)
    trained = ask["viewer"].get("/api/v2/dags/train_flight_delay/dagRuns").json()["dag_runs"]
    return {
        **found,
        "refused by Airflow": block,
        "refused": refused,
        "play": _play(ask, confirm, send, here),
        "rollback": _roll_back(ask, confirm, send, here),
        "viewer's form": _answer(ask["viewer"].get("/redeye/actions/retrain")),
        "viewer's list": _answer(ask["viewer"].get("/redeye/actions")),
        "plan": plan,
        "backfill": backfill,
        "nights": [run["logical_date"] for run in made.json()["dag_runs"]],
        "retrain": retrain,
        "trained": [
            [run["conf"], run["triggering_user_name"], run["note"], run["run_after"]] for run in trained
        ],
        "at last": _log(),
        "in airflow": _airflows_log(ask),
    }


def _ask_without_ledgers(viewer: TestClient) -> dict[str, Answer]:
    """Pages whose ledgers cannot be reached, at addresses that hold passwords."""
    found = {}
    for how in (
        "port=9 dbname=x user=x password={}",
        "port=nine password={}",
        "password={} odd",
        "password='{}",
    ):
        for name in ("WAREHOUSE", "OUTPUTS"):
            os.environ[f"REDEYE_{name}_DSN"] = f"host=127.0.0.1 {how.format(SECRET_WORD)}"
        settings.cache_clear()
        for page in (
            "",
            "/models/flight_delay",
            "/actions/retrain",
            f"/nights/{NIGHT}",
            "/predictions?text=x",
        ):
            found[f"{how} {page}"] = _answer(viewer.get(f"/redeye{page}"))
    return found


def _confirm_at_once() -> list[bool]:
    """Whether each of some requests that use one confirmation at the same time may act."""
    together = Barrier(8)

    def use(_: int) -> bool:
        together.wait()
        return airflow_client.record_once("test", nonce="0123", user="admin", dag_id="none", extra={})

    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(use, range(8)))


def _roll_back(ask: dict[str, TestClient], confirm: Any, send: Any, here: dict[str, str]) -> dict[str, Any]:
    """Roll back, while a version is decided on that does not serve yet; MLflow knows none of them."""
    promote(
        2, NIGHT, NIGHT + timedelta(days=2), follows=promotion_store.read_latest_promotion("flight_delay")
    )
    page = "/redeye/models/flight_delay"
    before = ask["viewer"].get(page).text
    preview = ask["admin"].get(
        "/redeye/actions/roll_back/confirm", params={"model": "flight_delay", "version": "1", "reason": "bad"}
    )
    block = ask["admin"].get(
        "/redeye/actions/block/confirm", params={"model": "flight_delay", "version": "2", "reason": "bad"}
    )
    done = send("roll_back", confirm("roll_back", version="1"), headers=here)
    return {
        "before": before,
        "preview": preview.text,
        "block": block.text,
        "done": done,
        "model": ask["admin"].get(page).text,
        "version": ask["viewer"].get(f"{page}/versions/2").text,
        "first page": ask["viewer"].get("/redeye/").text,
    }


def _play(ask: dict[str, TestClient], confirm: Any, send: Any, here: dict[str, str]) -> dict[str, Any]:
    """Play two nights and stop that."""
    nights = {"first": "2013-04-03", "last": "2013-04-05"}
    form = ask["admin"].get("/redeye/actions/play_nights").text
    plan = ask["admin"].get("/redeye/actions/play_nights/confirm", params=nights).text
    started = send("play_nights", confirm("play_nights", **nights), headers=here)
    page = PLAY_PAGE.search(started["text"])
    path = page.group(0) if page else ""
    runs = ask["viewer"].get("/api/v2/dags/play_nights/dagRuns").json()["dag_runs"]
    running, seen = ask["admin"].get(path).text, ask["viewer"].get(path).text
    again = _answer(ask["admin"].get("/redeye/actions/play_nights/confirm", params=nights))
    listed = ask["viewer"].get("/redeye/actions").text
    token = TOKEN.search(running)
    stopped = send("stop_playing", token.group(1) if token else "", headers=here)
    return {
        "form": form,
        "plan": plan,
        "started": started,
        "conf": [run["conf"] for run in runs],
        "running": running,
        "seen by the viewer": seen,
        "again": again,
        "list": listed,
        "stopped": stopped,
        "state": ask["viewer"].get("/api/v2/dags/play_nights/dagRuns").json()["dag_runs"][0]["state"],
        "after": ask["viewer"].get(path).text,
    }


def _wait_for_a_person(ask: dict[str, TestClient]) -> dict[str, Any]:
    """A candidate waits since three days while its DAG is paused: what pages say, and what was told on which day."""
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3, hours=1)
    ask_for_approval(since)
    dag = f"/api/v2/dags/{ASKING}"
    paused = ask["admin"].patch(dag, json={"is_paused": True}).json()["is_paused"]
    told: set[str] = set()
    heard: list[tuple[int, str]] = []
    for day in (0, 1, 2, 3, 6, 7, 8):
        now = since + timedelta(days=day)
        found = alert_loop.find_all_alerts(settings(), OutputsReader(), now=now, with_disk=False)
        new = [each for each in found if each.kind is AlertKind.APPROVAL_WAITING and each.key not in told]
        heard += [(day, each.text) for each in new]
        told |= {each.key for each in new}
    pages = {
        f"{who} {page}": ask[who].get(f"/redeye{page}").text
        for who in ("viewer", "admin")
        for page in ("/", "/alerts", "/models/flight_delay")
    }
    ask["admin"].patch(dag, json={"is_paused": False})
    return {
        "since": f"{read_local(since):%Y-%m-%d %H:%M %Z}",
        "paused": paused,
        "heard": heard,
        "pages": pages,
        "going on": ask["admin"].get("/redeye/").text,
    }


def _airflows_log(ask: dict[str, TestClient]) -> list[list[str]]:
    """What Airflow's own page of its audit log shows to a viewer."""
    rows = (
        ask["viewer"].get("/api/v2/eventLogs", params={"limit": 100, "order_by": "-id"}).json()["event_logs"]
    )
    return [[row["event"], row["owner"]] for row in rows]


def _log() -> list[list[str]]:
    """Our rows of the audit log, oldest first."""
    return [[f"redeye_{row.event}", row.owner, row.dag_id] for row in reversed(airflow_client.read_actions())]


def _sample(path: str) -> str:
    for name, value in SAMPLES.items():
        path = path.replace(name, value)
    return path


def _answer(answer: Any) -> Answer:
    return {"status": answer.status_code, "text": answer.text, "to": answer.headers.get("location", "")}


if __name__ == "__main__":
    main()
