"""Who reads which columns of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Of a list of names in a message.
SHOWN = 5


@dataclass(frozen=True)
class Reader:
    """A version of a model that serves or may serve, and the frame columns that it reads."""

    model: str
    version: int
    role: str
    algorithm: str
    feature_service: str
    columns: frozenset[str]

    def __str__(self) -> str:
        return f"{self.model} version {self.version} ({self.algorithm}, {self.role})"


def some(names: Sequence[str]) -> str:
    """The first few of some names, and how many more."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
