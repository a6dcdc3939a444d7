"""The supervisor brings back what dies, and ends everything it started."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest
from prepared_installations import Kind
from waiting import until

from redeye.foundation.settings import Settings
from redeye.stack import bootstrap, environment
from redeye.stack.servers import programs, system_user
from redeye.stack.servers.programs import Program
from redeye.stack.servers.supervisor import ProcessState, Supervisor

pytestmark = pytest.mark.integration

# Stands in for a server: it has a child, as Airflow's scheduler and MLflow have.
SERVER = (
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', 'mlflow'])"
)


@pytest.fixture
def installation(prepared, tmp_path, spare_port):
    prepared.copy(Kind.EMPTY, tmp_path / "home")
    configured = Settings(home=tmp_path / "home", postgres_port=spare_port)
    secrets = bootstrap.prepare_files(configured)
    server = bootstrap.server(configured, secrets)
    server.is_durable = False
    every = (
        Program(programs.DATABASE, server.command(), stop_signal="INT"),
        Program("mlflow", [sys.executable, "-c", SERVER]),
        Program("api", [shutil.which("sleep"), "600"], user=system_user.SERVERS),
    )
    text = programs.configuration(configured, every).replace("startsecs=5", "startsecs=0")
    programs.configuration_path(configured).write_text(text)
    supervisor = Supervisor(configured)
    supervisor.start(os.environ | environment.environment(configured, secrets))
    try:
        server.wait_ready()
        yield supervisor, server
    finally:
        supervisor.shut_down()


def pid_of(supervisor, name, *, other_than=0):
    status = next(status for status in supervisor.statuses() if status.name == name)
    is_new = status.state == ProcessState.RUNNING and status.pid != other_than
    return status.pid if is_new else None


def test_a_killed_postgres_comes_back(installation):
    supervisor, server = installation
    pid = until(lambda: pid_of(supervisor, "postgres"))
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: pid_of(supervisor, "postgres", other_than=pid)) != pid
    server.wait_ready()


def test_a_killed_server_leaves_no_child_behind(installation):
    supervisor, _ = installation
    assert supervisor.start_missing() == ["api", "mlflow"]
    pid = until(lambda: pid_of(supervisor, "mlflow"))
    (child,) = until(psutil.Process(pid).children)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not child.is_running())
    until(lambda: pid_of(supervisor, "mlflow", other_than=pid))


def test_shutting_down_ends_everything(installation):
    supervisor, _ = installation
    supervisor.start_missing()
    pids = [until(lambda name=name: pid_of(supervisor, name)) for name in ("postgres", "mlflow")]
    assert supervisor.shut_down()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert supervisor.statuses() == []
    assert not supervisor.shut_down(), "there is nothing left to end"


def test_what_a_killed_supervisor_left_is_ended(installation):
    supervisor, _ = installation
    supervisor.start_missing()
    names = ("postgres", "mlflow")
    left = [psutil.Process(until(lambda name=name: pid_of(supervisor, name))) for name in names]
    os.kill(supervisor.pid(), signal.SIGKILL)
    until(lambda: supervisor.pid() is None)
    assert supervisor.shut_down()
    until(lambda: not any(process.is_running() for process in left))


@pytest.mark.skipif(not system_user.is_root(), reason="only root can run a program as another user")
def test_a_program_with_a_user_keeps_nothing_of_root(installation):
    supervisor, _ = installation
    supervisor.start_missing()
    pid = until(lambda: pid_of(supervisor, "api"))
    text = until(lambda: told if "sleep" in (told := Path(f"/proc/{pid}/status").read_text()) else None)
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    account = system_user.account(system_user.SERVERS)
    assert {int(each) for each in status["Uid"].split()} == {account.pw_uid}
    assert {int(each) for each in status["Gid"].split()} == {account.pw_gid}
    assert {int(each) for each in status["Groups"].split()} == {account.pw_gid}
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
