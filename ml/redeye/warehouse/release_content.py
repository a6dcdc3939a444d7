"""What each relation of a release holds: recorded when it is published, found again after maintenance."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.warehouse import lake
from redeye.warehouse.lake import Relation
from redeye.warehouse.logic.content import Content

_DIGITS = 64


def read_key() -> bytes:
    """The key that rows are hashed with.

    Whoever can write to the lake's files and not read the key can put no other rows in the place of a release's.

    Raises:
        ConfigError: if there is none, or it is no key.
    """
    text = settings().content_key.get_secret_value()
    if len(text) != _DIGITS or set(text) - set("0123456789abcdef"):
        raise ConfigError(
            f"REDEYE_CONTENT_KEY {'is no key' if text else 'is not set'}: it must be {_DIGITS} hexadecimal digits, the "
            "same as long as the installation lasts (`openssl rand -hex 32` makes one)"
        )
    return bytes.fromhex(text)


def digest_snapshot(
    snapshot_id: int,
    *,
    parent_snapshot_id: int = 0,
    parent: dict[str, Content] | None = None,
    is_keyed: bool = True,
) -> dict[str, Content]:
    """The content of every table and view at a snapshot, by `"schema"."name"`.

    A table's rows are hashed by their values as text, the columns in the order of their names; names and types of
    the columns count as well. A view is its SQL. About 16 s for a year of 330,000 rows with all their features, on
    two cores.

    With the content of an earlier snapshot, a relation that was made or altered since is read whole; of any other
    only what changed is read, which for a night does not grow with the history. No snapshot after the earlier one
    may have been expired.

    Args:
        snapshot_id: of the warehouse.
        parent_snapshot_id: an earlier one.
        parent: its content; what of it has no key is read anew.
        is_keyed: whether to hash with the key; releases of before it were recorded without.
    """
    key = read_key().hex() if is_keyed else ""
    with lake.connect_at(snapshot_id) as con:
        before, held, found = lake.relations(con, parent_snapshot_id), parent or {}, {}
        changed = lake.list_changed_tables(con, parent_snapshot_id + 1, snapshot_id)
        for name, relation in lake.relations(con, snapshot_id).items():
            if before.get(name) != relation or name not in held or held[name].is_keyed != is_keyed:
                found[name] = _sum_whole(con, relation, key)
            elif relation.kind == "VIEW" or relation.identity not in changed:
                found[name] = held[name]
            else:
                table = f"'warehouse', '{relation.schema}', '{relation.table}'"
                span = f"({table}, {parent_snapshot_id + 1}, {snapshot_id})"
                inserted = _sum_rows(con, relation, f"ducklake_table_insertions{span}", key)
                deleted = _sum_rows(con, relation, f"ducklake_table_deletions{span}", key)
                found[name] = held[name] + inserted - deleted
        return found


def _sum_whole(con: duckdb.DuckDBPyConnection, relation: Relation, key: str) -> Content:
    if relation.sql is not None:
        return _sum_text(con, relation.sql, key)
    found = _sum_rows(con, relation, f'warehouse."{relation.schema}"."{relation.table}"', key)
    # A table of before the key is what its rows are; names and types of columns have been in it since.
    return found + _sum_text(con, json.dumps(_list_columns(con, relation)), key) if key else found


def _sum_rows(con: duckdb.DuckDBPyConnection, relation: Relation, source: str, key: str) -> Content:
    values = [f'"{column}"::VARCHAR' for column, _ in _list_columns(con, relation)]
    if key:
        # Each value with its length: no value can end in another place.
        row = " || ".join(f"coalesce(length({value}) || ':' || {value}, '-')" for value in values)
    else:
        row = f"concat_ws(chr(31), {', '.join(f'coalesce({value}, chr(0))' for value in values)})"
    return _sum(con, f"SELECT {row} AS r FROM {source}", [], key)


def _sum_text(con: duckdb.DuckDBPyConnection, text: str, key: str) -> Content:
    return replace(_sum(con, "SELECT ?::VARCHAR AS r", [text], key), rows=0)


def _sum(con: duckdb.DuckDBPyConnection, rows: str, values: list[str], key: str) -> Content:
    hashed = "sha256(?::VARCHAR || r)" if key else "md5(r)"
    words = (1, 17, 33, 49) if key else (17, 1)
    sums = ", ".join(f"coalesce(sum(('0x' || h[{at}:{at + 15}])::UBIGINT::HUGEINT), 0)" for at in words)
    (found,) = con.execute(
        f"SELECT count(*), {sums} FROM (SELECT {hashed} AS h FROM ({rows}))",
        [key, *values] if key else values,
    ).fetchall()
    return Content(found[0], found[1:])


def _list_columns(con: duckdb.DuckDBPyConnection, relation: Relation) -> list[tuple[str, str]]:
    return con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE (database_name, schema_name, table_name) = (?, ?, ?) ORDER BY column_name",
        [str(Catalog.WAREHOUSE), relation.schema, relation.table],
    ).fetchall()
