"""What a sample of the data shows: its columns with their types, bounds and gaps, and whether keys repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import duckdb

from redeye.foundation.errors import ConfigError

# DuckDB's type -> of a contract, of dbt's YAML, of a suite.
TYPES = {
    "VARCHAR": ("string", "varchar", "text"),
    "BIGINT": ("integer", "bigint", "int"),
    "DOUBLE": ("number", "double", "float"),
    "BOOLEAN": ("boolean", "boolean", "bool"),
    "DATE": ("date", "date", "date"),
    "TIMESTAMP": ("timestamp", "timestamp", "timestamp"),
}
_ALIASES = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "HUGEINT"), "BIGINT"
    ),
    **dict.fromkeys(("FLOAT", "UBIGINT"), "DOUBLE"),
    **dict.fromkeys(("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "TIMESTAMP"),
}
NUMBERS = ("BIGINT", "DOUBLE")


@dataclass(frozen=True)
class Column:
    """A column of the sample.

    Attributes:
        type: one of `TYPES`.
        bounds: the least and the greatest value of a number; None of another type, or where all are missing.
    """

    name: str
    type: str
    has_gaps: bool
    bounds: tuple[float, float] | None


@dataclass(frozen=True)
class Sample:
    """A sample of rows.

    Attributes:
        dates: those that its rows have, by the project's clock.
        entities: how many there are that rows are of.
    """

    columns: dict[str, Column]
    rows: int
    dates: tuple[date, ...]
    entities: int = 0


def read_sample(
    path: str,
    *,
    time: str,
    key: Sequence[str],
    wanted: Sequence[str],
    each: Sequence[str] = (),
    zone: str = "UTC",
) -> Sample:
    """What a file with a header of CSV, JSON lines or Parquet shows of some columns.

    Args:
        path: the file.
        time: the column of the date or instant at which a row happens.
        key: the columns that make a row the same row.
        wanted: the columns to describe.
        each: the columns that name whoever rows are of.
        zone: whose dates count, where the file says instants.

    Raises:
        ConfigError: if the file cannot be read, has not the columns, `time` is no date, or keys repeat.
    """
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        try:
            types = _open(con, path)
        except duckdb.Error as error:
            raise ConfigError(f"{path} cannot be read: {error}") from error
        if lost := [name for name in wanted if name not in types]:
            near = get_close_matches(lost[0], types, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{path} has no column {', '.join(lost)}; it has {', '.join(types)}{meant}")
        columns = {name: _describe(con, name, types[name]) for name in wanted}
        if columns[time].type not in ("DATE", "TIMESTAMP"):
            raise ConfigError(f"{path}: {time} is {types[time]}, no date or instant: write it as ISO 8601")
        names = ", ".join(f'"{name}"' for name in key)
        repeated = con.execute(
            f"SELECT {names}, count(*) FROM sample GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 3"
        ).fetchall()
        if repeated:
            shown = "; ".join(", ".join(map(str, row[:-1])) for row in repeated)
            raise ConfigError(
                f"{path}: key ({', '.join(key)}) does not tell rows apart, such as {shown}: name more columns"
            )
        of = ", ".join(f'"{name}"' for name in each)
        found = con.execute(
            f"SELECT count(*), {f'count(DISTINCT ({of}))' if each else '0'} FROM sample"
        ).fetchone()
        dates = _list_dates(con, time, types[time], zone)
    rows, entities = found or (0, 0)
    if not rows or not dates:
        raise ConfigError(f"{path} has no rows: give a sample with some weeks of them")
    return Sample(columns, int(rows), dates, int(entities))


def _list_dates(con: duckdb.DuckDBPyConnection, time: str, type_: str, zone: str) -> tuple[date, ...]:
    at = f"""timezone('{zone}', "{time}")""" if type_ == "TIMESTAMP WITH TIME ZONE" else f'"{time}"'
    rows = con.execute(
        f'SELECT DISTINCT {at}::DATE FROM sample WHERE "{time}" IS NOT NULL ORDER BY 1'
    ).fetchall()
    return tuple(row[0] for row in rows)


def locate_data(folder: Path, data: str) -> str:
    """Where the data lies that a project's folder names: there, or at an URL."""
    return data if "://" in data else str(folder / data)


def list_columns(path: str) -> list[str]:
    """The columns of a file.

    Raises:
        ConfigError: if it cannot be read.
    """
    with duckdb.connect() as con:
        try:
            return list(_open(con, path))
        except duckdb.Error as error:
            raise ConfigError(f"{path} cannot be read: {error}") from error


def _open(con: duckdb.DuckDBPyConnection, path: str) -> dict[str, str]:
    """Make a view of a file, `sample`; its columns with DuckDB's types."""
    con.execute(f"CREATE VIEW sample AS SELECT * FROM {_read(path)}")
    return {str(row[0]): str(row[1]) for row in con.execute("DESCRIBE sample").fetchall()}


def _read(path: str) -> str:
    text = "'" + path.replace("'", "''") + "'"
    plain = path.removesuffix(".gz")
    if plain.endswith((".parquet", ".pq")):
        return f"read_parquet({text})"
    if plain.endswith((".jsonl", ".ndjson")):
        return f"read_json({text}, format = 'newline_delimited')"
    return f"read_csv({text}, header = true, sample_size = -1)"


def _describe(con: duckdb.DuckDBPyConnection, name: str, type_: str) -> Column:
    plain = type_.partition("(")[0]
    kind = "DOUBLE" if plain == "DECIMAL" else _ALIASES.get(plain, plain)
    if kind not in TYPES:
        raise ConfigError(
            f"column {name} is {type_}, which no contract has: have it as one of {', '.join(TYPES)}"
        )
    bounds = f'min("{name}")::DOUBLE, max("{name}")::DOUBLE' if kind in NUMBERS else "NULL, NULL"
    row = con.execute(f'SELECT count(*) - count("{name}"), {bounds} FROM sample').fetchone()
    gaps, least, most = row or (0, None, None)
    return Column(name, kind, bool(gaps), None if least is None or most is None else (least, most))


def read_dates(path: str, time: str, zone: str) -> tuple[date, ...]:
    """The dates of a file's rows by a zone's clock, each once; none where the column has no dates or instants."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        try:
            types = _open(con, path)
            return _list_dates(con, time, types.get(time, ""), zone)
        except duckdb.Error:
            return ()


def list_values(path: str, column: str) -> list[str]:
    """The values of a column of a file as text, the rarest first.

    Raises:
        ConfigError: if the file cannot be read.
    """
    name = f'"{column}"'
    with duckdb.connect() as con:
        try:
            rows = con.execute(
                f"SELECT {name}::VARCHAR AS value FROM {_read(path)} WHERE {name} IS NOT NULL "
                "GROUP BY ALL ORDER BY count(*), value"
            ).fetchall()
        except duckdb.Error as error:
            raise ConfigError(f"{path} cannot be read: {error}") from error
    return [str(row[0]) for row in rows]


def describe_columns(path: str) -> list[str]:
    """Each column of a file with its type and some values, for people.

    Raises:
        ConfigError: if the file cannot be read.
    """
    with duckdb.connect() as con:
        try:
            rows = con.execute(f"SUMMARIZE SELECT * FROM {_read(path)}").fetchall()
        except duckdb.Error as error:
            raise ConfigError(f"{path} cannot be read: {error}") from error
    return [f"{row[0]}: {row[1].lower()}, {row[2]} to {row[3]}, {row[11]} % missing" for row in rows]
