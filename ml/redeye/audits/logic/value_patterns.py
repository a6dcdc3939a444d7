"""Patterns that measured values do not have: a frozen instrument, a lonely zero, rounding, a copied column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from redeye.audits.logic.earlier_nights import NIGHT, NIGHTS_NEEDED, walk_nights

MOST_DECIMALS = 4


def find_longest_runs(judged: pd.DataFrame, *, group: str, time: str, columns: Sequence[str]) -> pd.Series:
    """By night, the most readings of one group in a row that are equal in all columns.

    Readings in which one is missing are passed over; 0 in one ends a run, since zeros have measures of their own.
    """
    rows = judged.dropna(subset=[NIGHT, group, time, *columns]).sort_values([NIGHT, group, time])
    here = rows[[NIGHT, group, *columns]]
    is_next = (here == here.shift()).all(axis=1) & (rows[list(columns)] != 0).all(axis=1)
    runs = is_next.groupby((~is_next).cumsum()).transform("size")
    longest = runs.groupby(rows[NIGHT]).max().astype("float64")
    return longest.reindex(sorted(judged[NIGHT].dropna().unique()), fill_value=0.0)


def count_lonely_zeros(judged: pd.DataFrame, *, group: str, time: str, column: str) -> pd.Series:
    """By night, the zeros of a group whose readings before and after are large, as those of all others at the time.

    Large is the night's median and more. 0 where there are fewer than two groups.
    """
    rows = judged.dropna(subset=[NIGHT, group, time]).sort_values([NIGHT, group, time])
    series = rows.groupby([NIGHT, group])[column]
    around = np.fmin(series.shift().to_numpy("float64"), series.shift(-1).to_numpy("float64"))
    others = rows[column].where(rows[column] != 0).groupby(rows[time])
    is_alone = (rows[column] == 0).groupby(rows[time]).transform("sum") == 1
    large = rows.groupby(NIGHT)[column].transform("median")
    is_lonely = (
        (rows[column] == 0) & is_alone & (around >= large) & (others.transform("min") >= large) & (large > 0)
    )
    return is_lonely.groupby(rows[NIGHT]).sum().astype("float64")


def count_rising_series(judged: pd.DataFrame, *, group: str, time: str, column: str) -> pd.Series:
    """By night, the groups whose readings never fall, and rise at least twice: sums instead of amounts."""
    rows = judged.dropna(subset=[NIGHT, group, time]).sort_values([NIGHT, group, time])
    steps = rows.groupby([NIGHT, group])[column].diff()
    by_group = steps.groupby([rows[NIGHT], rows[group]])
    is_rising = (by_group.min() >= 0) & ((steps > 0).groupby([rows[NIGHT], rows[group]]).sum() >= 2)
    return is_rising.groupby(NIGHT).sum().astype("float64")


def share_commonest_digit(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, column: str, nights_back: int
) -> pd.Series:
    """By night, the share of values with the commonest last digit, where digits end that the nights before have.

    Rounded values end in one or two digits. 0 where there are too few nights before.
    """
    shares = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, column]], history, nights_back):
        usual, values = earlier[column].dropna(), now[column].dropna()
        if earlier[NIGHT].nunique() < NIGHTS_NEEDED or values.empty or usual.empty:
            shares[night] = 0.0
            continue
        digits = (values * 10.0 ** _count_decimals(usual)).round() % 10
        shares[night] = float(digits.value_counts(normalize=True).iloc[0])
    return pd.Series(shares, dtype="float64")


def share_equal_columns(judged: pd.DataFrame, *, columns: Sequence[str]) -> pd.Series:
    """By night, the share of rows in which all columns have the same value."""
    values = judged[list(columns)]
    is_equal = values.eq(values.iloc[:, 0], axis=0).all(axis=1)
    return is_equal.groupby(judged[NIGHT]).mean().astype("float64")


def share_equal_series(judged: pd.DataFrame, *, group: str, time: str, columns: Sequence[str]) -> pd.Series:
    """By night, the largest share of times at which two groups have the very same values in all columns."""
    rows = judged.dropna(subset=[NIGHT, group, time, *columns]).drop_duplicates([NIGHT, group, time])
    both = rows[[NIGHT, group, time, *columns]].merge(
        rows[[NIGHT, group, time, *columns]], on=[NIGHT, time], suffixes=("", "_other")
    )
    both = both[both[group] < both[f"{group}_other"]]
    others = both[[f"{name}_other" for name in columns]].set_axis(list(columns), axis=1)
    is_equal = (both[list(columns)] == others).all(axis=1)
    shares = is_equal.groupby([both[NIGHT], both[group], both[f"{group}_other"]]).mean().groupby(NIGHT).max()
    return shares.reindex(sorted(judged[NIGHT].dropna().unique()), fill_value=0.0).astype("float64")


def _count_decimals(values: pd.Series) -> int:
    """Decimals by which all values are whole, up to `MOST_DECIMALS`."""
    numbers = values.drop_duplicates().to_numpy("float64")
    for decimals in range(MOST_DECIMALS):
        scaled = numbers * 10.0**decimals
        if np.abs(scaled - scaled.round()).max() < 1e-6:
            return decimals
    return MOST_DECIMALS
