"""A temporary installation whose Postgres runs, for tests and benchmarks alike."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redeye.foundation.settings import Settings, settings
from redeye.stack import bootstrap, environment, lifecycle
from redeye.stack.secrets import Secrets
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres


@dataclass(frozen=True)
class Stack:
    """A bootstrapped installation whose Postgres runs; Airflow and MLflow servers do not."""

    settings: Settings
    secrets: Secrets
    postgres: EmbeddedPostgres


def find_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVER_PORTS = ("postgres_port", "airflow_port", "mlflow_port", "airflow_log_port")


@contextmanager
def servers_apart(home: Path) -> Iterator[Settings]:
    """The environment of a stack in a folder and on ports of its own; what was started is deleted afterwards."""
    before = dict(os.environ)
    with ExitStack() as probes:
        # All at once: a port that is let go of may be given again.
        free = [probes.enter_context(socket.socket()) for _ in SERVER_PORTS]
        for probe in free:
            probe.bind(("127.0.0.1", 0))
        ports = dict(zip(SERVER_PORTS, (probe.getsockname()[1] for probe in free), strict=True))
    os.environ.update({"REDEYE_HOME": str(home)} | {f"REDEYE_{k.upper()}": str(v) for k, v in ports.items()})
    settings.cache_clear()
    configured = settings()
    try:
        yield configured
    finally:
        lifecycle.reset(configured)
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


@contextmanager
def installation(home: Path) -> Iterator[Stack]:
    """Roles, databases, lakes and ledgers in an empty folder; the environment names them meanwhile."""
    before = dict(os.environ)
    configured = Settings(home=home, postgres_port=find_port())
    secrets = bootstrap.prepare_files(configured)
    server = bootstrap.server(configured, secrets)
    server.is_durable = False
    environment.export(configured, secrets)
    try:
        with server:
            bootstrap.prepare_databases(configured, secrets, server, with_tools=False)
            yield Stack(settings(), secrets, server)
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
