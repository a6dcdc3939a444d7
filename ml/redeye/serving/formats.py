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
from redeye.serving.logic.queries import CSV, Row

Columns = Mapping[str, tuple[str, str]]
"""Type and meaning by name."""


def write_rows(kind: str, rows: Sequence[Row], columns: Columns, about: Mapping[str, Any]) -> bytes:
    """An answer's body as CSV or Parquet.

    Args:
        kind: the media type.
        rows: in their order.
        columns: those of the answer.
        about: what is said of the rows as a whole; Parquet holds it in its metadata.
    """
    return _write_csv(rows, columns) if kind == CSV else _write_parquet(rows, columns, about)


def write_json(value: Any) -> bytes:  # noqa: ANN401  whatever JSON knows
    """JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def write_json_rows(about: Mapping[str, Any], texts: Sequence[bytes]) -> bytes:
    """An answer's body as JSON: what is said of the rows as a whole, and rows that are JSON already."""
    return write_json(about)[:-1] + b',"predictions":[' + b",".join(texts) + b"]}"


def write_row(row: Row, columns: Columns) -> Row:
    """A row's columns as JSON has them."""
    return {name: write_value(row[name]) for name in columns}


def write_value(value: Any) -> Any:  # noqa: ANN401  of any column
    """A date as 2013-04-04, an instant as 2013-04-04T09:00:00-04:00; all else as it is."""
    if isinstance(value, datetime):
        return read_local(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _write_csv(rows: Sequence[Row], columns: Columns) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_write_cell(row[name]) for name in columns] for row in rows)
    return written.getvalue().encode()


def _write_cell(value: Any) -> Any:  # noqa: ANN401
    return str(value).lower() if isinstance(value, bool) else write_value(value)


def _write_parquet(rows: Sequence[Row], columns: Columns, about: Mapping[str, Any]) -> bytes:
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
        ],
        metadata={"redeye": json.dumps(about)},
    )
    plain = [
        {name: read_local(row[name]) if isinstance(row[name], datetime) else row[name] for name in columns}
        for row in rows
    ]
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(plain, schema=schema), sink)
    return sink.getvalue()
