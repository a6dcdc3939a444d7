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
from long_results import LongResults
from prepared_installations import Prepared
from throwaway import Stack, find_port
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


# Folders whose tests share what takes longer to set up than to use: one worker takes them whole.
SHARED = ("tests/integration/rebuilds", "tests/integration/sandbox")
# What takes longest, begun first, so that the workers end at about the same time. The second one needs no
# installation, while the first one's is made.
LONGEST = (
    "tests/e2e/test_the_stack.py",
    "tests/integration/registry/test_training.py",
    "tests/integration/rebuilds",
    "tests/integration/nights/test_bad_nights.py",
    "tests/integration/sandbox",
    "tests/integration/airflow/test_dag_runs.py",
    "tests/integration/nights/test_a_night.py",
    "tests/integration/versions/test_versions.py",
    "tests/integration/maintenance/test_maintenance.py",
    "tests/integration/stack/test_backup.py",
    "tests/integration/dbt/test_nights_equal_bulk.py",
    "tests/integration/rollback/test_kills.py",
    "tests/integration/rollback/test_automatic.py",
    "tests/integration/feast",
    "tests/integration/audit",
    "tests/integration",
)


class ByInstallation(LoadScopeScheduling):
    """Hands files of tests to workers, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        folder = path.rpartition("/")[0]
        return folder if folder in SHARED else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByInstallation:
    """Called by xdist, where there is more than one worker."""
    config.option.loadscopereorder = False
    return ByInstallation(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are called by their argument.

    What is compressed holds the second in which it was, and workers must know a test by the same name.
    """
    return argname if isinstance(val, bytes) else None


def pytest_configure(config: pytest.Config) -> None:
    """What long tests came to is kept for whoever does not run them."""
    if config.option.markexpr == "long" and not config.option.collectonly:
        config.pluginmanager.register(LongResults())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker collects all tests, and all in the same order."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((rank for rank, path in enumerate(LONGEST) if nodeid.startswith(path)), len(LONGEST))


@pytest.fixture
def spare_port() -> int:
    """A TCP port that was free a moment ago."""
    return find_port()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The installations that all workers of this run copy."""
    folder = tmp_path_factory.getbasetemp()
    return Prepared((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "prepared")


@pytest.fixture(scope="session")
def install(prepared: Prepared) -> Callable[..., AbstractContextManager[Stack]]:
    """Makes an installation of a kind in a folder, for fixtures that need one for longer than a module."""
    return prepared.installed


@pytest.fixture(scope="module")
def stack_env(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An installation of the module's own: what its tests write, no other test finds."""
    with prepared.installed(tmp_path_factory.mktemp("redeye-home")) as stack:
        yield stack


@pytest.fixture(scope="module")
def postgres(stack_env: Stack) -> EmbeddedPostgres:
    """The module's Postgres server, with all databases and roles."""
    return stack_env.postgres
