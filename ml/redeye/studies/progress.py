"""How far a long job is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Told before each step and at the end.

    Attributes:
        done: steps that are there.
        of: all of them.
        name: of the one that is worked on next; empty at the end.
        seconds: that the last one took; None if it was there already.
    """

    done: int
    of: int
    name: str
    seconds: float | None
