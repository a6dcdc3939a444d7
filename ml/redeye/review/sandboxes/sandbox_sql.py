"""Run SQL that a person typed in a sandbox: it reaches the sandbox's own folder, and no other file or server."""

from __future__ import annotations

from typing import Any

import duckdb
from duckdb import StatementType

from redeye.foundation.errors import ConfigError
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.warehouse import lake

_PIECE = 10_000
# COPY is not among them: it can write into a file of the sandbox in place, which is a link to the release's.
_ALLOWED = frozenset(
    {
        StatementType.SELECT,
        StatementType.INSERT,
        StatementType.UPDATE,
        StatementType.DELETE,
        StatementType.MERGE_INTO,
        StatementType.CREATE,
        StatementType.CREATE_FUNC,
        StatementType.DROP,
        StatementType.ALTER,
        StatementType.CALL,
        StatementType.TRANSACTION,
        StatementType.EXPLAIN,
    }
)


def run_sql(at: Sandbox, query: str, *, limit: int) -> tuple[list[str], list[tuple[Any, ...]], int]:
    """The names of the columns of what a query gives, its first rows, and how many there are; none if it gives nothing.

    A limit of 0 is none.

    Raises:
        ConfigError: if DuckDB refuses it, or it would reach beyond the sandbox; the message says why.
        RedeyeError: if another process has the sandbox open.
    """
    with lake.connect(extensions=["ducklake"]) as con:
        at.attach_to(con, "warehouse", is_writable=True)
        con.execute("USE warehouse")
        _lock(con, at)
        try:
            _check_statements(query, con.extract_statements(query))
            found = con.execute(query)
            heads = [column[0] for column in found.description or ()]
            rows: list[tuple[Any, ...]] = []
            count = 0
            for piece in iter(lambda: found.fetchmany(_PIECE), []) if heads else ():
                count += len(piece)
                rows += piece[: limit - len(rows)] if limit else piece
            return heads, rows, count
        except duckdb.Error as error:
            raise ConfigError(str(error)) from error


def _lock(con: duckdb.DuckDBPyConnection, at: Sandbox) -> None:
    """Leave the connection the sandbox's folder, and no way to widen that."""
    folder = str(at.folder).replace("'", "''")
    con.execute(f"SET allowed_directories = ['{folder}/']")
    con.execute(f"SET temp_directory = '{folder}/spill'")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _check_statements(query: str, statements: list[duckdb.Statement]) -> None:
    for each in statements:
        # EXPLAIN ANALYZE runs what it explains.
        is_copy = each.type == StatementType.EXPLAIN and "copy" in query.lower()
        if each.type not in _ALLOWED or is_copy:
            name = "COPY" if is_copy else each.type.name.replace("_", " ")
            raise ConfigError(
                f"{name} is not allowed in a sandbox, which can neither be attached to anything nor write files: "
                "query its tables, or make tables in it"
            )
