"""Numbers of a prediction as people read them, and the steps by which it came about."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10
from typing import NamedTuple


class Amount(NamedTuple):
    """The number of a prediction that its inputs are credited with, as people read it.

    Attributes:
        name: under which an explanation records it.
        noun: what it is called.
        is_share: whether it is 0 to 1 and read in percent, and a difference in percentage points.
    """

    name: str
    noun: str
    is_share: bool = False

    @property
    def unit(self) -> str:
        """Of a difference, where it is not the number's own."""
        return "percentage points" if self.is_share else ""

    def show(self, value: float) -> str:
        """The number."""
        return f"{value:.1%}" if self.is_share else round_number(value, 4)

    def show_change(self, change: float, digits: int = 1) -> str:
        """What is added or taken away, with so many digits behind the point or, of no share, two more in all."""
        if self.is_share:
            return f"{100 * change:+.{digits}f}"
        return ("" if change < 0 else "+") + round_number(change, digits + 2)


class Step(NamedTuple):
    """One step from what a model learned to what was said of a row: in words, and what it gave by column."""

    text: str
    values: Mapping[str, float]


def round_number(value: float, digits: int) -> str:
    """A number with so many digits that count, but for those before the point: they all stand there."""
    places = digits - 1 - floor(log10(abs(value))) if value else 0
    return f"{value:.{min(max(places, 0), 12)}f}"
