"""Cutting the rows of a declared dataset into nights: what is new, what changed and what is gone since it landed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import duckdb
import pyarrow as pa

from redeye.declarations.datasets import IS_DELETED
from redeye.foundation.errors import DeliveryError
from redeye.sources.declared.landed_rows import ORDER
from redeye.sources.declared.logic.instants import write_instant
from redeye.sources.declared.logic.placed_nights import Place
from redeye.sources.declared.logic.text_columns import quote_name
from redeye.sources.logic.deliveries import KNOWN_AT, MISSING, Dataset

EXAMPLES = 3
_PLACES = pa.schema(
    {
        "text": pa.string(),
        "night": pa.date32(),
        KNOWN_AT: pa.string(),
        "is_late": pa.bool_(),
        "rank": pa.int64(),
    }
)


@dataclass(frozen=True)
class ReadRows:
    """What was read of a dataset.

    Attributes:
        rows: as text, instants in UTC.
        column: the column that says when a row became known; None if all go to the place of the text ``.
        places: where the rows of each of its texts go, oldest first; those that are not named go nowhere.
        present: the keys that are there now, where deletions are to be found; None if they are those of `rows`.
        gone: where keys go that are there no more; None if none are looked for.
        compared_from: the first landed instant, as text, by `compared_by`, of which keys are compared.
    """

    rows: pa.Table
    column: str | None
    places: Mapping[str, Place]
    is_append: bool
    present: pa.Table | None = None
    gone: Place | None = None
    compared_by: str = KNOWN_AT
    compared_from: str | None = None


def cut_rows(dataset: Dataset, read: ReadRows, landed: pa.Table | None) -> dict[date, pa.Table]:
    """The rows to deliver by night, in a fixed order.

    A row whose own night was delivered counts if it is the newest of its key and is not what has landed of it last. So
    does one of a night that was not, if it is not that; a key that is gone comes once more as it was, `is_deleted`.

    Args:
        dataset: which columns to deliver, and the key.
        read: what was read.
        landed: as `read_landed`.

    Raises:
        DeliveryError: if rows changed that are declared never to; names some.
    """
    given = [name for name in dataset.columns if name != KNOWN_AT and name in read.rows.column_names]
    finds = read.gone is not None
    if IS_DELETED in dataset.columns and IS_DELETED not in given:
        given.append(IS_DELETED)
    if landed is None:
        landed = pa.table({name: pa.array([], pa.string()) for name in (*dataset.columns, ORDER)})
    compared = [name for name in given if name in landed.column_names]
    ranks = [
        {
            "text": text,
            "night": place.night,
            KNOWN_AT: write_instant(place.known_at),
            "is_late": place.is_late,
        }
        | {"rank": rank}
        for rank, (text, place) in enumerate(read.places.items())
    ]
    rows = read.rows
    if IS_DELETED not in rows.column_names and IS_DELETED in given:
        rows = rows.append_column(IS_DELETED, pa.array(["false"] * rows.num_rows, pa.string()))
    key = _join_names(dataset.key)
    with _open(
        {"given": rows, "landed": landed, "places": pa.Table.from_pylist(ranks, schema=_PLACES)}
    ) as con:
        con.execute(
            "CREATE TABLE state AS SELECT * FROM landed "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {ORDER} DESC, {_instant(KNOWN_AT)} DESC) = 1"
        )
        text = f"g.{quote_name(read.column)}" if read.column else "''"
        con.execute(
            f"CREATE TABLE found AS SELECT {_join_names(given, 'g.')}, p.night, p.{KNOWN_AT} AS landed_at "
            f"FROM given AS g JOIN places AS p ON p.text = {text} "
            f"QUALIFY NOT p.is_late OR row_number() OVER (PARTITION BY {_join_names(dataset.key, 'g.')} "
            "ORDER BY p.rank DESC) = 1"
        )
        if read.is_append:
            _refuse_changed(con, dataset, compared)
        equal = " AND ".join(f"s.{quote_name(name)} = f.{quote_name(name)}" for name in compared)
        chosen = f"SELECT * FROM found AS f WHERE NOT EXISTS (SELECT 1 FROM state AS s WHERE {equal})"
        if finds and read.gone:
            chosen += f" UNION ALL BY NAME {_select_gone(con, dataset, read, compared)}"
        # A column that has come since is missing in what landed before.
        select = ", ".join(
            f"coalesce({quote_name(name)}, '{MISSING}') AS {quote_name(name)}"
            for name in dataset.columns
            if name != KNOWN_AT
        )
        table = con.execute(
            f"SELECT night, {select}, landed_at AS {KNOWN_AT} FROM ({chosen}) "
            f"ORDER BY night, {key}, {_join_names(dataset.columns)}"
        ).to_arrow_table()
    return _split(table)


def _select_gone(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, read: ReadRows, compared: list[str]
) -> str:
    """SQL of the landed rows whose keys are not there any more, as they were but for `is_deleted`."""
    if read.gone is None:
        raise ValueError("no place for what is gone")
    if read.present is not None:
        con.register("present", read.present)
    since = ""
    if read.compared_from:
        since = f" AND {_instant(read.compared_by)} > CAST('{read.compared_from}' AS TIMESTAMPTZ)"
    same = " AND ".join(f"n.{quote_name(name)} = s.{quote_name(name)}" for name in dataset.key)
    there = "given" if read.present is None else "present"
    return (
        f"SELECT {_join_names((name for name in compared if name != IS_DELETED), 's.')}, 'true' AS {IS_DELETED}, "
        f"DATE '{read.gone.night}' AS night, '{write_instant(read.gone.known_at)}' AS landed_at FROM state AS s "
        f"WHERE s.{IS_DELETED} <> 'true'{since} AND NOT EXISTS (SELECT 1 FROM {there} AS n WHERE {same})"
    )


def _refuse_changed(con: duckdb.DuckDBPyConnection, dataset: Dataset, compared: list[str]) -> None:
    columns = [name for name in compared if name not in dataset.key and name != IS_DELETED]
    if not columns:
        return
    same = " AND ".join(f"s.{quote_name(name)} = f.{quote_name(name)}" for name in dataset.key)
    other = " OR ".join(f"s.{quote_name(name)} <> f.{quote_name(name)}" for name in columns)
    changed = con.execute(
        f"SELECT {_join_names(dataset.key, 'f.')} FROM found AS f JOIN state AS s ON {same} WHERE {other} ORDER BY ALL"
    ).fetchall()
    if changed:
        named = "; ".join(", ".join(row) for row in changed[:EXAMPLES])
        raise DeliveryError(
            f"{dataset.name}: {len(changed)} rows are other than they landed ({', '.join(dataset.key)}: {named}), but "
            "`changes.mode` in redeye.yaml is append: have the source leave rows as they are, or say upsert"
        )


@contextmanager
def _open(relations: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    try:
        con.execute("SET TimeZone = 'UTC'")
        for name, relation in relations.items():
            con.register(name, relation)
        yield con
    finally:
        con.close()


def _join_names(names: Iterable[str], before: str = "") -> str:
    return ", ".join(f"{before}{quote_name(name)}" for name in names)


def _instant(column: str) -> str:
    return f"TRY_CAST({quote_name(column)} AS TIMESTAMPTZ)"


def _split(table: pa.Table) -> dict[date, pa.Table]:
    """A table that is sorted by `night`, by night and without that column."""
    nights = table.column("night").to_pylist()
    rows = table.drop_columns("night")
    begins = [place for place, night in enumerate(nights) if place == 0 or night != nights[place - 1]]
    return {
        nights[first]: rows.slice(first, last - first) for first, last in pairwise([*begins, len(nights)])
    }
