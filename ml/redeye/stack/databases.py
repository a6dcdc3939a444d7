"""Databases and roles of the embedded stack: one of each for each part, closed to the others."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from typing import Protocol

from psycopg2 import sql
from psycopg2.extensions import connection, cursor

from redeye.stack.secrets import Secrets


class Administered(Protocol):
    """A server whose roles and databases are ours to make: the embedded one, or one of the operator's."""

    def superuser(self, database: str = ...) -> AbstractContextManager[connection]:
        """An autocommitting connection of whoever may make them."""
        ...


@dataclass(frozen=True)
class Database:
    """One database with the role of the same name.

    Args:
        is_owner: whether the role owns the database. It must not where a ledger lies in it: an
            owner may drop what others own in its schemas.
    """

    name: str
    is_owner: bool

    def password(self, secrets: Secrets) -> str:
        """The role's password."""
        return str(getattr(secrets, f"{self.name}_db_password"))


DATABASES = (
    Database("airflow", is_owner=True),
    Database("mlflow", is_owner=True),
    Database("mlflow_login", is_owner=True),
    Database("feast", is_owner=True),
    Database("warehouse", is_owner=False),
    Database("outputs", is_owner=False),
)
LEDGERS = tuple(database.name for database in DATABASES if not database.is_owner)


def create(server: Administered, secrets: Secrets) -> None:
    """Create what is missing of roles and databases; set passwords and rights as they should be."""
    with server.superuser() as link, link.cursor() as at:
        for database in DATABASES:
            _create_role(at, database, secrets)
            _create_database(at, database)
        at.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
    for database in DATABASES:
        if database.is_owner:
            continue
        role = sql.Identifier(database.name)
        with server.superuser(database.name) as link, link.cursor() as at:
            at.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(role))


def _create_role(at: cursor, database: Database, secrets: Secrets) -> None:
    role = sql.Identifier(database.name)
    at.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (database.name,))
    if at.fetchone() is None:
        at.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    at.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(role), (database.password(secrets),))


def _create_database(at: cursor, database: Database) -> None:
    name = sql.Identifier(database.name)
    at.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database.name,))
    if at.fetchone() is None:
        owner = sql.SQL("OWNER {}").format(name) if database.is_owner else sql.SQL("")
        at.execute(sql.SQL("CREATE DATABASE {} {}").format(name, owner))
    at.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    at.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, name))


def schema_sql(database: str) -> str:
    """The SQL of a ledger's database, run by the superuser once the lake's catalog is there."""
    folder = files("redeye.adapters") / "schema"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("lease.sql", f"{database}.sql"))


def schema_hash() -> str:
    """A hash over the databases' names and the SQL of all ledgers, to tell whether it has to run again."""
    parts = [*(database.name for database in DATABASES), *(schema_sql(name) for name in LEDGERS)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def create_ledgers(server: Administered) -> None:
    """Make the two lakes' catalogs as `settings()` names them, then the ledgers beside them."""
    from redeye.adapters import lake

    lake.initialise()
    for name in LEDGERS:
        with server.superuser(name) as link, link.cursor() as at:
            link.autocommit = False
            at.execute(schema_sql(name))
            link.commit()
