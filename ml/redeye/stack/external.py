"""Make servers of one's own ready: roles, databases, ledgers, and what Airflow and MLflow keep in theirs.

The embedded stack does this by itself. A deployment runs it as a job before its servers start, at every
upgrade too; again and again with the same result.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

import psycopg2
from psycopg2.extensions import connection, make_dsn, parse_dsn
from sqlalchemy.engine import make_url

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings
from redeye.foundation.signing.signing_keys import prepare_key
from redeye.stack import bootstrap, databases
from redeye.stack.secrets import Secrets
from redeye.stack.servers import mlflow_tables
from redeye.stack.servers.embedded_postgres import SUPERUSER

log = logging.getLogger(__name__)

AIRFLOW_URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
MLFLOW_LOGIN_URL = "REDEYE_MLFLOW_LOGIN_URL"


@dataclass(frozen=True)
class ExternalPostgres:
    """A Postgres that others run, by the DSN of a role that may create roles and databases and owns them."""

    admin_dsn: str

    @contextmanager
    def superuser(self, database: str = SUPERUSER) -> Iterator[connection]:
        """A connection as that role, in autocommit mode, closed afterwards."""
        link = psycopg2.connect(make_dsn(self.admin_dsn, dbname=database))
        link.autocommit = True
        try:
            yield link
        finally:
            link.close()


def prepare(
    configured: Settings, admin_dsn: str, environment: dict[str, str], *, with_tools: bool = True
) -> None:
    """Create what is missing of roles, databases and ledgers, and migrate Airflow's and MLflow's tables.

    Args:
        configured: with the DSNs and URLs of every database; each role is its database's name.
        admin_dsn: of a role that may create roles and databases.
        environment: holds the SQLAlchemy URLs `AIRFLOW_URL` and `MLFLOW_LOGIN_URL`.
        with_tools: as of `bootstrap.prepare_databases`.

    Raises:
        ConfigError: if one of them is missing, or a role is not named as its database.
        RedeyeError: if a migration fails.
    """
    passwords = role_passwords(configured, environment)
    unused = {field.name: "" for field in fields(Secrets)}
    secrets = Secrets(**unused | {f"{name}_db_password": value for name, value in passwords.items()})
    server = ExternalPostgres(admin_dsn)
    log.warning("creating databases and roles")
    databases.create(server, secrets)
    prepare_key(configured)
    databases.create_ledgers(server)
    if not with_tools:
        return
    log.warning("migrating Airflow's database")
    bootstrap.run_module(["airflow", "db", "migrate"])
    if not configured.mlflow_server_elsewhere:
        log.warning("migrating MLflow's database")
        # One at a time: several processes that initialise MLflow's tables at once crash.
        store = configured.mlflow_tracking_url.get_secret_value()
        bootstrap.run_module([mlflow_tables.__name__], store)


def role_passwords(configured: Settings, environment: dict[str, str]) -> dict[str, str]:
    """The password of each database's role, out of the DSNs and URLs that name it.

    Raises:
        ConfigError: naming the setting that is missing or names another role or database.
    """
    urls = {
        "airflow": (AIRFLOW_URL, environment.get(AIRFLOW_URL, "")),
        "mlflow": ("REDEYE_MLFLOW_TRACKING_URL", configured.mlflow_tracking_url.get_secret_value()),
        "mlflow_login": (MLFLOW_LOGIN_URL, environment.get(MLFLOW_LOGIN_URL, "")),
        "feast": ("REDEYE_FEAST_REGISTRY_URL", configured.feast_registry_url.get_secret_value()),
        "warehouse": ("REDEYE_WAREHOUSE_DSN", configured.warehouse_dsn.get_secret_value()),
        "outputs": ("REDEYE_OUTPUTS_DSN", configured.outputs_dsn.get_secret_value()),
    }
    found = {}
    for name, (setting, text) in urls.items():
        parts: dict[str, str] = {}
        if name in databases.LEDGERS:
            parts = parse_dsn(text) if text else {}
        elif text.startswith("postgresql"):
            parts = make_url(text).translate_connect_args(username="user", database="dbname")
        else:
            raise ConfigError(
                f"{setting} must be a SQLAlchemy URL of Postgres, such as postgresql+psycopg2://…"
            )
        if (parts.get("user"), parts.get("dbname")) != (name, name) or not parts.get("password"):
            raise ConfigError(f"{setting} must name role {name}, database {name} and the role's password")
        found[name] = str(parts["password"])
    return found
