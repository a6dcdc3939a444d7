"""Fixtures for tests that need real servers: a throw-away Postgres with every database.

Airflow reads its environment when it is first imported, so it gets a home of its own before that.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import hypothesis
import pytest
from throwaway import Stack, find_port, installation
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from redeye.foundation.settings import PROJECT_ROOT
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

AIRFLOW_HOME = Path(tempfile.gettempdir()) / f"redeye-test-airflow-{os.getpid()}"
os.environ["AIRFLOW_HOME"] = str(AIRFLOW_HOME)
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(PROJECT_ROOT / "dags")
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(PROJECT_ROOT / "plugins")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
atexit.register(shutil.rmtree, AIRFLOW_HOME, ignore_errors=True)

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


class ByInstallation(LoadScopeScheduling):
    """Hands tests to workers so that whole stacks take turns, and a folder shares what it has set up."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        folder = path.rpartition("/")[0]
        return folder if folder.startswith(("tests/e2e", "tests/integration")) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByInstallation:
    """Called by xdist, where there is more than one worker."""
    return ByInstallation(config, log)


@pytest.fixture
def spare_port() -> int:
    """A TCP port that was free a moment ago."""
    return find_port()


@pytest.fixture(scope="session")
def install() -> Callable[[Path], AbstractContextManager[Stack]]:
    """Makes an installation in an empty folder, for fixtures that need one for longer than a module."""
    return installation


@pytest.fixture(scope="module")
def stack_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An installation of the module's own: what its tests write, no other test finds."""
    with installation(tmp_path_factory.mktemp("redeye-home")) as stack:
        yield stack


@pytest.fixture(scope="module")
def postgres(stack_env: Stack) -> EmbeddedPostgres:
    """The module's Postgres server, with all databases and roles."""
    return stack_env.postgres
