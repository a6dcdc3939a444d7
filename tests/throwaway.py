"""A temporary installation whose Postgres runs, for tests and benchmarks alike."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redeye.settings import Settings, settings
from redeye.stack import bootstrap, environment
from redeye.stack.postgres import EmbeddedPostgres
from redeye.stack.secrets import Secrets


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
