"""The two lakes: DuckLake catalogs in Postgres over Parquet files, reached from DuckDB.

`warehouse` holds everything up to the features; its readers always name a snapshot. `outputs` holds
predictions and monitoring. Writers hold the lease of the catalog and carry its fencing token, which
Postgres checks at every commit (`schema/lease.sql`).
"""

from __future__ import annotations

import importlib.util
import logging
from enum import StrEnum
from pathlib import Path

import duckdb

from redeye.core.errors import ConfigError
from redeye.settings import settings

log = logging.getLogger(__name__)

EXTENSIONS = {
    "postgres_scanner": "duckdb_extension_postgres_scanner",
    "ducklake": "duckdb_extension_ducklake",
}


class Catalog(StrEnum):
    """The lakes, by the alias under which they are attached."""

    WAREHOUSE = "warehouse"
    OUTPUTS = "outputs"


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
            raise ConfigError(f"{package} holds no {extension} for DuckDB {duckdb.__version__} (looked for {path})")
        found[extension] = path
    return found


def connect(threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with the lake's extensions loaded from their wheels, in UTC."""
    con = duckdb.connect(config={"threads": str(threads or settings().threads)})
    for path in extension_paths().values():
        con.execute(f"LOAD '{path}'")
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


def attach_string(catalog: Catalog, *, token: int | None = None) -> str:
    """What to ATTACH for a catalog: `ducklake:postgres:<DSN>`, carrying the fencing token if there is one.

    Raises:
        ConfigError: if the catalog's DSN is not set.
    """
    dsn = getattr(settings(), f"{catalog}_dsn").get_secret_value()
    if not dsn:
        raise ConfigError(f"REDEYE_{catalog.upper()}_DSN is not set: start the stack, or set it to a libpq DSN")
    options = f" options='-c redeye.token={token}'" if token is not None else ""
    return f"ducklake:postgres:{dsn}{options}"


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

    A snapshot pins the whole catalog: tables, views and schemas together.
    """
    options = []
    if token is None:
        options.append("READ_ONLY")
    else:
        # Inlining small writes into the catalog made a night several times slower.
        options += [f"DATA_PATH '{data_path(catalog)}/'", "DATA_INLINING_ROW_LIMIT 0"]
    if snapshot_id is not None:
        options.append(f"SNAPSHOT_VERSION {int(snapshot_id)}")
    target = attach_string(catalog, token=token).replace("'", "''")
    con.execute(f"ATTACH '{target}' AS {alias or catalog} ({', '.join(options)})")


def connect_at(snapshot_id: int, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the warehouse attached read-only at one snapshot, as `warehouse`."""
    con = connect(threads)
    attach(con, Catalog.WAREHOUSE, snapshot_id=snapshot_id)
    return con


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

    Args:
        con: with the warehouse attached for writing, as `warehouse`.
        to_snapshot: the snapshot of the last release.

    Returns:
        The relations that had to be put back, as `schema.name`.
    """
    now = head(con, Catalog.WAREHOUSE)
    if now == to_snapshot:
        return []
    attach(con, Catalog.WAREHOUSE, alias="released", snapshot_id=to_snapshot)
    changed: list[str] = []
    con.execute("BEGIN")
    try:
        at_head, at_release = _relations(con, "warehouse"), _relations(con, "released")
        for (schema, name), (kind, _) in at_head.items():
            if (schema, name) not in at_release or at_release[schema, name][0] != kind:
                con.execute(f'DROP {kind} warehouse."{schema}"."{name}"')
                changed.append(f"{schema}.{name}")
        for (schema, name), (kind, shape) in at_release.items():
            relation = f'warehouse."{schema}"."{name}"'
            con.execute(f'CREATE SCHEMA IF NOT EXISTS warehouse."{schema}"')
            is_same_shape = at_head.get((schema, name)) == (kind, shape)
            if kind == "VIEW":
                is_changed = not is_same_shape
                if is_changed:
                    con.execute(f"DROP VIEW IF EXISTS {relation}")
                    con.execute(shape)
            elif not is_same_shape:
                is_changed = True
                con.execute(f"DROP TABLE IF EXISTS {relation}")
                con.execute(f'CREATE TABLE {relation} AS FROM released."{schema}"."{name}"')
            else:
                is_changed = _put_rows_back(con, schema, name, to_snapshot, now)
            if is_changed:
                changed.append(f"{schema}.{name}")
        con.execute("COMMIT")
    except duckdb.Error:
        con.execute("ROLLBACK")
        raise
    con.execute("DETACH released")
    if changed:
        log.info("rewound the head to snapshot %s: put back %s", to_snapshot, ", ".join(changed))
    return changed


def _relations(con: duckdb.DuckDBPyConnection, alias: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Tables with their columns and types, views with their SQL, by (schema, name)."""
    tables = con.execute(
        """
        SELECT schema_name, table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index)
        FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, schema_name, table_name)
        WHERE database_name = ? GROUP BY ALL
        """,
        [alias],
    ).fetchall()
    views = con.execute(
        "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = ? AND NOT internal", [alias]
    ).fetchall()
    found = {(schema, name): ("TABLE", shape) for schema, name, shape in tables}
    return found | {(schema, name): ("VIEW", sql.replace(f"{alias}.", "warehouse.")) for schema, name, sql in views}


def _put_rows_back(con: duckdb.DuckDBPyConnection, schema: str, name: str, released: int, now: int) -> bool:
    span = f"('warehouse', '{schema}', '{name}', {released + 1}, {now})"
    changes = con.execute(f"SELECT count(*) FROM ducklake_table_changes{span}").fetchone()
    if changes is None or changes[0] == 0:
        return False
    table = f'"{schema}"."{name}"'
    con.execute(
        f"DELETE FROM warehouse.{table} WHERE rowid IN (SELECT rowid FROM ducklake_table_insertions{span})"
    )
    con.execute(
        f"INSERT INTO warehouse.{table} SELECT * FROM released.{table} "
        f"WHERE rowid IN (SELECT rowid FROM ducklake_table_deletions{span})"
    )
    return True
