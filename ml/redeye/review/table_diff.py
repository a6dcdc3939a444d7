"""Two states of a relation compared in DuckDB: rows by key, values by column, nulls and distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from redeye.features.point_in_time import quote
from redeye.review.logic.model_diff import ColumnDiff, Histogram, ModelDiff, Origin, RowDiff, is_number

OLD, NEW = "old", "new"
BINS = 16
TOP = 8
EXAMPLES, SHOWN_COLUMNS = 5, 4
# Sums in another order differ in their last bits.
TOLERANCE = 1e-9
_FLOATS = ("DOUBLE", "FLOAT")


def compare(con: duckdb.DuckDBPyConnection, relation: str, key: Sequence[str], origin: Origin) -> ModelDiff:
    """What differs between a relation, `schema.table`, in the attached states `old` and `new`.

    Returns:
        The difference, without times and sizes. Rows of duplicate keys are matched with each other.
    """
    old, new = _types(con, OLD, relation), _types(con, NEW, relation)
    shared = [name for name in new if old.get(name) == new[name]]
    retyped = [name for name in new if old.get(name, new[name]) != new[name]]
    numbers = [name for name in retyped if is_number(old[name]) and is_number(new[name])]
    rows_old, rows_new = _count(con, OLD, relation), _count(con, NEW, relation)
    columns = [ColumnDiff(name, "added") for name in new if name not in old]
    columns += [ColumnDiff(name, "removed") for name in old if name not in new]
    columns += [_describe_type(ColumnDiff(name, ""), old, new) for name in retyped if name not in numbers]
    digests = [_digest(con, alias, relation, shared) for alias in (OLD, NEW)]
    if not numbers and rows_old == rows_new and digests[0] == digests[1]:
        same = [ColumnDiff(name, "") for name in shared]
        return ModelDiff(relation, origin, tuple(key), rows_old, rows_new, 0, 0, tuple(columns + same))
    types = new | dict.fromkeys(numbers, _FLOATS[0])
    added, lost, found = _compare_rows(
        con, relation, [k for k in key if k in shared], types, shared + numbers
    )
    found = [_describe_type(each, old, new) if each.name in numbers else each for each in found]
    diff = ModelDiff(relation, origin, tuple(key), rows_old, rows_new, added, lost, tuple(columns + found))
    return replace(diff, examples=tuple(_find_examples(con, diff, types)))


def write_query(diff: ModelDiff, snapshot_id: int) -> str:
    """The SQL of the rows that differ, for a sandbox made at a snapshot, in which the change is built."""
    names = _list_differing(diff)
    if not (names or diff.keys_added or diff.keys_lost) or not diff.key:
        return ""
    # Names of the house's rules need no quotes.
    key, there = ", ".join(diff.key), diff.key[0]
    values = [f"o.{name} as old_{name}, n.{name} as new_{name}" for name in names]
    where = [f"o.{name} is distinct from n.{name}" for name in names]
    where += [f"o.{there} is null"] if diff.keys_added else []
    where += [f"n.{there} is null"] if diff.keys_lost else []
    return (
        f"select {', '.join([key, *values])} from {diff.name} as o at (version => {snapshot_id}) "
        f"full join {diff.name} as n using ({key}) where {' or '.join(where)} order by {key}"
    )


def _list_differing(diff: ModelDiff) -> list[str]:
    """The columns with other values, those of the most rows first."""
    found = sorted((each for each in diff.columns if each.rows), key=lambda each: -each.rows)
    return [each.name for each in found[:SHOWN_COLUMNS]]


def _find_examples(
    con: duckdb.DuckDBPyConnection, diff: ModelDiff, types: dict[str, str]
) -> Iterator[RowDiff]:
    names, key = _list_differing(diff), [name for name in diff.key if name in types]
    if not key or not (names or diff.keys_added or diff.keys_lost):
        return
    keys = ", ".join(map(quote, key))
    differs = [_differ(name, types[name]) for name in names]
    chosen = [f"{side}.{quote(name)}" for name in names for side in ("o", "n")]
    rows = con.execute(
        f"SELECT {', '.join([keys, 'o._is', 'n._is', *chosen])} FROM "
        f"(SELECT *, true AS _is FROM {OLD}.{diff.name}) AS o FULL JOIN "
        f"(SELECT *, true AS _is FROM {NEW}.{diff.name}) AS n USING ({keys}) "
        f"WHERE {' OR '.join(['o._is IS NULL', 'n._is IS NULL', *differs])} "
        f"ORDER BY {', '.join(f'{quote(name)} DESC' for name in key)} LIMIT {EXAMPLES}"
    ).fetchall()
    for row in rows:
        place = len(key)
        was, is_ = row[place : place + 2]
        pairs = zip(names, row[place + 2 :: 2], row[place + 3 :: 2], strict=True)
        change = "values" if was and is_ else "lost" if was else "added"
        values = [(name, _say(old), _say(new)) for name, old, new in pairs if old != new]
        yield RowDiff(tuple(map(_say, row[:place])), change, tuple(values) if change == "values" else ())


def _say(value: object) -> str:
    if value is None:
        return "null"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _describe_type(column: ColumnDiff, old: dict[str, str], new: dict[str, str]) -> ColumnDiff:
    return replace(column, change="type", type_old=old[column.name], type_new=new[column.name])


def describe_unmatched(
    con: duckdb.DuckDBPyConnection, alias: str, relation: str, key: Sequence[str], origin: Origin
) -> ModelDiff:
    """A relation that is there in one state only."""
    rows = _count(con, alias, relation)
    change = "added" if alias == NEW else "removed"
    columns = tuple(ColumnDiff(name, change) for name in _types(con, alias, relation))
    counts = (rows, 0) if alias == OLD else (0, rows)
    return ModelDiff(relation, origin, tuple(key), *counts, columns=columns)


def measure_bytes(con: duckdb.DuckDBPyConnection, alias: str) -> dict[str, int]:
    """Bytes of the Parquet files of each table of an attached lake, as it is seen now."""
    rows = con.execute(
        f"SELECT schema_name || '.' || table_name, sum(file_size_bytes) FROM ("
        f"SELECT t.table_id, t.table_name, t.schema_id FROM __ducklake_metadata_{alias}.ducklake_table AS t "
        "WHERE t.end_snapshot IS NULL) AS t "
        f"JOIN __ducklake_metadata_{alias}.ducklake_schema AS s USING (schema_id) "
        f"JOIN __ducklake_metadata_{alias}.ducklake_data_file AS f USING (table_id) "
        "WHERE f.end_snapshot IS NULL GROUP BY ALL"
    ).fetchall()
    return {str(name): int(size) for name, size in rows}


def _types(con: duckdb.DuckDBPyConnection, alias: str, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE {alias}.{relation}").fetchall()}


def _count(con: duckdb.DuckDBPyConnection, alias: str, relation: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {alias}.{relation}").fetchone()
    return int(row[0]) if row else 0


def _digest(con: duckdb.DuckDBPyConnection, alias: str, relation: str, columns: list[str]) -> Any:  # noqa: ANN401
    named = ", ".join(quote(name) for name in columns)
    return con.execute(f"SELECT sum(hash({named})::HUGEINT) FROM {alias}.{relation}").fetchone()


def _compare_rows(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    key: list[str],
    types: dict[str, str],
    shared: list[str],
) -> tuple[int, int, list[ColumnDiff]]:
    """Keys added and lost, and each shared column over the keys that both have."""
    on = " AND ".join(f"o.{quote(name)} IS NOT DISTINCT FROM n.{quote(name)}" for name in key) or "true"
    parts = ["count(*) FILTER (NOT o_here)", "count(*) FILTER (NOT n_here)"]
    for name in shared:
        parts += _measures(name, types[name])
    row = con.execute(
        f"SELECT {', '.join(parts)} FROM ("
        f"SELECT coalesce(o._is, false) AS o_here, coalesce(n._is, false) AS n_here, o, n FROM "
        f"(SELECT *, true AS _is FROM {OLD}.{relation}) AS o FULL JOIN "
        f"(SELECT *, true AS _is FROM {NEW}.{relation}) AS n ON {on})"
    ).fetchone()
    values = list(row or ())
    added, lost = int(values[0]), int(values[1])
    found = []
    for place, name in enumerate(shared):
        rows, largest, nulls_old, nulls_new, mean_old, mean_new = values[2 + 6 * place : 8 + 6 * place]
        change = "values" if rows else ""
        histogram = _histogram(con, relation, name, types[name]) if rows else None
        nulls = (int(nulls_old or 0), int(nulls_new or 0))
        found.append(ColumnDiff(name, change, int(rows or 0), largest, *nulls, mean_old, mean_new, histogram))
    return added, lost, found


def _measures(name: str, kind: str) -> list[str]:
    """Six aggregates of a column: rows that differ, largest difference, nulls and means, old and new."""
    o, n = f"o.{quote(name)}", f"n.{quote(name)}"
    both, differs = "FILTER (o_here AND n_here)", _differ(name, kind)
    largest, means = "NULL", ["NULL", "NULL"]
    if is_number(kind):
        largest = f"max(abs({o}::DOUBLE - {n}::DOUBLE)) {both}"
        means = [f"avg({each}::DOUBLE)" for each in (o, n)]
    elif kind == "BOOLEAN":
        means = [f"avg({each}::INTEGER)" for each in (o, n)]
    nulls = [f"count(*) FILTER ({side}_here AND {each} IS NULL)" for side, each in (("o", o), ("n", n))]
    return [f"sum({differs}::INTEGER) {both}", largest, *nulls, *means]


def _differ(name: str, kind: str) -> str:
    """The condition that a column has another value in `o` than in `n`."""
    o, n = f"o.{quote(name)}", f"n.{quote(name)}"
    differs = f"{o} IS DISTINCT FROM {n}"
    if kind.startswith(_FLOATS):
        near = f"abs({o} - {n}) <= {TOLERANCE} * greatest(abs({o}), abs({n}))"
        differs = f"({differs} AND NOT coalesce({near}, false))"
    return f"({differs})"


def _histogram(con: duckdb.DuckDBPyConnection, relation: str, name: str, kind: str) -> Histogram | None:
    column = quote(name)
    if is_number(kind):
        return _bin_numbers(con, relation, column)
    if kind.startswith(("VARCHAR", "BOOLEAN")):
        return _bin_values(con, relation, column)
    return None


def _bin_numbers(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> Histogram | None:
    """Bins of equal width between the percentiles 0.5 and 99.5 of both states; the ends hold what lies beyond."""
    bounds = con.execute(
        f"SELECT min(low), max(high) FROM (SELECT quantile_cont({column}::DOUBLE, 0.005) AS low, "
        f"quantile_cont({column}::DOUBLE, 0.995) AS high FROM {OLD}.{relation} UNION ALL "
        f"SELECT quantile_cont({column}::DOUBLE, 0.005), quantile_cont({column}::DOUBLE, 0.995) FROM {NEW}.{relation})"
    ).fetchone()
    if bounds is None or bounds[0] is None:
        return None
    low, high = bounds
    width = (high - low) / BINS or 1.0
    place = f"least(greatest(floor(({column}::DOUBLE - {low}) / {width}), 0), {BINS - 1})::INTEGER"
    shares = [_shares(con, f"{alias}.{relation}", place, column) for alias in (OLD, NEW)]
    labels = tuple(f"{low + width * (place + 0.5):.4g}" for place in range(BINS))
    old, new = (tuple(each.get(place, 0.0) for place in range(BINS)) for each in shares)
    return Histogram(labels, old, new)


def _bin_values(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> Histogram:
    """The most frequent values; all others are one bin."""
    shares = [_shares(con, f"{alias}.{relation}", f"{column}::VARCHAR", column) for alias in (OLD, NEW)]
    total: dict[Any, float] = {}
    for each in shares:
        for value, share in each.items():
            total[value] = total.get(value, 0.0) + share
    top = sorted(total, key=lambda value: (-total[value], str(value)))[:TOP]
    old, new = ([each.get(value, 0.0) for value in top] for each in shares)
    return Histogram(
        (*map(str, top), "other"),
        (*old, max(sum(shares[0].values()) - sum(old), 0.0)),
        (*new, max(sum(shares[1].values()) - sum(new), 0.0)),
    )


def _shares(con: duckdb.DuckDBPyConnection, relation: str, group: str, column: str) -> dict[Any, float]:
    rows = con.execute(
        f"SELECT {group}, count(*) / sum(count(*)) OVER () FROM {relation} WHERE {column} IS NOT NULL GROUP BY 1"
    ).fetchall()
    return {value: float(share) for value, share in rows}
