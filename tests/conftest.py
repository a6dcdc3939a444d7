"""Fixtures for tests that need real servers: one throw-away Postgres for the session, with every database."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@pytest.fixture
def spare_port() -> int:
    """A TCP port that was free a moment ago."""
    return find_port()


@pytest.fixture(scope="session")
def stack_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A temporary installation: roles, databases, lakes and ledgers exist, and the environment names them."""
    home: Path = tmp_path_factory.mktemp("redeye-home")
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


@pytest.fixture(scope="session")
def postgres(stack_env: Stack) -> EmbeddedPostgres:
    """The session's Postgres server, with all databases and roles."""
    return stack_env.postgres
