"""The whole stack on spare ports: nights through a real scheduler, logins, and a killed scheduler."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pandas as pd
import psutil
import pytest
from prepared_installations import MODEL, Kind, Prepared
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from rich.console import Console
from system_users import needs_system_users
from throwaway import find_port, servers_apart
from waiting import PATIENCE_SECONDS, patient

from redeye.declarations.calendar import ONE_DAY
from redeye.foundation.settings import Settings, settings
from redeye.foundation.signing import signing_keys
from redeye.monitoring.logic.verdict import Verdict
from redeye.promotion import decision_store
from redeye.promotion.logic.decision import Decision
from redeye.scoring import outputs_store
from redeye.stack import alert_loop, environment, lifecycle
from redeye.stack.airflow import airflow_api, first_run
from redeye.stack.airflow.airflow_api import AirflowApi, Run
from redeye.stack.secrets import FILE_NAME, Secrets
from redeye.stack.servers import signer, system_user
from redeye.stack.servers.supervisor import Supervisor
from redeye.warehouse import release_store

pytestmark = pytest.mark.e2e

HISTORY = {"first": "2012-12-31", "last": "2013-01-05"}
FIRST, LAST = date(2013, 1, 6), date(2013, 1, 8)
EVENT = f"redeye://events/retraining/{MODEL}"


@dataclass(frozen=True)
class Running:
    """A healthy stack and a session with its Airflow."""

    configured: Settings
    secrets: Secrets
    api: AirflowApi


@pytest.fixture(scope="module")
def stack(prepared: Prepared) -> Iterator[Running]:
    """A stack of its own in a temporary folder that other users may enter; stopped and deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="redeye-e2e-"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REDEYE_METRICS_PORT", str(find_port()))
        # As Feast does where it was imported before: no folder for the servers' user.
        (folder / "own").mkdir(mode=0o700)
        patched.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder / "own"))
        patched.setenv("REDEYE_ALERT_URLS", f"json://127.0.0.1:{find_port()}/nobody-listens")
        prepared.copy(Kind.MIGRATED, folder / "home")
        yield from _running(folder / "home")
    shutil.rmtree(folder)


def _running(home: Path) -> Iterator[Running]:
    with servers_apart(home) as configured:
        secrets = lifecycle.up(configured, timeout_seconds=PATIENCE_SECONDS)
        environment.export(configured, secrets)
        with airflow_api.open_api(settings()) as api:
            yield Running(settings(), secrets, api)


@pytest.fixture(scope="module")
def history(stack: Running) -> None:
    """A release of six nights and the first champion, both made through the scheduler."""
    for dag_id, conf in (
        ("build_history", HISTORY),
        (f"train_{MODEL}", {"night": HISTORY["last"], "reason": "first training"}),
    ):
        stack.api.unpause(dag_id)
        run = stack.api.trigger(dag_id, conf, run_id=f"test_{dag_id}")
        stack.api.wait(lambda run=run: [stack.api.run(run)], 1, patient())


def _samples(scraped: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(scraped) for sample in family.samples]


def backfilled(stack: Running, dag_id: str, *, at_once: int = 1) -> None:
    """The nights `FIRST` to `LAST` of a DAG, as a backfill."""
    stack.api.unpause(dag_id)
    stack.api.create_backfill(dag_id, FIRST, LAST, max_active_runs=at_once)
    stack.api.wait(lambda: stack.api.night_runs(dag_id, FIRST, LAST), 3, patient())


@pytest.fixture(scope="module")
def nights(stack: Running, history: None) -> list[Run]:
    """The builds of three nights, during which the scheduler is killed; scored, judged, and one asks for a training."""
    stack.api.unpause("build_warehouse")
    # Several at once: builds must still go forward.
    stack.api.create_backfill("build_warehouse", FIRST, LAST, max_active_runs=3)
    scheduler = next(row for row in Supervisor(stack.configured).statuses() if "scheduler" in row.name)
    os.kill(scheduler.pid, signal.SIGKILL)
    runs = stack.api.wait(lambda: stack.api.night_runs("build_warehouse", FIRST, LAST), 3, patient())
    backfilled(stack, f"score_{MODEL}", at_once=2)
    asks = Decision(FIRST, Verdict.RETRAIN, True, "a test asks")
    decision_store.decide_forwards(MODEL, lambda so_far, scored: iter([(asks, {}, None)]), run_id="test")
    backfilled(stack, f"monitor_{MODEL}", at_once=2)
    return runs


def test_nights_run_through_the_scheduler_even_when_it_is_killed(stack: Running, nights: list[Run]) -> None:
    assert [run.night for run in nights] == [FIRST, date(2013, 1, 7), LAST]
    assert [release_store.release(run.night).revision for run in nights] == [1, 1, 1]
    rows = outputs_store.read("predictions", MODEL, FIRST, LAST)
    assert set(pd.to_datetime(rows["flight_date"]).dt.date) == {date(2013, 1, d) for d in (7, 8, 9)}
    assert not rows["is_degraded"].any()
    assert (stack.configured.exports / MODEL / LAST.isoformat() / "manifest.json").is_file()


def test_a_request_starts_its_training_once(stack: Running, nights: list[Run]) -> None:
    asked = stack.api.find(f"train_{MODEL}", f"requested__{FIRST}")
    assert asked is not None
    stack.api.wait(lambda: [stack.api.run(asked)], 1, patient())
    told = stack.api._get(f"/dags/{asked.dag_id}/dagRuns/{asked.run_id}") or {}
    assert (told["run_type"], told["conf"]["verdict"]) == ("operator_triggered", "retrain")
    assert (told["conf"]["night"], told["conf"]["reason"]) == (str(FIRST), "a test asks")
    (training,) = [row for row in decision_store.trainings(MODEL) if row.night == FIRST]
    assert (training.asked, training.run_id, training.actor) == ("a test asks", asked.run_id, "verdict")
    assert decision_store.open_requests(MODEL, LAST) == []
    # Three nights were judged, two of them while the request may have been open.
    events = (stack.api._get("/assets/events", {"limit": 100}) or {})["asset_events"]
    assert [event["extra"]["night"] for event in events if event["uri"] == EVENT] == [str(FIRST)]


def test_metrics_and_alerts_run_beside_it(stack: Running, history: None) -> None:
    scraped = httpx.get(
        f"http://127.0.0.1:{stack.configured.metrics_port}/metrics", timeout=PATIENCE_SECONDS
    ).text
    counted = {sample.name: sample.value for sample in _samples(scraped)}
    assert counted["redeye_promotions"] == 1
    states = {row.name: row.state for row in Supervisor(stack.configured).statuses()}
    assert states["alerts"] == "RUNNING"
    # It has looked; that nobody takes its messages does not end it.
    assert alert_loop.beat_path(stack.configured).exists()


@pytest.mark.parametrize("path", ["/api/v2/dags", "/api/v2/dags/build_warehouse/dagRuns"])
def test_nothing_is_told_without_a_login(stack: Running, path: str) -> None:
    answer = httpx.get(environment.airflow_url(stack.configured) + path)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_a_viewer_cannot_act(stack: Running, history: None) -> None:
    url = environment.airflow_url(stack.configured)
    login = {"username": environment.VIEWER, "password": stack.secrets.airflow_viewer_password}
    token = httpx.post(f"{url}/auth/token", json=login).json()["access_token"]
    answer = httpx.post(
        f"{url}/api/v2/dags/build_warehouse/dagRuns",
        headers={"Authorization": f"Bearer {token}"},
        json={"conf": {"night": "2013-01-09"}, "logical_date": None},
    )
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_a_backfill_writes_a_line_for_each_night_and_none_twice(stack: Running, nights: list[Run]) -> None:
    night = LAST + ONE_DAY
    written = io.StringIO()
    first_run.backfill(Console(file=written), night, night)
    lines = written.getvalue().splitlines()
    told = [re.sub(r"^\d\d:\d\d:\d\d +\d+:\d\d  ", "", line) for line in lines]
    assert len(told) == 3, told
    assert "/redeye/plays/" in told[0]
    assert re.fullmatch(
        rf"begin Play the nights {night} to {night}; (about \d+|less than a) min\w* left", told[1]
    )
    assert re.fullmatch(rf"end   Night {night} played, 1 of 1, in \d+:\d\d", told[2])
    assert release_store.release(night).night == night
    first_run.backfill(Console(file=written), night, night)
    assert written.getvalue().splitlines()[3:] == [f"Nothing is missing of the nights {night} to {night}."]


# Reads whatever its user can: files by their names, and what the processes of the machine were started with.
READ_ALL = """
import json, sys, glob
found = {}
for path in [*sys.stdin.read().splitlines(), *glob.glob("/proc/[0-9]*/environ")]:
    try:
        found[path] = open(path, "rb").read().decode(errors="replace")
    except OSError:
        pass
json.dump(found, sys.stdout)
"""


def read_as_task(home: Path) -> dict[str, str]:
    """What the user that tasks run as can read of a home and of the machine's processes, by path."""
    # Keys lie beside the home.
    files = [*home.rglob("*"), *home.parent.glob(f"{home.name}.*")]
    paths = "\n".join(str(path) for path in files if path.is_file())
    words = [*system_user.drop_root(system_user.SERVERS), sys.executable, "-c", READ_ALL]
    ran = subprocess.run(words, input=paths, capture_output=True, text=True, check=True, cwd="/", env={})
    return dict(json.loads(ran.stdout))


@needs_system_users
def test_every_process_but_the_supervisor_and_its_listeners_runs_without_root(
    stack: Running, history: None
) -> None:
    supervisor = psutil.Process(Supervisor(stack.configured).pid())
    processes = supervisor.children(recursive=True)
    users: dict[str, set[str]] = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            users.setdefault(process.username(), set()).add(" ".join(process.cmdline()))
    assert set(users) == {"root", system_user.SERVERS, system_user.POSTGRES, signer.USER}
    assert len(users["root"]) == 2
    assert all(re.search(r"redeye\.stack\.servers\.(reaper|watchdog)", each) for each in users["root"])
    assert any("scheduler" in each for each in users[system_user.SERVERS])


@needs_system_users
def test_a_task_reads_no_secret_of_an_admin(stack: Running, history: None) -> None:
    home = stack.configured.home
    readable = read_as_task(home)
    assert str(home / "run" / "pgpass" / "warehouse") in readable
    assert (
        readable.keys() & {str(home / FILE_NAME), str(environment.airflow_passwords_file(stack.configured))}
        == set()
    )
    assert signing_keys.find_key_path(stack.configured).is_file()
    assert not any(path.startswith(f"{home}.") for path in readable)
    secrets = dataclasses.asdict(stack.secrets)
    told = {name for name, value in secrets.items() if any(value in text for text in readable.values())}
    # Under the local executor tasks are forks of Airflow's scheduler: it signs their tokens, and has its database.
    assert told == {
        "content_key",
        "airflow_jwt_secret",
        "airflow_fernet_key",
        *(
            f"{name}_db_password"
            for name in ("airflow", "feast", "mlflow", "mlflow_login", "outputs", "warehouse")
        ),
    }
    holders = {path for path, text in readable.items() if secrets["airflow_jwt_secret"] in text}
    assert all(path.startswith("/proc/") for path in holders)


@needs_system_users
def test_what_tasks_and_commands_of_roots_write_is_the_servers(stack: Running, nights: list[Run]) -> None:
    home = stack.configured.home
    command = [sys.executable, "-m", "redeye"]
    for words in (["verify"], ["verdicts", MODEL], ["dev", "make", "of-root"]):
        ran = subprocess.run([*command, *words], capture_output=True, text=True, check=False, cwd="/root")
        assert ran.returncode == 0, ran.stdout + ran.stderr
    written = [
        home / "lake",
        home / "dev",
        home / "exports",
        home / "mlflow" / "artifacts",
        home / "logs" / "airflow",
    ]
    found = [path for folder in written for path in [folder, *folder.rglob("*")]]
    assert len(found) > 100
    assert {path.lstat().st_uid for path in found} == {system_user.account(system_user.SERVERS).pw_uid}


def test_starting_again_leaves_everything_running(stack: Running) -> None:
    before = {row.name: row.pid for row in Supervisor(stack.configured).statuses()}
    lifecycle.up(stack.configured)
    assert {row.name: row.pid for row in Supervisor(stack.configured).statuses()} == before
