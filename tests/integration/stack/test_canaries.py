"""A secret that is planted in every setting comes out of no fault: not printed, not logged, not kept.

The settings are those of servers elsewhere, whose addresses hold their passwords: the embedded ones' hold none.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from prepared_installations import Kind, Prepared
from psycopg2 import sql
from throwaway import Stack, find_port, installation

from redeye.foundation.disk import list_files
from redeye.foundation.settings import PROJECT_ROOT
from redeye.stack import databases
from redeye.stack.secrets import FILE_NAME

pytestmark = pytest.mark.integration

ID = "flight_delay/live/2013-04-04_EV_4204_JFK_LAX_0900"
# What is made to hold secrets, for its owner only.
KEPT = (FILE_NAME, "run/pgpass/", "airflow/passwords.json", "mlflow/login.ini")
COMMANDS = (
    "alerts now",
    "alerts test",
    "backup --to {home}.backup",
    "costs 2013-01-01 2013-01-02",
    "dev make x",
    f"explain {ID}",
    "gap 2013-01-25 --reason {reason}",
    "impact",
    "intake list",
    "reconcile",
    "replay 2013-01-01 2013-01-02",
    "tokens list",
    "verdicts",
    "verify",
)
# What a task does, with the log of a task: an error is told with its traceback.
JOBS = {
    "ingest": "from redeye.sources import ingest; ingest.ingest_nights(NIGHT, NIGHT)",
    "transform": "from redeye.operations import build_nights; build_nights.transform(NIGHT, NIGHT, holder='x')",
    "dbt": (
        "from redeye.foundation.catalogs import Catalog; from redeye.warehouse import dbt, lake; "
        "dbt.build(attach=lake.attach_string(Catalog.WAREHOUSE, token=1))"
    ),
    "attach": (
        "from redeye.foundation.catalogs import Catalog; from redeye.warehouse import lake; "
        "lake.attach(lake.connect(), Catalog.OUTPUTS)"
    ),
    "feast": "from redeye.features import feast_registry; feast_registry.apply()",
    "mlflow": "from redeye.models import mlflow_client; mlflow_client.require_answer()",
    "gap": "from redeye.sources import delivery_store; delivery_store.record_gap(NIGHT, reason=DSN, recorded_by='x')",
}
SCRIPT = """
import logging, os
from datetime import date
from redeye.foundation.masking import mask_logs
logging.basicConfig(level=logging.INFO)
mask_logs()
NIGHT, DSN = date(2013, 1, 25), os.environ["REDEYE_WAREHOUSE_DSN"]
"""
JOB = """
try:
    {job}
except BaseException:
    logging.exception("the job {name} failed")
"""


def write_script(*names: str) -> str:
    """All of some jobs in one process: what each imports takes seconds."""
    return SCRIPT + "".join(JOB.format(name=name, job=JOBS[name]) for name in names)


FAULTS = {
    # Where each role's database is said to be; of a URL, of a DSN.
    "no server": (
        "{role}:{secret}@127.0.0.1:9/{role}",
        "host=127.0.0.1 port=9 dbname={role} user={role} password={secret}",
    ),
    "no database": (
        "{role}:{secret}@127.0.0.1:{port}/nowhere",
        "host=127.0.0.1 port={port} dbname=nowhere user={role} password={secret}",
    ),
    "another password": (
        "{role}:{secret}x@127.0.0.1:{port}/{role}",
        "host=127.0.0.1 port={port} dbname={role} user={role} password={secret}x",
    ),
    "no host": (
        "{role}:{secret}@nowhere.invalid/{role}",
        "host=nowhere.invalid dbname={role} user={role} password={secret}",
    ),
    "an unknown word": (
        "{role}:{secret}@127.0.0.1:9/{role}?odd=1",
        "host=127.0.0.1 port=9 password={secret} odd",
    ),
    "no number": ("{role}:{secret}@127.0.0.1:9 9/{role}", "host=127.0.0.1 port=nine password={secret}"),
    "no end of a quote": (
        "{role}:%zz{secret}@127.0.0.1:9/{role}",
        "host=127.0.0.1 port=9 password='{secret}",
    ),
    "a URL cut short": ("{role}:{secret}", "postgresql://x:{secret}@127.0.0.1:9 9/x"),
}


@dataclass(frozen=True)
class Planted:
    """An installation whose roles have secrets for passwords."""

    stack: Stack
    secrets: dict[str, str]

    def environ(self, fault: str) -> dict[str, str]:
        url, dsn = FAULTS[fault]
        known = {"port": self.stack.settings.postgres_port}

        def at(how: str, role: str) -> str:
            return how.format(role=role, secret=self.secrets[role], **known)

        return {
            **os.environ,
            "REDEYE_WAREHOUSE_DSN": at(dsn, "warehouse"),
            "REDEYE_OUTPUTS_DSN": at(dsn, "outputs"),
            "REDEYE_FEAST_REGISTRY_URL": f"postgresql+psycopg2://{at(url, 'feast')}",
            "REDEYE_MLFLOW_TRACKING_URL": f"postgresql+psycopg2://{at(url, 'mlflow')}",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{at(url, 'airflow')}",
            "REDEYE_AIRFLOW_API_PASSWORD": self.secrets["admin"],
            "REDEYE_ONLINE_STORE_URL": f"redis://:{self.secrets['redis']}@127.0.0.1:9/0",
            "REDEYE_ALERT_URLS": (
                f"json://me:{self.secrets['mail']}@127.0.0.1:9/x slack://{self.secrets['slack']}/B/C"
            ),
            # As CI systems have it: it makes libraries take a pipe for a terminal.
            "FORCE_COLOR": "1",
        }

    def run(self, fault: str, *words: str) -> str:
        ran = subprocess.run(
            [sys.executable, *words],
            env=self.environ(fault),
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.stdout

    def find_all(self, told: dict[str, str]) -> dict[str, list[str]]:
        """By what told them the secrets that it told."""
        found = {
            where: [name for name, secret in self.secrets.items() if secret in text]
            for where, text in told.items()
        }
        return {where: names for where, names in found.items() if names}


@pytest.fixture(scope="module")
def planted(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    home = tmp_path_factory.mktemp("canary") / "home"
    prepared.copy(Kind.THREE_WEEKS, home)
    with installation(home) as stack:
        roles = [each.name for each in databases.DATABASES]
        secrets = {
            name: f"canary{name.replace('_', '')}{find_port()}of{number}"
            for number, name in enumerate([*roles, "admin", "redis", "mail", "slack"])
        }
        with stack.postgres.superuser() as link, link.cursor() as at:
            for role in roles:
                at.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(role)), (secrets[role],)
                )
        yield Planted(stack, secrets)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_command_and_no_task_tells_a_secret(planted: Planted, fault: str) -> None:
    dsn = planted.environ(fault)["REDEYE_WAREHOUSE_DSN"]
    told = {"jobs": planted.run(fault, "-c", write_script(*JOBS))}
    assert [name for name in JOBS if f"the job {name} failed" not in told["jobs"]] == []
    # Elsewhere one that reads a ledger and one that asks Airflow.
    for command in COMMANDS if fault == "no server" else ("alerts now", "verify"):
        words = [word.format(home=planted.stack.settings.home, reason=dsn) for word in command.split()]
        told[command] = planted.run(fault, "-m", "redeye", *words)
    assert planted.find_all(told) == {}


def test_nothing_that_was_kept_of_it_holds_one(planted: Planted) -> None:
    """After the faults: logs, dbt's artifacts, lineage, pages, caches, and every row of every ledger."""
    working = "host=127.0.0.1 port={port} dbname={role} user={role} password={secret}"
    FAULTS["none"] = ("{role}:{secret}@127.0.0.1:{port}/{role}", working)
    # A reason that quotes an address is kept without its password.
    planted.run("none", "-c", write_script("gap"))
    home = planted.stack.settings.home
    kept = {
        str(path.relative_to(home)): path.read_bytes().decode("latin-1")
        for path in list_files(home)
        if "postgres" not in path.relative_to(home).parts[:1]
        and not str(path.relative_to(home)).startswith(KEPT)
    }
    assert any(name.startswith("dbt/") for name in kept)
    assert planted.find_all(kept) == {}
    rows = {}
    for database in databases.DATABASES:
        with planted.stack.postgres.superuser(database.name) as link, link.cursor() as at:
            at.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
            for (table,) in at.fetchall():
                at.execute(f"SELECT string_agg(t::text, E'\\n') FROM {table} t")
                rows[table] = (at.fetchone() or ("",))[0] or ""
    assert planted.find_all(rows) == {}
    assert any("password=***" in text for text in rows.values()), "the gap's reason was kept"
