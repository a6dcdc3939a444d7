"""Connections to the databases that hold the ledgers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import connection, cursor, parse_dsn
from psycopg2.extras import Json, register_default_jsonb

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, LeaseLost
from redeye.foundation.logic.visible_text import make_storable
from redeye.foundation.settings import require_secret
from redeye.foundation.task_session import find_connections

STALE_LEASE = "RE001"

Record = TypeVar("Record")


class _LedgerCursor(cursor):
    """What goes into a ledger can be stored and shown, whatever it quotes: control characters, passwords."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - as psycopg2 has them
        super().execute(query, _make_storable(vars))

    def mogrify(self, query: Any, vars: Any = None) -> bytes:  # noqa: A002, ANN401
        return super().mogrify(query, _make_storable(vars))


def _make_storable(values: Any) -> Any:  # noqa: ANN401 - a statement's parameters
    if isinstance(values, tuple | list):
        return type(values)(_make_storable(value) for value in values)
    if isinstance(values, Json):
        return Json(make_storable(values.adapted))
    return make_storable(values)


@contextmanager
def ledger_transaction(catalog: Catalog) -> Iterator[connection]:
    """One transaction on the database of a catalog's ledger: committed on leaving, rolled back on an error.

    Those of a task session take turns on one connection to each database; one that begins within another has
    its own, and so has another thread.

    Raises:
        LeaseLost: if Postgres refused a row because its fencing token is stale.
        ConfigError: if the catalog's DSN is not set, or is none.
    """
    dsn = require_secret(f"{catalog}_dsn", "libpq DSN")
    parts = read_dsn(catalog)
    idle = find_connections("idle ledger connections")
    con = idle.pop(dsn, None) if idle is not None else None
    if con is None or not _is_alive(con):
        con = _connect(parts)
    try:
        with con:
            yield con
    except psycopg2.Error as error:
        if error.pgcode == STALE_LEASE:
            raise LeaseLost(str(error).splitlines()[0]) from error
        raise
    finally:
        if idle is None or con.closed or idle.setdefault(dsn, con) is not con:
            con.close()


def read_dsn(catalog: Catalog) -> dict[str, str]:
    """The parts of a catalog's DSN, by libpq's names.

    Raises:
        ConfigError: if it is not set or no DSN; the message quotes nothing of it.
    """
    try:
        return dict(parse_dsn(require_secret(f"{catalog}_dsn", "libpq DSN")))
    except psycopg2.ProgrammingError:
        # From None: the error quotes the word that it stumbled over.
        raise ConfigError(f"REDEYE_{catalog.upper()}_DSN is no libpq DSN: host=… port=… dbname=…") from None


def _connect(parts: Mapping[str, str]) -> connection:
    # A server that is gone is found out in seconds, also by a connection that has been idle for hours.
    waits = {"connect_timeout": 10, "tcp_user_timeout": 10_000, "application_name": "redeye"}
    con = psycopg2.connect(**{**parts, **waits}, cursor_factory=_LedgerCursor)
    register_default_jsonb(con)
    return con


def _is_alive(con: connection) -> bool:
    """Whether the server still knows an idle connection: it may have been started again since."""
    try:
        with con.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        con.close()
        return False
    return True


def read_rows(catalog: Catalog, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """What a query of a catalog's ledger returns."""
    with ledger_transaction(catalog) as con, con.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def read_records(
    catalog: Catalog, kind: type[Record], source: str, parameters: tuple[Any, ...]
) -> list[Record]:
    """Rows of a ledger as records of a dataclass whose fields are columns; `source` is what follows FROM."""
    columns = ", ".join(each.name for each in fields(kind))  # type: ignore[arg-type]
    return [kind(*row) for row in read_rows(catalog, f"SELECT {columns} FROM {source}", parameters)]


def insert_row(rows: cursor, table: str, values: Mapping[str, Any], clause: str = "") -> None:
    """Add a row to a table of the ledgers, by column, within the cursor's transaction; a dict goes in as JSON."""
    plain = [Json(value) if isinstance(value, dict) else value for value in values.values()]
    places = ", ".join(["%s"] * len(plain))
    rows.execute(f"INSERT INTO ledger.{table} ({', '.join(values)}) VALUES ({places}) {clause}", plain)


def insert(catalog: Catalog, sql: str, parameters: tuple[Any, ...]) -> None:
    """Add to a catalog's ledger by one statement, in a transaction of its own."""
    with ledger_transaction(catalog) as con, con.cursor() as cursor:
        cursor.execute(sql, parameters)
