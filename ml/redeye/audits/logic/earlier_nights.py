"""Each judged night with the nights before it: those judged with it, and those of history."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

import pandas as pd

from redeye.declarations.calendar import shift_nights

NIGHT = "night"
NIGHTS_NEEDED = 7
"""Earlier nights without which nothing is called usual."""


def move_night(night: pd.Timestamp, nights: int) -> pd.Timestamp:
    """The night so many nights after one, or before it, as frames have nights."""
    return night + (shift_nights(night.date(), nights) - night.date())


def find_days_around(holidays: Collection[date], days_ahead: int) -> set[date]:
    """The nights whose rows are of a holiday or a day within two of one: like no weekday."""
    return {day + timedelta(days=by - days_ahead) for day in holidays for by in range(-2, 3)}


def walk_nights(
    judged: pd.DataFrame, history: pd.DataFrame | None, nights_back: int
) -> Iterator[tuple[pd.Timestamp, pd.DataFrame, pd.DataFrame]]:
    """Each judged night in order: the night, its rows, and the rows of the nights before it.

    Args:
        judged: rows with `night`, an instant; rows without one are left out.
        history: rows with at least the columns of `judged`; nights that are judged too are ignored.
        nights_back: nights before a night from which rows are given.
    """
    frames = [judged.dropna(subset=[NIGHT])]
    nights = sorted(frames[0][NIGHT].unique())
    if history is not None and len(history):
        past = history[list(judged.columns)].assign(**{NIGHT: history[NIGHT].astype(judged[NIGHT].dtype)})
        frames.insert(0, past[past[NIGHT].notna() & ~past[NIGHT].isin(nights)])
    rows = pd.concat(frames, ignore_index=True).sort_values(NIGHT, kind="stable", ignore_index=True)
    for night in nights:
        first = rows[NIGHT].searchsorted(move_night(pd.Timestamp(night), -nights_back))
        start, end = rows[NIGHT].searchsorted(night), rows[NIGHT].searchsorted(night, side="right")
        yield pd.Timestamp(night), rows.iloc[start:end], rows.iloc[first:start]
