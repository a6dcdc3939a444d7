"""Intervals in words, for pages and messages."""

from __future__ import annotations

import pandas as pd

from redeye.models.logic.evaluation import Interval


def read_interval(row: pd.Series) -> Interval:
    """From a row with `value`, `lower` and `upper`."""
    return Interval(*(float(row[name]) for name in ("value", "lower", "upper")))


def is_significant(difference: Interval) -> bool:
    """Whether its bounds leave 0 out."""
    return difference.lower > 0 or difference.upper < 0


def format_interval(found: Interval, form: str = ".4f") -> str:
    """Value and bounds, each by a format with a precision; what rounds to 0 has no minus sign."""
    value, lower, upper = (
        format(each, form.replace(".", "z.")) for each in (found.value, found.lower, found.upper)
    )
    return f"{value} ({lower} to {upper})"


def describe_improvement(found: Interval) -> str:
    """What may be said of an improvement."""
    if not is_significant(found):
        return "not significantly different"
    return f"significantly {'better' if found.lower > 0 else 'worse'}"
