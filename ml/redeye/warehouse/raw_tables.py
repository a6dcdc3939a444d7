"""Loading landed deliveries into the warehouse's raw tables: typed, with lineage and `known_at` on each row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from redeye.declarations.calendar import cutoff, list_holidays, shift_nights
from redeye.declarations.project import project
from redeye.foundation.errors import DeliveryError
from redeye.sources import landing_store
from redeye.sources.logic.deliveries import (
    KNOWN_AT,
    MISSING,
    REFERRED_FOR,
    Dataset,
    DeliveryRef,
    Source,
    find_dataset,
)
from redeye.sources.marked_row_store import Doubt

_FILES = pa.schema(
    {
        "filename": pa.string(),
        "night": pa.date32(),
        "arrival_night": pa.date32(),
        "delivery_id": pa.string(),
        "restated_at": pa.timestamp("us"),
    }
)

_DELIVERIES = pa.schema(
    {"dataset": pa.string(), "night": pa.date32(), "arrival_night": pa.date32(), "delivery_id": pa.string()}
)


def create_tables(
    con: duckdb.DuckDBPyConnection, source: Source, *, loaded: Callable[[], Iterable[DeliveryRef]] = tuple
) -> None:
    """Create the raw tables that are not there yet: one per dataset, the build window, doubts, the holidays.

    Where labels are of a span, also one of the deliveries themselves, those that are stated to be empty included. It
    begins with those that were `loaded` before there was such a table: else a project that declares its span later
    would have no label of the nights before, as if nothing had been delivered then.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS warehouse.raw")
    for dataset in source.datasets:
        columns = ", ".join(f'"{name}" {dataset.types[name]}' for name in dataset.columns)
        con.execute(
            f"CREATE TABLE IF NOT EXISTS warehouse.raw.{table_name(source, dataset)} "
            f"({columns}, night DATE, arrival_night DATE, delivery_id VARCHAR)"
        )
    con.execute("CREATE TABLE IF NOT EXISTS warehouse.raw.build_window (first_night DATE, last_night DATE)")
    con.execute("CREATE TABLE IF NOT EXISTS warehouse.raw.doubts (dataset VARCHAR, night DATE)")
    con.execute('CREATE TABLE IF NOT EXISTS warehouse.raw.holidays ("date" DATE, name VARCHAR)')
    if _has_deliveries() and not _is_table(con, "deliveries"):
        con.execute("BEGIN")
        con.execute(
            "CREATE TABLE warehouse.raw.deliveries "
            "(dataset VARCHAR, night DATE, arrival_night DATE, delivery_id VARCHAR)"
        )
        _add_deliveries(con, loaded(), first=date.min)
        con.execute("COMMIT")


def _is_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE (database_name, schema_name, table_name) = ('warehouse', 'raw', ?)",
        [name],
    )
    return found.fetchone() is not None


def _add_deliveries(con: duckdb.DuckDBPyConnection, refs: Iterable[DeliveryRef], *, first: date) -> None:
    rows = [
        {
            "dataset": ref.dataset,
            "night": ref.night,
            "arrival_night": max(ref.arrival_night, first),
            "delivery_id": ref.content_hash,
        }
        for ref in refs
    ]
    con.register("new_deliveries", pa.Table.from_pylist(rows, schema=_DELIVERIES))
    con.execute("INSERT INTO warehouse.raw.deliveries SELECT * FROM new_deliveries ORDER BY ALL")


def _has_deliveries() -> bool:
    """Whether models are to know of deliveries: a label is of a span only where all of it was delivered."""
    return project().subject.span is not None


def table_name(source: Source, dataset: Dataset) -> str:
    """The raw table of a dataset: `<layout>__<dataset>`, where sources of one layout share tables."""
    return f"{source.layout}__{dataset.name}"


def select_typed_rows(dataset: Dataset, files: Sequence[Path]) -> str:
    """SQL that reads landing files as typed rows with `night`, `arrival_night` and `delivery_id`.

    The relation `delivery_files` must be there: see `open_files`, which gives the files. What came late is known
    from the cutoff of the night it arrived with, whatever its file says.
    """
    columns = [
        f'CAST("{name}" AS {dataset.types[name]}) AS "{name}"' for name in dataset.columns if name != KNOWN_AT
    ]
    known_at = f"coalesce(f.restated_at, CAST(CAST({KNOWN_AT} AS TIMESTAMPTZ) AS TIMESTAMP)) AS {KNOWN_AT}"
    paths = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    texts = ", ".join(f"'{name}': 'VARCHAR'" for name in dataset.columns)
    # As the landing writes it: guessing by the first rows would read others otherwise than they were audited.
    return (
        f"SELECT {', '.join([*columns, known_at])}, f.night, f.arrival_night, f.delivery_id "
        f"FROM read_csv([{paths}], auto_detect = false, columns = {{{texts}}}, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', nullstr = '{MISSING}', filename = true) AS r "
        "JOIN delivery_files AS f ON f.filename = r.filename"
    )


@contextmanager
def open_files(
    con: duckdb.DuckDBPyConnection, refs: Sequence[DeliveryRef], *, first: date
) -> Iterator[list[Path]]:
    """Landing files, verified against their manifests, and their lineage as the relation `delivery_files`.

    What lies in an object store is here while the context lasts: it is the verified bytes that are read. A
    delivery that came for a night before `first` missed its build: its rows arrive with the night `first`. When
    they were known does not change by that, unless the delivery itself came late.

    Yields:
        The files, in the order of `refs`.

    Raises:
        DeliveryError: if a file is missing, truncated or altered since it landed.
    """
    with tempfile.TemporaryDirectory(prefix="redeye-landing-") as folder:
        paths = landing_store.fetch(refs, Path(folder))
        rows = []
        for ref, path in zip(refs, paths, strict=True):
            arrival = max(ref.arrival_night, first)
            rows.append(
                {
                    "filename": str(path),
                    "night": ref.night,
                    "arrival_night": arrival,
                    "delivery_id": ref.content_hash,
                    "restated_at": cutoff(arrival).replace(tzinfo=None) if ref.is_restatement else None,
                }
            )
        files = pa.Table.from_pylist(rows, schema=_FILES)
        con.register("delivery_files", files)
        yield paths


def load(
    con: duckdb.DuckDBPyConnection, source: Source, refs: Iterable[DeliveryRef], *, first: date
) -> dict[str, int]:
    """Append deliveries to the raw tables, all in one transaction.

    Returns:
        Rows loaded, by dataset.

    Raises:
        DeliveryError: if a file is not what its manifest says, or a value does not have its column's type.
    """
    refs = list(refs)
    loaded: dict[str, int] = {}
    con.execute("BEGIN")
    try:
        if _has_deliveries():
            _add_deliveries(con, refs, first=first)
        for dataset in source.datasets:
            mine = [ref for ref in refs if ref.dataset == dataset.name]
            if not mine:
                continue
            columns, key = (
                ", ".join(f'"{name}"' for name in names) for names in (dataset.columns, dataset.key)
            )
            table = f"warehouse.raw.{table_name(source, dataset)}"
            with open_files(con, mine, first=first) as files:
                rows = con.execute(
                    f"INSERT INTO {table} ({columns}, night, arrival_night, delivery_id) "
                    f"SELECT {columns}, night, arrival_night, delivery_id FROM ({select_typed_rows(dataset, files)}) "
                    f"ORDER BY night, {key}"
                ).fetchone()
            loaded[dataset.name] = int(rows[0]) if rows else 0
            expected = sum(ref.rows for ref in mine)
            if loaded[dataset.name] != expected:
                raise DeliveryError(
                    f"{dataset.name}: the manifests say {expected} rows, {loaded[dataset.name]} were loaded"
                )
        con.execute("COMMIT")
    except duckdb.ConversionException as error:
        con.execute("ROLLBACK")
        raise DeliveryError(f"a landed value does not have its column's type: {error}") from error
    except (duckdb.Error, DeliveryError):
        con.execute("ROLLBACK")
        raise
    return loaded


def remove(
    con: duckdb.DuckDBPyConnection, source: Source, refs: Iterable[DeliveryRef], *, first: date
) -> date:
    """Take the rows of deliveries out of the raw tables again.

    Returns:
        The first night to build so that nothing is left of them, neither in the nights since they arrived nor in those
        that they refer to; else `first`.
    """
    earliest = first
    for ref in refs:
        table = f"warehouse.raw.{table_name(source, find_dataset(source, ref.dataset))}"
        where, of_delivery = "WHERE night = ? AND delivery_id = ?", [ref.night, ref.content_hash]
        arrived = con.execute(f"SELECT min(arrival_night) FROM {table} {where}", of_delivery).fetchone()
        con.execute(f"DELETE FROM {table} {where}", of_delivery)
        if _has_deliveries():
            # What came empty has no row in its table, and labels were made of that.
            arrived = con.execute(
                f"SELECT min(arrival_night) FROM warehouse.raw.deliveries {where} AND dataset = ?",
                [*of_delivery, ref.dataset],
            ).fetchone()
            con.execute(
                f"DELETE FROM warehouse.raw.deliveries {where} AND dataset = ?", [*of_delivery, ref.dataset]
            )
        if arrived and arrived[0]:
            earliest = min(earliest, arrived[0], shift_nights(ref.night, -REFERRED_FOR))
    return earliest


def check_loadable(con: duckdb.DuckDBPyConnection, source: Source, ref: DeliveryRef) -> None:
    """Read a landed delivery as a build would, and keep nothing.

    Raises:
        DeliveryError: if a build could not load it: a column lacks, or a value does not have its column's type.
    """
    dataset = find_dataset(source, ref.dataset)
    with open_files(con, [ref], first=ref.night) as files:
        try:
            con.execute(f"SELECT count(COLUMNS(*)) FROM ({select_typed_rows(dataset, files)})").fetchall()
        except duckdb.Error as error:
            raise DeliveryError(f"{ref.path} cannot be loaded as {ref.dataset}: {error}") from error


def set_build_window(con: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    """Tell dbt which nights to build, through a table: changed `--vars` would force a full parse."""
    con.execute("BEGIN")
    con.execute("DELETE FROM warehouse.raw.build_window")
    con.execute("INSERT INTO warehouse.raw.build_window VALUES (?, ?)", [first, last])
    con.execute("COMMIT")


def set_doubts(con: duckdb.DuckDBPyConnection, doubts: Iterable[Doubt]) -> None:
    """Name the deliveries of the nights at hand that others speak against, for the audit of the release."""
    con.execute("BEGIN")
    con.execute("DELETE FROM warehouse.raw.doubts")
    for each in doubts:
        con.execute("INSERT INTO warehouse.raw.doubts VALUES (?, ?)", [each.dataset, each.night])
    con.execute("COMMIT")


def add_holidays(con: duckdb.DuckDBPyConnection, first: date, last: date, *, shift_weeks: int = 0) -> None:
    """Add the public holidays (`list_holidays`) of the years around a range of nights that are not there yet."""
    shift = timedelta(weeks=shift_weeks)
    years = range((first - shift).year - 1, (last - shift).year + 2)
    there = {
        row[0]
        for row in con.execute(
            f'SELECT DISTINCT year("date" - {7 * shift_weeks}) FROM warehouse.raw.holidays'
        ).fetchall()
    }
    missing = sorted(set(years) - there)
    if not missing:
        return
    rows = sorted(list_holidays(missing, shift_weeks=shift_weeks).items())
    frame = pa.table({"date": [day for day, _ in rows], "name": [name for _, name in rows]})
    con.register("new_holidays", frame)
    con.execute(
        'INSERT INTO warehouse.raw.holidays SELECT "date", name FROM new_holidays ORDER BY "date", name'
    )
