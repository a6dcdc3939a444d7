"""What each relation of a release holds: recorded when it is published, found again after maintenance."""

from __future__ import annotations

import hashlib

import duckdb

from redeye.foundation.catalogs import Catalog
from redeye.warehouse import lake
from redeye.warehouse.lake import Relation
from redeye.warehouse.logic.content import Content

# Between a row's values, and for a missing one: characters that the data cannot hold.
_SEPARATOR, _MISSING = "chr(31)", "chr(0)"


def digest_snapshot(
    snapshot_id: int, *, parent_snapshot_id: int = 0, parent: dict[str, Content] | None = None
) -> dict[str, Content]:
    """The content of every table and view at a snapshot, by `"schema"."name"`.

    A table's rows are hashed by their values as text, the columns in the order of their names; a view is
    its SQL. About 9 s for a year of 330,000 rows with all their features, on two cores.

    With the content of an earlier snapshot, a relation that was made or altered since is read whole; of any other
    only what changed is read, which for a night does not grow with the history. No snapshot after the earlier one
    may have been expired.
    """
    with lake.connect_at(snapshot_id) as con:
        before, held, found = lake.relations(con, parent_snapshot_id), parent or {}, {}
        for name, relation in lake.relations(con, snapshot_id).items():
            if before.get(name) != relation or name not in held:
                found[name] = _whole(con, relation)
            elif relation.kind == "VIEW":
                found[name] = held[name]
            else:
                table = f"'warehouse', '{relation.schema}', '{relation.table}'"
                span = f"({table}, {parent_snapshot_id + 1}, {snapshot_id})"
                inserted = _rows(con, relation, f"ducklake_table_insertions{span}")
                deleted = _rows(con, relation, f"ducklake_table_deletions{span}")
                found[name] = held[name] + inserted - deleted
        return found


def _whole(con: duckdb.DuckDBPyConnection, relation: Relation) -> Content:
    if relation.sql is not None:
        digest = hashlib.md5(relation.sql.encode(), usedforsecurity=False).hexdigest()
        return Content.of_digest(0, digest)
    return _rows(con, relation, f'warehouse."{relation.schema}"."{relation.table}"')


def _rows(con: duckdb.DuckDBPyConnection, relation: Relation, source: str) -> Content:
    columns = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE (database_name, schema_name, table_name) = (?, ?, ?) "
        "ORDER BY column_name",
        [str(Catalog.WAREHOUSE), relation.schema, relation.table],
    ).fetchall()
    values = ", ".join(f'coalesce("{column}"::VARCHAR, {_MISSING})' for (column,) in columns)
    row = con.execute(
        "SELECT count(*), coalesce(sum(md5_number_lower(r)::HUGEINT), 0), "
        "coalesce(sum(md5_number_upper(r)::HUGEINT), 0) "
        f"FROM (SELECT concat_ws({_SEPARATOR}, {values}) AS r FROM {source})"
    ).fetchone()
    return Content(*row) if row else Content()
