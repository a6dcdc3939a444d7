"""Decisions of the weekly care: which releases are read whole this week."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

# Reading one release of a year's history whole takes some 9 s on two cores: 100 of them a quarter of an hour.
NEWEST = 14
OLDER = 86

T = TypeVar("T")


def choose_releases(releases: Sequence[T], *, turn: int, newest: int = NEWEST, older: int = OLDER) -> list[T]:
    """Those that are looked at: the newest ones, and of the older ones another share at each turn.

    Args:
        releases: oldest first.
        turn: grows by one from run to run.
        newest: how many of the newest are always looked at.
        older: how many of the others at most. Every one of them comes up once in so many turns as it takes.
    """
    recent, rest = list(releases[-newest:]), list(releases[: max(len(releases) - newest, 0)])
    turns = max(-(-len(rest) // older), 1)
    return [each for index, each in enumerate(rest) if index % turns == turn % turns] + recent
