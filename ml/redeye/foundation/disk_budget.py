"""The disk budget: how much of it is used, and what an operator should hear about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

GIGABYTE = 10**9
# Of the budget. The rest is a month or more at what a night adds, enough to act by day.
WARNING_SHARE = 0.8


class Level(StrEnum):
    """How the bytes used stand to the budget."""

    OK = "ok"
    WARNING = "warning"
    OVER = "over"


@dataclass(frozen=True)
class Usage:
    """Bytes on disk by part, against a budget in bytes."""

    parts: Mapping[str, int]
    budget: int

    @property
    def used(self) -> int:
        """Bytes of all parts."""
        return sum(self.parts.values())

    @property
    def level(self) -> Level:
        """`warning` from 80 % of the budget on, `over` above it."""
        if self.used > self.budget:
            return Level.OVER
        return Level.WARNING if self.used >= WARNING_SHARE * self.budget else Level.OK

    def summary(self) -> str:
        """One line: share, bytes and the largest parts."""
        largest = sorted(self.parts.items(), key=lambda part: -part[1])
        shown = ", ".join(f"{name} {gigabytes(size)}" for name, size in largest[:4] if size)
        return (
            f"{self.used / self.budget:.0%} of the disk budget: {gigabytes(self.used)} of {gigabytes(self.budget)}"
            f" ({shown})"
        )


def gigabytes(size: int) -> str:
    """Bytes as text, such as `1.25 GB`."""
    return f"{size / GIGABYTE:.2f} GB"
