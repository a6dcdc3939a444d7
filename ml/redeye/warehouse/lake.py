"""The two lakes: DuckLake catalogs in Postgres over Parquet files, reached from DuckDB.

`warehouse` holds everything up to the features; its readers always name a snapshot. `outputs` holds
predictions and monitoring. Writers hold the lease of the catalog and carry its fencing token, which
Postgres checks at every commit (`schema/r0001_lease.sql`).
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
from psycopg2.extensions import make_dsn

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.logic.visible_text import hide_passwords
from redeye.foundation.postgres import read_dsn
from redeye.foundation.settings import settings
from redeye.foundation.task_session import find_connections

log = logging.getLogger(__name__)

EXTENSIONS = {
    "postgres_scanner": "duckdb_extension_postgres_scanner",
    "ducklake": "duckdb_extension_ducklake",
}


# A night reads its own release, and those that older predictions name.
_KEPT_SNAPSHOTS = 2


def extension_paths() -> dict[str, Path]:
    """The signed extension binaries inside their wheels, by extension name, in the order to load them.

    Raises:
        ConfigError: if a wheel is not installed or holds no binary for this DuckDB.
    """
    found = {}
    for extension, package in EXTENSIONS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(f"the package {package} is not installed: run `make setup`")
        folder = Path(next(iter(spec.submodule_search_locations)))
        path = folder / "extensions" / f"v{duckdb.__version__}" / f"{extension}.duckdb_extension"
        if not path.is_file():
            raise ConfigError(
                f"{package} holds no {extension} for DuckDB {duckdb.__version__} (looked for {path})"
            )
        found[extension] = path
    return found


def connect(
    threads: int | None = None, *, extensions: Collection[str] = tuple(EXTENSIONS)
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with the lake's extensions loaded from their wheels, in UTC."""
    con = duckdb.connect(config={"threads": str(threads or settings().threads)})
    for extension, path in extension_paths().items():
        if extension in extensions:
            con.execute(f"LOAD '{path}'")
    return _in_utc(con)


def _in_utc(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


def attach_string(catalog: Catalog, *, token: int | None = None) -> str:
    """What to ATTACH for a catalog: `ducklake:postgres:<DSN>`, carrying the fencing token if there is one.

    It holds no password, as DuckDB quotes it in errors: what the DSN has is handed on in a file.

    Raises:
        ConfigError: if the catalog's DSN is not set, or is none.
    """
    parts = read_dsn(catalog)
    if password := parts.pop("password", ""):
        parts["passfile"] = _keep_in_memory(password)
    if token is not None:
        parts["options"] = f"-c redeye.token={token}"
    return f"ducklake:postgres:{make_dsn(**parts)}"


@cache
def _keep_in_memory(password: str) -> str:
    """The path of a file with a password as libpq reads it, which lies on no disk and ends with the process."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    file = os.memfd_create("redeye-passfile")
    # libpq passes over one that others could read.
    os.fchmod(file, 0o600)
    os.write(file, f"*:*:*:*:{escaped}\n".encode())
    return f"/proc/self/fd/{file}"


def data_path(catalog: Catalog) -> Path:
    """The folder of a catalog's Parquet files."""
    return settings().lake / catalog


def attach(
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    *,
    alias: str | None = None,
    snapshot_id: int | None = None,
    token: int | None = None,
) -> None:
    """Attach a catalog: at a snapshot or at its head read-only, or, with a fencing token, for writing.

    A head is attached once: each query sees what is committed by then. A snapshot pins the whole catalog:
    tables, views and schemas together.

    Raises:
        duckdb.Error: if it cannot be attached; the message holds no password, as DuckDB's own does.
    """
    # Where the files lie is the settings' say. The catalog keeps the path at which it was made, which a home
    # that was moved or restored elsewhere no longer has; the files in it are named relative to that path.
    options = [f"DATA_PATH '{data_path(catalog)}/'", "OVERRIDE_DATA_PATH true"]
    if token is None:
        options.append("READ_ONLY")
    else:
        # Inlining small writes into the catalog made a night several times slower.
        options.append("DATA_INLINING_ROW_LIMIT 0")
    if snapshot_id is not None:
        options.append(f"SNAPSHOT_VERSION {int(snapshot_id)}")
    target = attach_string(catalog, token=token).replace("'", "''")
    once = "IF NOT EXISTS " if token is None and snapshot_id is None else ""
    try:
        con.execute(f"ATTACH {once}'{target}' AS {alias or catalog} ({', '.join(options)})")
    except duckdb.Error as error:
        # From None: a traceback would show the first one too.
        raise type(error)(hide_passwords(str(error))) from None


def connect_at(snapshot_id: int, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the warehouse attached read-only at one snapshot, as `warehouse`.

    Those of a task session are cursors of one DuckDB for each snapshot: making it takes a quarter of a second.
    """
    lakes = _find_lakes()
    if lakes is None or threads is not None:
        con = connect(threads)
        attach(con, Catalog.WAREHOUSE, snapshot_id=snapshot_id)
        return con
    if snapshot_id in lakes:
        con = lakes.pop(snapshot_id)
    else:
        con = lakes.pop(None) if None in lakes else connect()
        attach(con, Catalog.WAREHOUSE, snapshot_id=snapshot_id)
    # The last used is the last of them.
    lakes[snapshot_id] = con
    while len(lakes) > _KEPT_SNAPSHOTS:
        # Not closed: that would close its cursors too, and one of them may be in use.
        lakes.pop(next(iter(lakes)))
    return _in_utc(con.cursor())


def connect_outputs() -> duckdb.DuckDBPyConnection:
    """A connection with the outputs attached read-only at their head, as `outputs`.

    In a task session it is a cursor of the DuckDB that the warehouse was last read from, or will be.
    """
    lakes = _find_lakes()
    if lakes is None:
        con = connect(threads=1)
        attach(con, Catalog.OUTPUTS)
        return con
    if not lakes:
        lakes[None] = connect()
    con = next(reversed(lakes.values()))
    attach(con, Catalog.OUTPUTS)
    return _in_utc(con.cursor())


@contextmanager
def open_for_writing(
    catalog: Catalog, *, token: int, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a catalog attached for writing, under the lease's fencing token.

    A task session keeps its DuckDB for the next writer, with nothing attached.
    """
    idle = find_connections("idle writers")
    con = idle.pop(threads) if idle and threads in idle else connect(threads)
    try:
        attach(con, catalog, token=token)
        yield con
        con.execute(f"DETACH {catalog}")
    except BaseException:
        # Whatever state it was left in, nobody writes with it again.
        con.close()
        raise
    if idle is None:
        con.close()
    else:
        idle[threads] = con


def _find_lakes() -> dict[int | None, duckdb.DuckDBPyConnection] | None:
    """The task session's, by snapshot; under None one that the warehouse is not attached to yet."""
    return find_connections(f"lakes of {settings().warehouse_dsn.get_secret_value()}")


def head(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> int:
    """The newest snapshot of an attached catalog."""
    row = con.execute(f"SELECT max(snapshot_id) FROM ducklake_snapshots('{catalog}')").fetchone()
    return int(row[0]) if row else 0


def initialise() -> None:
    """Create both catalogs where they do not exist yet. Run once by the stack, before the ledgers' schema."""
    for catalog in Catalog:
        data_path(catalog).mkdir(parents=True, exist_ok=True)
        con = connect(threads=1)
        attach(con, catalog, token=0)
        con.close()


def rewind(con: duckdb.DuckDBPyConnection, *, to_snapshot: int) -> list[str]:
    """Bring the warehouse's head back to what it was at `to_snapshot`, in one transaction.

    What a refused or killed build left at the head can so never lie under the next night. Unchanged
    tables are not touched; changed ones get their inserted rows taken out and their deleted rows back.

    Returns:
        The relations that had to be put back, as `schema.name`.
    """
    now = head(con, Catalog.WAREHOUSE)
    if now == to_snapshot:
        return []
    attach(con, Catalog.WAREHOUSE, alias="released", snapshot_id=to_snapshot)
    at_head, at_release = relations(con, now), relations(con, to_snapshot)
    changed = []
    con.execute("BEGIN")
    try:
        for name in at_head.keys() - at_release.keys():
            con.execute(f"DROP {at_head[name].kind} warehouse.{name}")
            changed.append(name)
        for name, relation in at_release.items():
            if at_head.get(name) != relation:
                if name in at_head:
                    con.execute(f"DROP {at_head[name].kind} warehouse.{name}")
                con.execute(f"CREATE SCHEMA IF NOT EXISTS warehouse.{relation.schema}")
                # The catalog keeps a view's SQL with this placeholder for its own alias.
                body = (relation.sql or f"FROM released.{name}").replace("{DUCKLAKE_CATALOG}", "warehouse")
                con.execute(f"CREATE {relation.kind} warehouse.{name} AS {body}")
            elif relation.kind == "VIEW" or not _put_rows_back(con, relation, to_snapshot, now):
                continue
            changed.append(name)
        con.execute("COMMIT")
    except duckdb.Error:
        con.execute("ROLLBACK")
        raise
    con.execute("DETACH released")
    log.info("rewound the head to snapshot %s: put back %s", to_snapshot, ", ".join(changed) or "nothing")
    return changed


@dataclass(frozen=True)
class Relation:
    """A table or view as the catalog describes it at one snapshot; equal when nothing about its form changed."""

    kind: str
    schema: str
    table: str
    identity: int
    columns: int
    sql: str | None


def relations(con: duckdb.DuckDBPyConnection, snapshot_id: int) -> dict[str, Relation]:
    """Every table and view of the warehouse at a snapshot, by quoted `schema.name`, from the catalog itself.

    The warehouse must be attached as `warehouse`, at that snapshot or a later one.
    """
    catalog = "__ducklake_metadata_warehouse"
    rows = con.execute(
        f"""
        WITH tables AS (
            SELECT 'TABLE' AS kind, t.schema_id, t.table_name AS name, t.table_id AS identity, NULL AS sql,
                (SELECT count(*) + max(c.begin_snapshot) FROM {catalog}.ducklake_column AS c
                 WHERE c.table_id = t.table_id AND c.begin_snapshot <= $at
                 AND (c.end_snapshot IS NULL OR c.end_snapshot > $at)) AS columns
            FROM {catalog}.ducklake_table AS t
            WHERE t.begin_snapshot <= $at AND (t.end_snapshot IS NULL OR t.end_snapshot > $at)
        ), views AS (
            SELECT 'VIEW', v.schema_id, v.view_name, v.view_id, v.sql, 0
            FROM {catalog}.ducklake_view AS v
            WHERE v.begin_snapshot <= $at AND (v.end_snapshot IS NULL OR v.end_snapshot > $at)
        )
        SELECT r.kind, s.schema_name, r.name, r.identity, r.columns, r.sql
        FROM (FROM tables UNION ALL FROM views) AS r
        JOIN {catalog}.ducklake_schema AS s ON s.schema_id = r.schema_id
        WHERE s.begin_snapshot <= $at AND (s.end_snapshot IS NULL OR s.end_snapshot > $at)
        """,
        {"at": snapshot_id},
    ).fetchall()
    return {f'"{row[1]}"."{row[2]}"': Relation(*row) for row in rows}


def list_changed_tables(con: duckdb.DuckDBPyConnection, first: int, last: int) -> set[int]:
    """The identities of the warehouse's tables whose files some snapshots added or took away, both ends included.

    A table that is not among them has the rows that it had; one that is may have them too.
    """
    catalog = "__ducklake_metadata_warehouse"
    found = con.execute(
        f"""
        SELECT DISTINCT table_id FROM (
            SELECT table_id, begin_snapshot, end_snapshot FROM {catalog}.ducklake_data_file
            UNION ALL SELECT table_id, begin_snapshot, end_snapshot FROM {catalog}.ducklake_delete_file
        ) WHERE begin_snapshot BETWEEN $first AND $last OR end_snapshot BETWEEN $first AND $last
        """,
        {"first": first, "last": last},
    ).fetchall()
    return {table for (table,) in found}


def _put_rows_back(con: duckdb.DuckDBPyConnection, relation: Relation, released: int, now: int) -> bool:
    """Undo what was inserted into and deleted from a table since a snapshot; whether there was anything."""
    span = f"('warehouse', '{relation.schema}', '{relation.table}', {released + 1}, {now})"
    changes = con.execute(f"SELECT count(*) FROM ducklake_table_changes{span}").fetchone()
    if changes is None or changes[0] == 0:
        return False
    name = f'"{relation.schema}"."{relation.table}"'
    con.execute(
        f"DELETE FROM warehouse.{name} WHERE rowid IN (SELECT rowid FROM ducklake_table_insertions{span})"
    )
    con.execute(
        f"INSERT INTO warehouse.{name} SELECT * FROM released.{name} "
        f"WHERE rowid IN (SELECT rowid FROM ducklake_table_deletions{span})"
    )
    return True
