"""Shares of a night's rows beside those of the installation's own earlier nights."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date

import numpy as np
import pandas as pd

from redeye.audits.logic.earlier_nights import NIGHT, NIGHTS_NEEDED, find_days_around, walk_nights

NIGHTS_TO_BE_REGULAR = 14
ROWS_TO_BE_REGULAR = 8
ROWS_TO_BE_APART = 20
ROWS_NEEDED = 3
"""Earlier nights without which a night's rows are compared with nothing."""
WEEKDAYS_NEEDED = 2
"""Earlier nights of the same weekday without which a night is compared with all of them."""


def share_zeros_beyond_usual(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, column: str, nights_back: int
) -> pd.Series:
    """By night, by how much the share of zeros in a column exceeds the largest of the nights before; 0 if not."""
    return _beyond_largest(judged, history, column, nights_back, lambda values: values == 0)


def share_nulls_beyond_usual(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, column: str, nights_back: int
) -> pd.Series:
    """By night, by how much the share of missing values exceeds the largest of the nights before; 0 if not."""
    return _beyond_largest(judged, history, column, nights_back, lambda values: values.isna())


def _beyond_largest(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    column: str,
    nights_back: int,
    is_so: Callable[[pd.Series], pd.Series],
) -> pd.Series:
    shares = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, column]], history, nights_back):
        usual = is_so(earlier[column]).groupby(earlier[NIGHT]).mean()
        beyond = is_so(now[column]).mean() - usual.max() if len(usual) >= NIGHTS_NEEDED else 0.0
        shares[night] = max(0.0, float(beyond))
    return pd.Series(shares, dtype="float64")


def count_missing_values(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, column: str, nights_back: int
) -> pd.Series:
    """By night, the values of a column that do not come though every night before had them, and usually several rows.

    0 where there are fewer than `NIGHTS_TO_BE_REGULAR` nights before.
    """
    counts = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, column]], history, nights_back):
        rows = earlier.groupby([NIGHT, column]).size().unstack(fill_value=0)
        regular = rows.columns[(rows > 0).all() & (rows.median() >= ROWS_TO_BE_REGULAR)]
        enough = len(rows) >= NIGHTS_TO_BE_REGULAR
        counts[night] = float((~regular.isin(now[column])).sum()) if enough else 0.0
    return pd.Series(counts, dtype="float64")


def find_missing_rows(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, columns: Sequence[str], nights_back: int
) -> pd.Series:
    """By night, the usual rows of whatever came on every night before and does not now; of what had most.

    What comes is a value of the columns, or a combination. 0 where there are fewer than `NIGHTS_TO_BE_REGULAR` nights
    before.
    """
    found = {}
    columns = list(columns)
    for night, now, earlier in walk_nights(judged[[NIGHT, *columns]], history, nights_back):
        rows = earlier.groupby([NIGHT, *columns]).size().unstack(NIGHT, fill_value=0)
        usual = rows[(rows > 0).all(axis=1)].median(axis=1)
        gone = usual[~usual.index.isin(now.groupby(columns).size().index)]
        enough = rows.shape[1] >= NIGHTS_TO_BE_REGULAR
        found[night] = float(gone.max()) if enough and len(gone) else 0.0
    return pd.Series(found, dtype="float64")


def share_nulls_apart(judged: pd.DataFrame, *, columns: Sequence[str]) -> pd.Series:
    """By night, by how much the share of missing values in the first column is larger in one group than in the others.

    Groups are those of the second column, with `ROWS_TO_BE_APART` rows or more; 0 where there is no other.
    """
    column, group = columns
    is_null = judged[column].isna()
    own = is_null.groupby([judged[NIGHT], judged[group]]).agg(["sum", "size"]).reset_index(group)
    rest = own.groupby(NIGHT)[["sum", "size"]].sum().reindex(own.index) - own[["sum", "size"]]
    apart = own["sum"] / own["size"] - rest["sum"] / rest["size"]
    apart = apart[(own["size"] >= ROWS_TO_BE_APART) & (rest["size"] > 0)].groupby(NIGHT).max()
    return apart.reindex(sorted(judged[NIGHT].dropna().unique()), fill_value=0.0).clip(lower=0.0)


def share_zeros_apart(judged: pd.DataFrame, *, group: str, column: str) -> pd.Series:
    """By night, by how much a group's share of zeros exceeds those of all other groups, or falls below them.

    0 where there are fewer than three groups: of two that differ, either may be right.
    """
    shares = (judged[column] == 0).groupby([judged[NIGHT], judged[group]]).mean().unstack()
    ordered = np.sort(shares.to_numpy(dtype="float64"), axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    apart = [
        max(row[n - 1] - row[n - 2], row[1] - row[0]) if n >= 3 else 0.0
        for row, n in zip(ordered, known, strict=True)
    ]
    return pd.Series(apart, index=shares.index, dtype="float64")


def count_silent_times(judged: pd.DataFrame, *, group: str, time: str, column: str) -> pd.Series:
    """By night, the most times at which all other groups are above 0 while one is 0 all night.

    0 where there are fewer than three groups.
    """
    values = judged.pivot_table(index=[NIGHT, time], columns=group, values=column, aggfunc="max")
    counts = pd.Series(0.0, index=values.index.get_level_values(NIGHT).unique(), dtype="float64")
    for each in values.columns if values.shape[1] >= 3 else ():
        others = (values.drop(columns=each) > 0).all(axis=1).groupby(NIGHT).sum()
        is_silent = (values[each].fillna(0) == 0).groupby(NIGHT).all()
        counts = pd.concat([counts, others.where(is_silent, 0).astype("float64")], axis=1).max(axis=1)
    return counts


def compare_neighbours(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    group: str,
    time: str,
    column: str,
    nights_back: int,
) -> pd.Series:
    """By night, how far the group that differs most lies from the others, over how far one usually did.

    A group's distance is the mean, over the night's times, of its distance from the median of all groups. The
    usual one is the largest of a night, in the median of the nights before. 1 where there is nothing to compare.
    """

    def find_farthest(rows: pd.DataFrame) -> pd.Series:
        distance = (rows[column] - rows.groupby(time)[column].transform("median")).abs()
        return distance.groupby([rows[NIGHT], rows[group]]).mean().groupby(NIGHT).max()

    ratios = {}
    farthest = find_farthest(judged)
    before = farthest if history is None else pd.concat([find_farthest(history), farthest])
    before = before[~before.index.duplicated(keep="last")].rename("farthest").rename_axis(NIGHT).reset_index()
    for night, now, earlier in walk_nights(before, None, nights_back):
        if night not in farthest.index:
            continue
        usual = earlier["farthest"].median() if len(earlier) >= NIGHTS_NEEDED else np.nan
        ratio = now["farthest"].iloc[0] / usual if usual > 0 else 1.0
        ratios[night] = 1.0 if np.isnan(ratio) else float(ratio)
    return pd.Series(ratios, dtype="float64")


def compare_rows(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    holidays: Collection[date],
    days_ahead: int,
    nights_back: int,
) -> pd.DataFrame:
    """A night's rows over the median of the nights before of the same weekday, or of all if there are few of it.

    Args:
        judged: rows with `night`.
        history: likewise; None if there are none.
        holidays: days that are like no weekday, as are those two days around them.
        days_ahead: days from a night to the day that its rows are of.
        nights_back: nights before a night whose nights it is compared with.

    Returns:
        By night: `on_usual_days` and `around_holidays`; each is 1 on the other days, and where fewer than
        `ROWS_NEEDED` nights are before it.
    """
    special = find_days_around(holidays, days_ahead)
    counts = judged.groupby(NIGHT).size()
    if history is not None:
        past = history.groupby(NIGHT).size()
        counts = pd.concat([past[~past.index.isin(counts.index)], counts])
    rows = counts.rename("rows").rename_axis(NIGHT).reset_index()
    wanted, found = set(judged[NIGHT].dropna()), {}
    for night, now, earlier in walk_nights(rows, None, nights_back):
        if night not in wanted:
            continue
        is_special = night.date() in special
        usual = earlier[~earlier[NIGHT].dt.date.isin(special)]
        same = usual[usual[NIGHT].dt.dayofweek == night.dayofweek]
        compared = same if len(same) >= WEEKDAYS_NEEDED and not is_special else earlier
        enough = len(earlier) >= ROWS_NEEDED
        ratio = float(now["rows"].iloc[0] / compared["rows"].median()) if enough else 1.0
        found[night] = {
            "on_usual_days": 1.0 if is_special else ratio,
            "around_holidays": ratio if is_special else 1.0,
        }
    return pd.DataFrame.from_dict(found, orient="index", columns=["on_usual_days", "around_holidays"])
