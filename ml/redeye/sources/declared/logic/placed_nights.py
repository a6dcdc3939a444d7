"""In which of the nights asked for a row is delivered, by the night in which it became known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from redeye.declarations.calendar import cutoff


@dataclass(frozen=True)
class Place:
    """Where a row goes.

    Attributes:
        night: with which it is delivered.
        known_at: the instant that lands with it.
        is_late: whether its own night was delivered without it, so that it counts only if it is new.
    """

    night: date
    known_at: datetime
    is_late: bool = False


@dataclass(frozen=True)
class AskedNights:
    """The nights of a fetch, as they are for one dataset.

    Attributes:
        last: the last one that is asked for.
        open: those asked for of which nothing was taken in yet.
        delivered: all of which something was taken in.
        begins: the first night that there is; what was known before comes with it.
    """

    last: date
    open: Collection[date]
    delivered: Collection[date]
    begins: date

    @cached_property
    def newest(self) -> date | None:
        """The night with which whatever is found now arrives; None where a hole among delivered nights is filled."""
        newest = max(self.open, default=None)
        return None if newest is None or newest < max(self.delivered, default=date.min) else newest

    def place(self, night: date, instant: datetime) -> Place | None:
        """Where a row goes that became known at an instant of a night; None if not into any of these."""
        if night > self.last:
            return None
        if night < self.begins:
            night, instant = self.begins, cutoff(self.begins)
        if night in self.open:
            return Place(night, instant)
        if night in self.delivered and self.newest and self.newest > night:
            return Place(self.newest, cutoff(self.newest), is_late=True)
        return None

    def place_undated(self, *, is_constant: bool, arrives_from: date) -> Place | None:
        """Where rows go that say no instant: into the newest night, and none that was before they arrive.

        Args:
            is_constant: whether they are assumed to have been so always.
            arrives_from: the first night in which something can have arrived.
        """
        if not self.delivered and is_constant and self.begins in self.open:
            return Place(self.begins, cutoff(self.begins), is_late=True)
        newest = self.newest
        if newest is None or (not self.delivered and not is_constant and newest < arrives_from):
            return None
        return Place(newest, cutoff(newest), is_late=True)
