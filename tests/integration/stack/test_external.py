"""A Postgres that is not the stack's own, made ready from nothing, and its health checks."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg2
import pytest

from redeye.foundation.settings import settings
from redeye.sources import delivery_store
from redeye.stack import external, health_check
from redeye.stack.databases import DATABASES
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def admin_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty server of the operator's, and settings that name it."""
    before = dict(os.environ)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("external")
    home.parent.chmod(0o755)
    home.chmod(0o755)
    at = f"host=127.0.0.1 port={port}"

    def url(name: str) -> str:
        return f"postgresql+psycopg2://{name}:pw{name}@127.0.0.1:{port}/{name}"

    os.environ.update(
        {
            "REDEYE_HOME": str(home),
            "REDEYE_WAREHOUSE_DSN": f"{at} dbname=warehouse user=warehouse password=pwwarehouse",
            "REDEYE_OUTPUTS_DSN": f"{at} dbname=outputs user=outputs password=pwoutputs",
            "REDEYE_FEAST_REGISTRY_URL": url("feast"),
            "REDEYE_MLFLOW_TRACKING_URL": url("mlflow"),
            external.AIRFLOW_URL: url("airflow"),
            external.MLFLOW_LOGIN_URL: url("mlflow_login"),
        }
    )
    settings.cache_clear()
    server = EmbeddedPostgres(data_dir=home / "postgres", port=port, password="admin", is_durable=False)
    with server:
        yield f"{at} user=postgres password=admin"
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


def prepare(admin_dsn: str) -> None:
    external.prepare(settings(), admin_dsn, dict(os.environ), with_tools=False)


def test_it_is_made_ready_from_nothing_and_again(admin_dsn):
    prepare(admin_dsn)
    prepare(admin_dsn)
    with external.ExternalPostgres(admin_dsn).superuser() as link, link.cursor() as at:
        at.execute("SELECT datname FROM pg_database")
        assert {database.name for database in DATABASES} <= {row[0] for row in at.fetchall()}
    assert release_store.latest_release() is None
    delivery_store.record_gap(date(2013, 4, 1), reason="a test", recorded_by="test")


def test_a_role_may_not_change_its_ledger(admin_dsn):
    prepare(admin_dsn)
    with psycopg2.connect(settings().warehouse_dsn.get_secret_value()) as link, link.cursor() as at:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            at.execute("DELETE FROM ledger.releases")


def test_a_job_is_healthy_while_its_heart_beats(admin_dsn, monkeypatch):
    prepare(admin_dsn)
    monkeypatch.setenv("AIRFLOW__CORE__HOSTNAME_CALLABLE", "socket.gethostname")
    link = psycopg2.connect(os.environ[external.AIRFLOW_URL].replace("+psycopg2", ""))
    link.autocommit = True
    with link.cursor() as at:
        at.execute(
            "CREATE TABLE IF NOT EXISTS job (job_type text, hostname text, state text, latest_heartbeat timestamptz)"
        )
        at.execute("INSERT INTO job VALUES ('SchedulerJob', %s, 'running', now())", (socket.gethostname(),))
        assert health_check.main(["job", "SchedulerJob"]) == 0
        assert health_check.main(["job", "TriggererJob"]) == 1
        at.execute("UPDATE job SET latest_heartbeat = now() - INTERVAL '5 minutes'")
        assert health_check.main(["job", "SchedulerJob"]) == 1
        at.execute("UPDATE job SET latest_heartbeat = now(), hostname = 'another'")
        assert health_check.main(["job", "SchedulerJob"]) == 1
        at.execute("DROP TABLE job")
    link.close()


def test_the_lakes_lie_where_the_settings_say(admin_dsn):
    prepare(admin_dsn)
    assert (Path(settings().home) / "lake" / "warehouse").is_dir()
