"""What commands print into a pipe, which a log keeps, holds no password, also where the server is away."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import asdict

import pytest
from prepared_installations import Kind
from throwaway import servers_apart
from waiting import PATIENCE_SECONDS

from redeye.foundation.settings import PROJECT_ROOT
from redeye.stack import lifecycle
from redeye.stack.secrets import FILE_NAME, Secrets, load_or_create

ID = "flight_delay/live/2013-04-04_EV_4204_JFK_LAX_0900"
READING = (
    "airflow config list",
    "airflow info",
    "alerts now",
    "alerts test",
    "costs 2013-01-01 2013-01-02",
    "dev make x",
    "disk",
    f"explain {ID}",
    "gap 2013-01-02 --reason x",
    "intake list",
    "logs --lines 100000",
    "reconcile",
    "replay 2013-01-01 2013-01-02",
    "status",
    "tokens list",
    "verdicts",
    "verify",
)


def run(*words: str, **changed: str) -> str:
    """All that a command prints into a pipe."""
    command = [sys.executable, "-m", "redeye", *words]
    # As CI systems have it: it makes libraries take a pipe for a terminal.
    env = {**os.environ, "FORCE_COLOR": "1", **changed}
    return subprocess.run(
        command,
        env=env,
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def find_secrets(told: str, secrets: Secrets) -> list[str]:
    return [name for name, value in asdict(secrets).items() if value in told]


@pytest.fixture(scope="module")
def away(prepared, tmp_path_factory):
    """The secrets of an installation whose servers do not run."""
    home = tmp_path_factory.mktemp("away") / "home"
    prepared.copy(Kind.EMPTY, home)
    with servers_apart(home):
        yield load_or_create(home)


@pytest.mark.parametrize("words", READING)
def test_no_password_is_printed_where_the_server_is_away(away, words):
    told = run(*words.split(), REDEYE_ALERT_URLS=f"json://me:{away.feast_db_password}@127.0.0.1:9/x")
    assert told
    assert find_secrets(told, away) == []
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "dsn", ["postgresql://postgres:{}@127.0.0.1:9 9/postgres", "host=127.0.0.1 port=9 password={} x", "x {}"]
)
def test_a_dsn_that_cannot_be_read_is_not_printed(away, dsn):
    told = run("prepare", REDEYE_POSTGRES_ADMIN_DSN=dsn.format(away.postgres_password))
    assert told
    assert find_secrets(told, away) == []


PRINTED = [
    "airflow_admin_password",
    "airflow_viewer_password",
    "mlflow_admin_password",
    "mlflow_viewer_password",
]
ADDRESSES = "from redeye.cli.shell import show_addresses; show_addresses()"


def test_who_may_log_in_is_printed_where_that_is_asked_for(away):
    told = run("logins")
    assert find_secrets(told, away) == PRINTED


def test_a_terminal_is_shown_who_may_log_in(away):
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        subprocess.run([sys.executable, "-c", ADDRESSES], stdout=theirs, check=True)
        os.close(theirs)
        told = screen.read(100_000).decode()
    assert find_secrets(told, away) == PRINTED


def test_a_pipe_is_told_where_the_passwords_are(prepared, tmp_path):
    home = tmp_path / "home"
    prepared.copy(Kind.MIGRATED, home)
    with servers_apart(home) as configured:
        secrets = lifecycle.up(configured, timeout_seconds=PATIENCE_SECONDS)
        for command in ("start", "status"):
            told = run(command)
            assert find_secrets(told, secrets) == []
            assert configured.public_airflow_url in told
            assert str(home / FILE_NAME) in told
            assert all(name.upper() in told for name in PRINTED)
            assert "redeye logins" in told
        assert find_secrets(run("logs", "--lines", "100000"), secrets) == []
