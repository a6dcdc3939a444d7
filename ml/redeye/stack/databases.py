"""Databases and roles of the embedded stack: one of each for each part, closed to the others."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2 import sql

from redeye.foundation.migrations import Administered
from redeye.stack.secrets import Secrets


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
            name = sql.Identifier(database.name)
            at.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (database.name,))
            if at.fetchone() is None:
                at.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
            at.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(name), (database.password(secrets),))
            at.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database.name,))
            if at.fetchone() is None:
                owner = sql.SQL("OWNER {}").format(name) if database.is_owner else sql.SQL("")
                at.execute(sql.SQL("CREATE DATABASE {} {}").format(name, owner))
            at.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
            at.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, name))
        at.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
    for ledger in LEDGERS:
        with server.superuser(ledger) as link, link.cursor() as at:
            at.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(ledger)))


def schema_state() -> str:
    """The databases' names and the newest revision of each ledger, to tell whether they are as this code has them."""
    from redeye.foundation import migrations

    names = [database.name for database in DATABASES]
    return " ".join([*names, *(f"{name}={migrations.find_head(name)}" for name in LEDGERS)])


def create_ledgers(server: Administered) -> None:
    """Make the two lakes' catalogs as `settings()` names them, then bring the ledgers beside them up to date.

    Raises:
        RedeyeError: if a migration fails; nothing of it is kept.
    """
    from redeye.foundation import migrations, trail
    from redeye.foundation.signing import signature_store
    from redeye.warehouse import lake

    lake.initialise()
    pending = migrations.find_pending(server, LEDGERS)
    for name in LEDGERS:
        migrations.upgrade(server, name)
    if pending:
        signature_store.sign_inherited()
        trail.write_anchors("a migration")
