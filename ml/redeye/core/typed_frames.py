"""Text from a delivery into typed columns, with every value that does not parse reported.

A suite states the type of each column. Parsing never raises: what is no whole number, no finite
number, no instant, is a *fault* and becomes missing, so that the remaining checks can still run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

ColumnType = Literal["int", "float", "text", "timestamp", "date", "bool"]

MISSING = "NA"
"""How the sources write a missing value."""

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
INT_PATTERN = r"[+-]?[0-9]{1,18}"
FLOAT_PATTERN = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
TIMESTAMP_PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|\+00:00)?"
)
DATE_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class TypeFault:
    """A column with values that are not of its stated type.

    Attributes:
        column: the column.
        type: the stated type.
        positions: row positions of the offending values.
    """

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
    missing = (series.isna() | (series == MISSING)).to_numpy()
    text = series.where(~missing, None)
    if kind == "text":
        bad = np.array([value is not None and (not isinstance(value, str) or value == "") for value in text])
        return text.where(~bad, None), bad
    return _PARSERS[kind](text, missing)


def _matches(text: pd.Series, pattern: str) -> np.ndarray:
    return text.astype("string").str.fullmatch(pattern).fillna(False).to_numpy(dtype=bool)


def _to_int(text: pd.Series, missing: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    good = _matches(text, INT_PATTERN)
    numbers = pd.to_numeric(text.where(good, None), errors="coerce").astype("float64")
    good &= numbers.between(INT_MIN, INT_MAX).to_numpy()
    numbers = numbers.where(good)
    return (numbers.astype("int64") if good.all() else numbers), ~good & ~missing


def _to_float(text: pd.Series, missing: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    good = _matches(text, FLOAT_PATTERN)
    numbers = pd.to_numeric(text.where(good, None), errors="coerce").astype("float64")
    good &= np.isfinite(numbers.to_numpy())
    return numbers.where(good), ~good & ~missing


def _to_timestamp(text: pd.Series, missing: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    good = _matches(text, TIMESTAMP_PATTERN)
    instants = pd.to_datetime(text.where(good, None), errors="coerce", utc=True, format="ISO8601")
    instants = instants.dt.tz_localize(None).astype("datetime64[us]")
    return instants, (instants.isna().to_numpy() | ~good) & ~missing


def _to_date(text: pd.Series, missing: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    as_text = text.map(lambda value: value if value is None or isinstance(value, str) else str(value)[:10])
    good = _matches(as_text, DATE_PATTERN)
    days = pd.to_datetime(as_text.where(good, None), errors="coerce", format="%Y-%m-%d").astype(
        "datetime64[us]"
    )
    return days, (days.isna().to_numpy() | ~good) & ~missing


def _to_bool(text: pd.Series, missing: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    lowered = text.map(lambda value: None if value is None else str(value).lower())
    values = lowered.map({"true": True, "false": False})
    return values.astype(object), values.isna().to_numpy() & ~missing


_PARSERS: Mapping[str, Callable[[pd.Series, np.ndarray], tuple[pd.Series, np.ndarray]]] = {
    "int": _to_int,
    "float": _to_float,
    "timestamp": _to_timestamp,
    "date": _to_date,
    "bool": _to_bool,
}


def _check_typed(series: pd.Series, kind: ColumnType) -> tuple[pd.Series, np.ndarray]:
    """Values typed by an engine: a missing value is fine here, a wrong kind of value is not."""
    missing = series.isna().to_numpy()
    if kind in ("int", "float") and pd.api.types.is_numeric_dtype(series) and not _is_bool(series):
        values = series.astype("float64")
        bad = np.isinf(values.to_numpy())
        if kind == "int":
            bad |= ~missing & (values.to_numpy() != np.round(values.to_numpy()))
        return values.where(~bad), bad
    if kind in ("timestamp", "date") and pd.api.types.is_datetime64_any_dtype(series):
        if series.dt.tz is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return series.astype("datetime64[us]"), np.zeros(len(series), dtype=bool)
    if kind == "bool" and _is_bool(series):
        return series.astype(object).where(~missing, None), np.zeros(len(series), dtype=bool)
    if missing.all():
        return pd.Series([None] * len(series), dtype=object), np.zeros(len(series), dtype=bool)
    return pd.Series([None] * len(series), dtype=object), ~missing


def _is_bool(series: pd.Series) -> bool:
    return bool(pd.api.types.is_bool_dtype(series))
