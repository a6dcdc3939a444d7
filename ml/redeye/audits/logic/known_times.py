"""When each row became known, within its night: the checks of `known_at` that any dataset can have."""

from __future__ import annotations

import pandas as pd

from redeye.declarations.calendar import cutoff, find_start

KNOWN_AT_COLUMNS = frozenset({"minutes_into_night", "minutes_before_cutoff"})


def find_night_bounds(nights: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Start and cutoff of each row's night, as naive UTC; missing where the night is."""
    known = {night: night.date() for night in nights.dropna().unique()}
    starts = {night: find_start(day).replace(tzinfo=None) for night, day in known.items()}
    ends = {night: cutoff(day).replace(tzinfo=None) for night, day in known.items()}
    return (
        pd.to_datetime(nights.map(starts)).astype("datetime64[us]"),
        pd.to_datetime(nights.map(ends)).astype("datetime64[us]"),
    )


def add_known_at_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds `minutes_into_night` (> 0 where `known_at` lies in the night) and `minutes_before_cutoff` (>= 0)."""
    start, end = find_night_bounds(frame["night"])
    return frame.assign(
        minutes_into_night=(frame["known_at"] - start).dt.total_seconds() / 60,
        minutes_before_cutoff=(end - frame["known_at"]).dt.total_seconds() / 60,
    )


def find_minutes_to_cutoff(frame: pd.DataFrame, *, column: str) -> pd.Series:
    """By night, the minutes from its newest instant in a column to its cutoff: how fresh the night's rows are."""
    _, end = find_night_bounds(frame["night"])
    return ((end - frame[column]).dt.total_seconds() / 60).groupby(frame["night"]).min()
