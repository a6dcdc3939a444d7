"""Bring the embedded stack up and down: one call each, safe to repeat."""

from __future__ import annotations

import compileall
import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg2

from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.settings import ENGINE, Settings
from redeye.sources.configured_source import load_standing_source
from redeye.stack import bootstrap, environment, home_owner
from redeye.stack.bootstrap import Step
from redeye.stack.secrets import FILE_NAME, Secrets, load_or_create
from redeye.stack.servers import check_ports, programs, system_user
from redeye.stack.servers.supervisor import ProcessState, Supervisor

log = logging.getLogger(__name__)

START_TIMEOUT_SECONDS = 180.0
_AIRFLOW_PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
_LOG_LINES = 25


def up(
    configured: Settings, step: Step = log.info, timeout_seconds: float = START_TIMEOUT_SECONDS
) -> Secrets:
    """Start whatever does not run yet and wait until all of it is healthy.

    Raises:
        ConfigError: if a port is taken, or the settings name another source's calendar than the data's; then
            nothing is left running that did not run before.
        RedeyeError: if a server keeps dying or does not become healthy; the message carries its log's end.
    """
    supervisor = Supervisor(configured)
    secrets = bootstrap.prepare_files(configured)
    is_fresh = supervisor.pid() is None
    user = ""
    if is_fresh:
        user = _choose_user(configured)
        supervisor.shut_down()
        check_ports.require_free(configured)
        step("Starting Postgres")
        server = bootstrap.server(configured, secrets)
        server.initialise()
        text = programs.configuration(configured, programs.programs(configured, server, user))
        programs.configuration_path(configured).write_text(text, encoding="utf-8")
        supervisor.start(os.environ | environment.environment(configured, secrets))
    server = bootstrap.server(configured, secrets)
    server.wait_ready()
    bootstrap.prepare_databases(configured, secrets, server, step)
    try:
        load_standing_source()
    except ConfigError:
        # The servers keep the environment that they were started with: with a wrong one none may run.
        if is_fresh:
            supervisor.shut_down()
        raise
    if user or home_owner.is_given(configured.home.resolve()):
        home_owner.give(configured)
    supervisor.start_missing()
    _wait_healthy(configured, supervisor, step, timeout_seconds)
    return secrets


def _choose_user(configured: Settings) -> str:
    """The system user that the servers run as; none, saying why, where root cannot let them."""
    if not system_user.is_root():
        return ""
    home = configured.home.resolve()
    if home_owner.find_obstacle(home) is not None:
        log.warning("%s", home_owner.describe_shared_user(home))
        return ""
    # Nobody but root can write compiled code there, and without it every process compiles all it imports.
    for name in ("ml", "plugins", "dags", "feature_repo"):
        compileall.compile_dir(ENGINE / name, quiet=2)
    return system_user.SERVERS


def down(configured: Settings) -> bool:
    """Stop everything, the database last; whether anything ran."""
    return Supervisor(configured).shut_down()


def list_unhealthy(configured: Settings) -> list[str]:
    """The parts of Airflow and MLflow that do not answer as healthy, by name."""
    own_mlflow = () if configured.mlflow_server_elsewhere else ("mlflow",)
    parts = dict.fromkeys((*_AIRFLOW_PARTS, *own_mlflow), False)
    with suppress(httpx.HTTPError, ValueError):
        answer = httpx.get(f"{environment.airflow_url(configured)}/api/v2/monitor/health", timeout=5).json()
        parts |= {name: answer.get(name, {}).get("status") == "healthy" for name in _AIRFLOW_PARTS}
    for name in own_mlflow:
        with suppress(httpx.HTTPError):
            parts[name] = httpx.get(f"{environment.mlflow_url(configured)}/health", timeout=5).is_success
    return [name for name, is_healthy in parts.items() if not is_healthy]


def ledgers_behind(configured: Settings) -> dict[str, tuple[str | None, str]]:
    """Ledgers that are not at this code's newest revision: by database, theirs and ours.

    Nothing where Postgres does not answer: the table of servers says so.
    """
    from redeye.foundation import migrations
    from redeye.stack import databases

    server = bootstrap.server(configured, load_or_create(configured.home.resolve()))
    with suppress(psycopg2.OperationalError):
        return migrations.find_pending(server, databases.LEDGERS)
    return {}


def reset(configured: Settings) -> None:
    """Stop everything and delete the home folder with all data in it.

    Raises:
        ConfigError: if the folder is not one that the stack made.
    """
    home = configured.home.resolve()
    if not home.exists():
        return
    if not (home / FILE_NAME).exists():
        raise ConfigError(
            f"{home} holds no {FILE_NAME}: it is not a folder of this stack, so it is not deleted"
        )
    down(configured)
    shutil.rmtree(home)


def _wait_healthy(configured: Settings, supervisor: Supervisor, step: Step, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    reported: list[str] = []
    while True:
        for status in supervisor.statuses():
            if status.state == ProcessState.FATAL:
                end = tail(programs.log_path(configured.home / "logs", status.name))
                raise RedeyeError(f"{status.name} does not stay up: {status.detail}\n{end}")
        waiting_for = list_unhealthy(configured)
        if not waiting_for:
            return
        if time.monotonic() > deadline:
            raise RedeyeError(
                f"not healthy after {timeout_seconds:.0f} s: {', '.join(waiting_for)}; "
                f"see `./redeye logs` or {configured.home / 'logs'}"
            )
        if waiting_for != reported:
            reported = waiting_for
            step(f"Waiting for {', '.join(reported)}")
        time.sleep(0.5)


def tail(path: Path, lines: int = _LOG_LINES) -> str:
    """The last lines of a log."""
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
