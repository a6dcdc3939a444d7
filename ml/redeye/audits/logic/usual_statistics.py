"""Statistics of a night's values beside what they usually are: their smallest and largest, and which of them come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from redeye.audits.logic.earlier_nights import NIGHT, NIGHTS_NEEDED, move_night, walk_nights

LOW_TAIL = 0.05
"""Share of a group's values that its low tail holds: they hardly move with the weather of the night."""
ROWS_OF_A_GROUP = 40
"""Values of a group below which its tail, or its commonest value, says nothing."""
USUAL = 0.3
"""Share of the readings before from which a value is what readings usually are."""
FEWEST_UNUSUAL = 3
"""Other readings below which a night is like any other."""


def compare_largest(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, column: str, nights_back: int
) -> pd.Series:
    """By night, its largest value over the median of the largest ones of the nights before.

    1 where there are too few nights before, or fewer than `ROWS_OF_A_GROUP` values now.
    """
    ratios = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, column]], history, nights_back):
        largest = earlier.groupby(NIGHT)[column].max().dropna()
        is_known = len(largest) >= NIGHTS_NEEDED and now[column].count() >= ROWS_OF_A_GROUP
        usual = largest.median() if is_known else 0.0
        ratio = now[column].max() / usual if usual > 0 else 1.0
        ratios[night] = 1.0 if np.isnan(ratio) else float(ratio)
    return pd.Series(ratios, dtype="float64")


def find_tail_shift(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, columns: Sequence[str], nights_back: int
) -> pd.Series:
    """By night, how far the value that a twentieth of the rows do not exceed lies from what it usually is.

    Where a second column names groups, the shift of the group that moved most, up or down; of those with
    `ROWS_OF_A_GROUP` values. 0 where there are too few nights before.

    Args:
        judged: typed rows with `night` and the columns.
        history: likewise of earlier nights; None if there are none.
        columns: whose values, and perhaps of which groups.
        nights_back: nights before a night that say what is usual.
    """
    column, *group = columns

    def find_tails(rows: pd.DataFrame) -> pd.DataFrame:
        values = rows.dropna(subset=[NIGHT, column]).groupby([NIGHT, *group])[column]
        tails = values.quantile(LOW_TAIL).where(values.size() >= ROWS_OF_A_GROUP)
        return tails.dropna().rename("tail").reset_index()

    shifts = dict.fromkeys(sorted(judged[NIGHT].dropna().unique()), 0.0)
    past = None if history is None else find_tails(history)
    for night, now, earlier in walk_nights(find_tails(judged), past, nights_back):
        if earlier[NIGHT].nunique() < NIGHTS_NEEDED:
            continue
        if group:
            usual = now[group[0]].map(earlier.groupby(group[0])["tail"].median())
        else:
            usual = pd.Series(earlier["tail"].median(), index=now.index)
        moved = (now["tail"] - usual).dropna()
        shifts[night] = float(moved.iloc[int(moved.abs().to_numpy().argmax())]) if len(moved) else 0.0
    return pd.Series(shifts, dtype="float64")


def share_commonest_value(judged: pd.DataFrame, *, columns: Sequence[str]) -> pd.Series:
    """By night, the share of the rows with the commonest value of the first column, in the group that has most.

    Groups are those of a second column, or all rows; fewer than `ROWS_OF_A_GROUP` values are no group.
    """
    column, *group = columns
    rows = judged.dropna(subset=[NIGHT, column])
    sizes = rows.groupby([NIGHT, *group]).size()
    most = rows.groupby([NIGHT, *group, column]).size().groupby([NIGHT, *group]).max()
    shares = (most / sizes)[sizes >= ROWS_OF_A_GROUP].groupby(NIGHT).max()
    return shares.reindex(sorted(judged[NIGHT].dropna().unique()), fill_value=0.0).astype("float64")


def share_unused_values(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, column: str, nights_back: int
) -> pd.Series:
    """By night, how much of what came before lies between its smallest and largest value and has a value it never has.

    Values that were rounded, doubled or turned into another unit leave usual ones out. Zeros are passed over. 0 where
    there are too few nights before, or fewer than `ROWS_OF_A_GROUP` values now.
    """
    shares = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, column]], history, nights_back):
        values, usual = (rows[column].dropna().round(4) for rows in (now, earlier))
        values, usual = values[values != 0], usual[usual != 0]
        within = usual[usual.between(values.min(), values.max())]
        is_enough = earlier[NIGHT].nunique() >= NIGHTS_NEEDED and now[column].count() >= ROWS_OF_A_GROUP
        is_known = is_enough and len(within) > 0
        shares[night] = float((~within.isin(values)).mean()) if is_known else 0.0
    return pd.Series(shares, dtype="float64")


def find_common_step(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    group: str,
    time: str,
    column: str,
    nights_back: int,
) -> pd.Series:
    """By night, the least that any group moved from its last reading before it to its first, in usual changes.

    What all groups do at once is a change of unit, of zero, or of the day. 0 where there are too few nights before,
    fewer than two groups, or none of the night that ended last.
    """
    steps = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, group, time, column]], history, nights_back):
        steps[night] = 0.0
        known = earlier.dropna(subset=[group, time, column]).sort_values(time)
        usual = known.groupby([NIGHT, group])[column].diff().abs().mean()
        ended = known[known[NIGHT] == move_night(night, -1)]
        if known[NIGHT].nunique() < NIGHTS_NEEDED or ended.empty or not usual > 0:
            continue
        first = now.dropna(subset=[group, time, column]).sort_values(time).groupby(group)[column].first()
        moved = (first - ended.groupby(group)[column].last()).abs().dropna()
        steps[night] = float(moved.min() / usual) if len(moved) >= 2 else 0.0
    return pd.Series(steps, dtype="float64")


def match_pattern(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    group: str,
    time: str,
    column: str,
    nights_back: int,
) -> pd.Series:
    """By night, how much of it and of the earlier night most like it is the same, at the same group and time of day.

    Of readings other than the one that is usual, if there is one, as dry hours are: the share of those that both have
    among those that either has. 0 where fewer than `FEWEST_UNUSUAL` of a night are unusual.
    """

    def read(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.dropna(subset=[NIGHT, group, time, column])
        after = (rows[time] - rows[NIGHT]).dt.total_seconds()
        cells = pd.DataFrame({"group": rows[group], "after": after, "value": rows[column].astype("float64")})
        return rows[[NIGHT]].assign(cell=pd.util.hash_pandas_object(cells, index=False), value=cells["value"])

    shares = dict.fromkeys(sorted(judged[NIGHT].dropna().unique()), 0.0)
    past = None if history is None else read(history)
    for night, now, earlier in walk_nights(read(judged), past, nights_back):
        counts = earlier["value"].value_counts(normalize=True)
        usual = counts.index[0] if len(counts) and counts.iloc[0] >= USUAL else None
        cells = set(now.loc[now["value"] != usual, "cell"])
        if len(cells) < FEWEST_UNUSUAL:
            continue
        before = earlier[earlier["value"] != usual]
        same = before["cell"].isin(cells).groupby(before[NIGHT]).sum()
        either = len(cells) + before.groupby(NIGHT).size() - same
        shares[night] = float((same / either).max()) if len(same) else 0.0
    return pd.Series(shares, dtype="float64")
