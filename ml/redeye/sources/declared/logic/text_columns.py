"""Columns of declared datasets as text: what lands, and what is said of those that are not there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from difflib import get_close_matches

import pyarrow as pa

from redeye.sources.logic.deliveries import MISSING


def quote_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def select_text(columns: Iterable[str]) -> str:
    """SQL of columns as text, with what is missing as it lands."""
    return ", ".join(
        f"coalesce(CAST({quote_name(name)} AS VARCHAR), '{MISSING}') AS {quote_name(name)}"
        for name in columns
    )


def describe_missing(missing: Sequence[str], there: Sequence[str]) -> str:
    """That columns of the contract are not there, which are, and what may be meant."""
    close = get_close_matches(missing[0], there, n=1)
    hint = f"; is {close[0]!r} meant" if close else ""
    return f"has no column {', '.join(missing)}{hint}; it has {', '.join(there) or 'none'}"


def format_value(value: object) -> str:
    """A value of Python or a database as it lands: what is missing as `NA`, instants and dates as ISO 8601."""
    if value is None or value != value:
        return MISSING
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, sort_keys=True, default=format_value)
    return str(value)


def make_text_table(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> pa.Table:
    """Rows as a table of text; a column that a row has not is missing there."""
    values: dict[str, list[str]] = {name: [] for name in columns}
    for row in rows:
        for name in columns:
            values[name].append(format_value(row.get(name)))
    return pa.table({name: pa.array(texts, pa.string()) for name, texts in values.items()})


def make_empty_table(columns: Sequence[str]) -> pa.Table:
    """A table of text without rows."""
    return make_text_table((), columns)
