"""Migrations of the ledgers' own tables, by Alembic: one line of revisions for each lake's database.

A revision is a Python file and its SQL below `foundation/schema/<database>/`. All that is missing runs in one
transaction together with the rights: a migration that fails leaves nothing behind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from typing import Protocol

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from psycopg2 import extensions
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from redeye.foundation import trail
from redeye.foundation.errors import RedeyeError
from redeye.foundation.schema.running import FOLDER

log = logging.getLogger(__name__)

# A schema of its own: the ledger's role has no right to it.
VERSION_SCHEMA, VERSION_TABLE = "migrations", "version"


class Administered(Protocol):
    """A server whose roles and databases are ours to make: the embedded one, or one of the operator's."""

    def superuser(self, database: str = ...) -> AbstractContextManager[extensions.connection]:
        """An autocommitting connection of whoever may make them."""
        ...


def find_head(database: str) -> str:
    """The newest revision that this code has for a database."""
    found = ScriptDirectory.from_config(_config(database)).get_current_head()
    if found is None:
        raise RedeyeError(f"{FOLDER / database} holds no revision")
    return found


def read_current(server: Administered, database: str) -> str | None:
    """The revision at which a database is; None before its first one."""
    with server.superuser(database) as link, link.cursor() as at:
        at.execute("SELECT to_regclass(%s)", (f"{VERSION_SCHEMA}.{VERSION_TABLE}",))
        if at.fetchone() == (None,):
            return None
        at.execute(f"SELECT version_num FROM {VERSION_SCHEMA}.{VERSION_TABLE}")
        row = at.fetchone()
        return str(row[0]) if row else None


def upgrade(server: Administered, database: str) -> None:
    """Bring a database's ledgers to the newest revision; again is no change.

    Raises:
        RedeyeError: if a revision fails, or the database is of newer code. Nothing has changed then.
    """
    was, wanted = read_current(server, database), find_head(database)
    config = _config(database)
    with server.superuser(database) as link:
        link.autocommit = False
        engine = create_engine("postgresql+psycopg2://", creator=lambda: link, poolclass=StaticPool)
        try:
            # Alembic neither begins nor commits where a transaction stands already: all of it is one.
            with engine.begin() as connection:
                connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {VERSION_SCHEMA}")
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                with closing(connection.connection.cursor()) as at:
                    # Without parameters, so that a `%` means itself.
                    at.execute(_rights(database))
                    trail.record_schema(at, wanted)
        except CommandError as error:
            raise RedeyeError(
                f"the ledgers in {database} are at revision {was}, this code knows up to {wanted}: run the newer "
                "code, or restore the backup from before its upgrade into another home (docs/guides/operations.md)"
            ) from error
        except (psycopg2.Error, DBAPIError) as error:
            raise RedeyeError(
                f"the migration of the ledgers in {database} from {was or 'nothing'} to {wanted} failed; nothing of "
                f"it was kept, and the code of before still works with it (docs/guides/operations.md, Upgrade): {error}"
            ) from error
    if was != wanted:
        log.info("%s: ledgers at revision %s, before %s", database, wanted, was or "nothing")


def find_pending(server: Administered, databases: Iterable[str]) -> dict[str, tuple[str | None, str]]:
    """Which databases are not at this code's newest revision: by name, theirs and ours."""
    found = {name: (read_current(server, name), find_head(name)) for name in databases}
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def _rights(database: str) -> str:
    return (FOLDER / "rights.sql").read_text(encoding="utf-8").replace("{role}", database)


def _config(database: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("version_locations", str(FOLDER / database))
    config.set_main_option("path_separator", "os")
    config.attributes.update(version_schema=VERSION_SCHEMA, version_table=VERSION_TABLE)
    return config
