"""A temporary installation whose Postgres runs, for tests and benchmarks alike."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redeye.foundation.settings import ENGINE, PROJECT_ROOT, Settings, settings
from redeye.stack import bootstrap, environment, lifecycle
from redeye.stack.secrets import Secrets
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

MODELS = "flight_delay" if PROJECT_ROOT == ENGINE else ""
"""What is played: of the flights one model, as each more takes its time of every night; of others what they declare."""


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
    own = {"home": home, "models": MODELS, **ports}
    os.environ.update({f"REDEYE_{name.upper()}": str(value) for name, value in own.items()})
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
    configured = Settings(home=home, postgres_port=find_port(), models=MODELS)
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
