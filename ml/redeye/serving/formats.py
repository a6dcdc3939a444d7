"""Rows as JSON, CSV and Parquet, the instants by the project's wall clock."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from redeye.declarations.calendar import read_local, zone
from redeye.serving.logic.queries import Row

Columns = Mapping[str, tuple[str, str]]
"""Type and meaning by name."""


def write_json(value: Any) -> bytes:  # noqa: ANN401  whatever JSON knows
    """JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def write_row(row: Row, columns: Columns) -> Row:
    """A row's columns as JSON has them."""
    return {name: write_value(row[name]) for name in columns}


def write_value(value: Any) -> Any:  # noqa: ANN401  of any column
    """A date as 2013-04-04, an instant as 2013-04-04T09:00:00-04:00; all else as it is."""
    if isinstance(value, datetime):
        return read_local(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def write_csv_lines(rows: Sequence[Row], columns: Columns) -> list[bytes]:
    """The head, then each row, as lines of CSV."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    lines = []
    for cells in (columns, *([_write_cell(row[name]) for name in columns] for row in rows)):
        writer.writerow(cells)
        lines.append(written.getvalue().encode())
        written.seek(0)
        written.truncate()
    return lines


def _write_cell(value: Any) -> Any:  # noqa: ANN401
    return str(value).lower() if isinstance(value, bool) else write_value(value)


def make_batch(rows: Sequence[Row], columns: Columns) -> pa.RecordBatch:
    """Rows as Parquet has them, each column with its meaning."""
    types = {
        "text": pa.string(),
        "date": pa.date32(),
        "instant": pa.timestamp("us", zone().key),
        "integer": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
    }
    schema = pa.schema(
        [
            pa.field(name, types[kind], metadata={"description": meaning})
            for name, (kind, meaning) in columns.items()
        ]
    )
    plain = [
        {name: read_local(row[name]) if isinstance(row[name], datetime) else row[name] for name in columns}
        for row in rows
    ]
    return pa.RecordBatch.from_pylist(plain, schema=schema)


def write_parquet(batch: pa.RecordBatch, about: Mapping[str, Any]) -> bytes:
    """A Parquet file; what is said of its rows as a whole is in its metadata."""
    told = batch.replace_schema_metadata({"redeye": json.dumps(about)})
    sink = pa.BufferOutputStream()
    # Answers are small: what is left out here costs a third of the time, and saves whoever reads them nothing.
    with parquet.ParquetWriter(sink, told.schema, use_dictionary=False, write_statistics=False) as writer:
        writer.write_batch(told)
    return bytes(sink.getvalue())
