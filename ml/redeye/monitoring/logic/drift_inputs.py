"""Which inputs can drift at all: not those that only count up, nor those that the date alone determines.

A count over all history is beyond its reference every week of its life, and seven dates are never like a season's.
Neither says anything about the data.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def select_drifting(
    reference: pd.DataFrame, numeric: Mapping[str, bool], keys: Mapping[str, str]
) -> dict[str, bool]:
    """The inputs that can drift, by what they are in the reference.

    Args:
        reference: rows with `night`, the inputs and their keys.
        numeric: the inputs, and whether each is a number.
        keys: the column that each input is looked up by; one that comes with the row has none.
    """
    of_dates = {key for key in set(keys.values()) if _names_date(reference, key)}
    return {
        name: is_numeric
        for name, is_numeric in numeric.items()
        if (key := keys.get(name)) is None
        or not (key in of_dates or (is_numeric and _counts_up(reference, name, key)))
    }


def _names_date(reference: pd.DataFrame, key: str) -> bool:
    """Whether a key has one value in each night, and another in every other one."""
    nights = reference.groupby("night")[key].agg(["nunique", "first"])
    return len(nights) > 1 and bool((nights["nunique"] == 1).all() and nights["first"].is_unique)


def _counts_up(reference: pd.DataFrame, name: str, key: str) -> bool:
    """Whether a column is whole numbers that never fall from night to night of a key, and rise for most keys."""
    known = reference[["night", key, name]].dropna()
    values = known[name].astype(float)
    if known.empty or (values % 1 != 0).any():
        return False
    by_night = values.groupby([known[key], known["night"]]).agg(["min", "max"])
    of_key = by_night.groupby(level=0)
    is_falling = by_night["min"] < of_key["max"].shift()
    is_longer = of_key.size() > 1
    is_rising = (of_key["max"].last() > of_key["max"].first())[is_longer]
    return not is_falling.any() and len(is_rising) > 0 and bool(is_rising.mean() > 0.5)
