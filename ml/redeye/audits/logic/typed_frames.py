"""Text from a delivery into typed columns, with every value that does not parse reported.

A suite states the type of each column. Parsing never raises: what is no whole number, no finite
number, no instant, is a *fault* and becomes missing, so that the remaining checks can still run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import numpy as np
import pandas as pd

ColumnType = Literal["int", "float", "text", "free_text", "timestamp", "date", "bool"]
"""`text` is not empty and has nothing that cannot be seen: no blank at either end, no control character. `free_text`
may be empty and have blanks and ends of lines."""

MISSING = "NA"
"""How the sources write a missing value."""

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
INT_PATTERN = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
FLOAT_PATTERN = re.compile(
    r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
"""A number is not written as 001: that is 0.01 without its point."""
DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
TIMESTAMP_PATTERN = re.compile(
    DATE_PATTERN.pattern + r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|\+00:00)?", re.ASCII
)


CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""What belongs into no text: control characters but tabs and ends of lines, halves of a surrogate pair."""
LOST = "\ufffd"
"""What a decoder writes for bytes that it could not read."""


@dataclass(frozen=True)
class TypeFault:
    """A column, the type that is stated for it, and the row positions of values that are not of it."""

    column: str
    type: ColumnType
    positions: np.ndarray


def parse_frame(frame: pd.DataFrame, types: Mapping[str, ColumnType]) -> tuple[pd.DataFrame, list[TypeFault]]:
    """The frame with the stated types, and the faults found.

    Whole numbers become float64 where values are missing. Instants become naive UTC microseconds.
    Columns that are typed already (not text) are checked, not parsed.

    Args:
        frame: unique column names; every column of `types` is present.
        types: column to type; columns not named here are kept as they are.
    """
    typed = frame.reset_index(drop=True).copy()
    faults = []
    for column, kind in types.items():
        series, bad = _parse(typed[column], kind)
        typed[column] = series
        if bad.any():
            faults.append(TypeFault(column, kind, np.flatnonzero(bad)))
    return typed, faults


def _parse(series: pd.Series, kind: ColumnType) -> tuple[pd.Series, np.ndarray]:
    if pd.api.types.is_object_dtype(series) or isinstance(series.dtype, pd.StringDtype):
        return _parse_text(series.astype(object), kind)
    return _check_typed(series, kind)


def _parse_text(series: pd.Series, kind: ColumnType) -> tuple[pd.Series, np.ndarray]:
    """Parses each distinct value once: a night repeats its hours, names and dates many times."""
    codes, distinct = _factorize(series)
    parse = _PARSERS[kind]
    parsed = [None if value == MISSING else parse(value) for value in distinct]
    bad = np.array([value is _BAD for value in parsed] + [False], dtype=bool)
    values = pd.Series([None if value is _BAD else value for value in parsed] + [None], dtype=object)
    typed = _as_dtype(values, kind).take(codes)
    typed.index = series.index
    if kind == "int" and not typed.isna().any():
        typed = typed.astype("int64")
    return typed, bad[codes]


def _factorize(series: pd.Series) -> tuple[np.ndarray, Iterable[object]]:
    """As pandas does it, but for texts with a NUL: to pandas a text ends there, and equals what stands before it."""
    if not _holds_nul(series.tolist()):
        codes, distinct = pd.factorize(series, use_na_sentinel=True)
        return codes, distinct
    places: dict[object, int] = {}
    missing = series.isna()
    codes = np.array(
        [
            -1 if is_missing else places.setdefault(value, len(places))
            for value, is_missing in zip(series, missing, strict=True)
        ]
    )
    return codes, places


def _holds_nul(values: list[object]) -> bool:
    try:
        return "\0" in "".join(values)  # type: ignore[arg-type]
    except TypeError:  # Not all of them are texts.
        return any(isinstance(value, str) and "\0" in value for value in values)


def _as_dtype(values: pd.Series, kind: ColumnType) -> pd.Series:
    if kind in ("int", "float"):
        return values.astype("float64")
    if kind in ("timestamp", "date"):
        return pd.to_datetime(values).astype("datetime64[us]")
    return values


_BAD = object()


def _to_text(value: object) -> object:
    is_plain = isinstance(value, str) and value and value == value.strip() and value.isprintable()
    return value if is_plain and LOST not in value else _BAD  # type: ignore[operator]


def _to_free_text(value: object) -> object:
    return value if isinstance(value, str) and not CONTROL.search(value) else _BAD


def describe_fault(fault: TypeFault, values: pd.Series) -> str:
    """What is wrong with the values at a fault's positions, the cause before what follows from it."""
    texts = [value for value in values.drop_duplicates() if isinstance(value, str)]
    if texts and all(text.endswith("\r") for text in texts):
        return "end in a stray carriage return: have the file's lines end with a line feed alone"
    if any(CONTROL.search(text) or not text.isprintable() for text in texts):
        return "hold characters that cannot be seen"
    if any(LOST in text for text in texts):
        return "hold characters that were lost when they were decoded"
    if texts and all(text and text != text.strip() for text in texts):
        return "have a blank before or behind them"
    return f"are no {fault.type}"


def _to_int(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and INT_PATTERN.fullmatch(value):
        number = int(value)
    else:
        return _BAD
    return number if INT_MIN <= number <= INT_MAX else _BAD


def _to_float(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and FLOAT_PATTERN.fullmatch(value)):
        return _BAD
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else _BAD


def _to_timestamp(value: object) -> object:
    try:
        if isinstance(value, datetime):
            instant = value
        elif isinstance(value, str) and TIMESTAMP_PATTERN.fullmatch(value):
            instant = datetime.fromisoformat(value)
        else:
            return _BAD
    except ValueError:
        return _BAD
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def _to_date(value: object) -> object:
    try:
        if isinstance(value, date):
            return datetime.fromisoformat(f"{value:%Y-%m-%d}")
        if isinstance(value, str) and DATE_PATTERN.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        return _BAD
    return _BAD


def _to_bool(value: object) -> object:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return {"true": True, "false": False}.get(value.lower(), _BAD) if isinstance(value, str) else _BAD


_PARSERS: Mapping[str, Callable[[object], object]] = {
    "text": _to_text,
    "free_text": _to_free_text,
    "int": _to_int,
    "float": _to_float,
    "timestamp": _to_timestamp,
    "date": _to_date,
    "bool": _to_bool,
}


def _check_typed(series: pd.Series, kind: ColumnType) -> tuple[pd.Series, np.ndarray]:
    """Values typed by an engine: a missing value is fine here, a wrong kind of value is not."""
    missing, good = series.isna().to_numpy(), np.zeros(len(series), dtype=bool)
    if kind in ("int", "float") and pd.api.types.is_numeric_dtype(series) and not _is_bool(series):
        values = series.astype("float64")
        bad = np.isinf(values.to_numpy())
        if kind == "int":
            bad |= ~missing & (values.to_numpy() != np.round(values.to_numpy()))
        return values.where(~bad), bad
    if kind in ("timestamp", "date") and pd.api.types.is_datetime64_any_dtype(series):
        if series.dt.tz is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return series.astype("datetime64[us]"), good
    if kind == "bool" and _is_bool(series):
        return series.astype(object).where(~missing, None), good
    return pd.Series([None] * len(series), dtype=object), ~missing


def _is_bool(series: pd.Series) -> bool:
    return bool(pd.api.types.is_bool_dtype(series))
