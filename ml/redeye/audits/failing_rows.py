"""Rows in words: what an operator sees of the rows that an audit refuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from redeye.foundation.logic.visible_text import escape_hidden

NIGHT = "night"


def format_rows(rows: pd.DataFrame, columns: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    """The rows as text, with the given columns as far as they are there."""
    names = [column for column in dict.fromkeys(columns) if column in rows.columns]
    return tuple({column: format_value(row[column]) for column in names} for _, row in rows[names].iterrows())


def format_value(value: Any) -> str:  # noqa: ANN401 - a cell of any column
    """A value as short text; `missing` if there is none."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "missing"
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return value.date().isoformat()
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else escape_hidden(str(value)[:80])


def list_nights(rows: pd.DataFrame) -> tuple[date, ...]:
    """The nights that the rows belong to, in order; none if they have no such column."""
    if NIGHT not in rows.columns:
        return ()
    known = pd.to_datetime(rows[NIGHT].drop_duplicates(), errors="coerce").dropna()
    return tuple(sorted(night.date() for night in known))
