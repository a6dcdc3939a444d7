"""Which releases the weekly maintenance reads whole: the newest ones, and the older ones in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

# Reading one release of a year's history whole takes some 9 s on two cores: 100 of them a quarter of an hour.
NEWEST = 14
OLDER = 86

T = TypeVar("T")


def choose_releases(releases: Sequence[T], *, turn: int) -> list[T]:
    """The newest ones, and of the older ones another share at each turn, so that every one comes up.

    Args:
        releases: oldest first.
        turn: grows by one from run to run.
    """
    older = releases[:-NEWEST]
    turns = max(-(-len(older) // OLDER), 1)
    return [*older[turn % turns :: turns], *releases[-NEWEST:]]
