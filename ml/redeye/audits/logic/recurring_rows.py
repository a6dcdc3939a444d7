"""Rows that come again under a key: those whose values change, those that stay away, those under another name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import pandas as pd

from redeye.audits.logic.earlier_nights import NIGHT, find_days_around, move_night, walk_nights

EVER = 36_500
"""Days back to whatever came last."""
REGULAR_AFTER = (1, 2, 7, 8)
"""Days after which a row comes again that comes every day: also to the same weekday, and to the day before that."""


def share_changed_rows(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, key: Sequence[str], columns: Sequence[str]
) -> pd.Series:
    """By night, the share of rows whose values are others than in the newest night before; 0 if there is none.

    Keys that only one of the two has are passed over.

    Args:
        judged: typed rows with `night`, the key and the columns.
        history: likewise of earlier nights; None if there are none.
        key: columns that name a row.
        columns: whose values are compared.
    """
    key, values = list(key), list(columns)
    shares = {}
    for night, now, before in _walk_newest(judged[[NIGHT, *key, *values]], history, key):
        both = now.merge(before, on=key, suffixes=("", "_before"))
        old = both[[f"{name}_before" for name in values]].set_axis(values, axis=1)
        is_same = (both[values] == old) | (both[values].isna() & old.isna())
        shares[night] = float((~is_same.all(axis=1)).mean()) if len(both) else 0.0
    return pd.Series(shares, dtype="float64")


def share_gone_rows(judged: pd.DataFrame, history: pd.DataFrame | None, *, key: Sequence[str]) -> pd.Series:
    """By night, the share of the keys of the newest night before that do not come again; 0 if there is none."""
    shares = {}
    for night, now, before in _walk_newest(judged[[NIGHT, *key]], history, list(key)):
        is_there = pd.MultiIndex.from_frame(before[[*key]]).isin(pd.MultiIndex.from_frame(now[[*key]]))
        shares[night] = float((~is_there).mean()) if len(before) else 0.0
    return pd.Series(shares, dtype="float64")


def _walk_newest(
    judged: pd.DataFrame, history: pd.DataFrame | None, key: list[str]
) -> Iterator[tuple[pd.Timestamp, pd.DataFrame, pd.DataFrame]]:
    """Each judged night: the night, its rows, and those of the newest night before, one of each key."""
    for night, now, earlier in walk_nights(judged, history, EVER):
        yield night, now, earlier[earlier[NIGHT] == earlier[NIGHT].max()].drop_duplicates(key)


def share_lost_rows(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    columns: Sequence[str],
    holidays: Collection[date],
    days_ahead: int,
    nights_back: int,
) -> pd.Series:
    """By night, the share of regular rows that do not come, beyond those that come for the first time; 0 if none.

    Regular is what came 1, 2, 7 and 8 nights before. A new timetable has new rows for those that it drops; a file
    that lost some has not. 0 on holidays and two days around, and where one of these nights is not there.

    Args:
        judged: typed rows with `night` and the columns.
        history: likewise of earlier nights; None if there are none.
        columns: that name what comes again, without dates.
        holidays: days that are like no weekday.
        days_ahead: days from a night to the day that its rows are of.
        nights_back: nights before a night within which a row that comes is not new.
    """
    columns = list(columns)
    special = find_days_around(holidays, days_ahead)
    keyed = judged[[NIGHT]].assign(row=_hash(judged, columns))
    past = None if history is None else history[[NIGHT]].assign(row=_hash(history, columns))
    shares = {}
    for night, now, earlier in walk_nights(keyed, past, nights_back):
        shares[night] = 0.0
        if night.date() in special:
            continue
        rows = set(now["row"])
        nights = [earlier.loc[earlier[NIGHT] == move_night(night, -by), "row"] for by in REGULAR_AFTER]
        regular = set.intersection(*(set(each) for each in nights))
        if regular:
            lost, new = len(regular - rows), len(rows - set(earlier["row"]))
            shares[night] = max(0.0, (lost - new) / len(regular))
    return pd.Series(shares, dtype="float64")


def share_renamed_rows(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, columns: Sequence[str], nights_back: int
) -> pd.Series:
    """By night, the share of rows whose other values stood together before, but never with that of the first column.

    Args:
        judged: typed rows with `night` and the columns.
        history: likewise of earlier nights; None if there are none.
        columns: the one that may have another name, then those by which a row is known.
        nights_back: nights before a night whose rows count.
    """
    columns = list(columns)

    def read(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[[NIGHT]].assign(row=_hash(frame, columns), known=_hash(frame, columns[1:]))

    shares = {}
    past = None if history is None else read(history)
    for night, now, earlier in walk_nights(read(judged), past, nights_back):
        is_renamed = now["known"].isin(earlier["known"]) & ~now["row"].isin(earlier["row"])
        shares[night] = float(is_renamed.mean())
    return pd.Series(shares, dtype="float64")


def share_twin_rows(judged: pd.DataFrame, *, columns: Sequence[str]) -> pd.Series:
    """By night, the share of rows that have the values of the columns in common with another row of the night."""
    is_twin = judged.duplicated([NIGHT, *columns], keep=False)
    return is_twin.groupby(judged[NIGHT]).mean().astype("float64")


def _hash(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """One number per row, equal for equal values; numbers all of one type."""
    values = frame[columns]
    numbers = [column for column in values if pd.api.types.is_numeric_dtype(values[column])]
    return pd.util.hash_pandas_object(values.astype(dict.fromkeys(numbers, "float64")), index=False)
