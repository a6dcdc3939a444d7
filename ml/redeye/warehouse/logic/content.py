"""What a set of rows holds, as one number that does not depend on their order, and can be added to.

Each row is hashed; the hashes are summed. So the content of a table after a night is its content before,
plus what was inserted, minus what was deleted: nobody has to read the history to know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_HALF = 2**64


@dataclass(frozen=True)
class Content:
    """Rows counted, and their 128-bit hashes summed in two halves of 64 bits each, modulo 2**64.

    A difference has fewer rows than none if it takes away more than it adds.
    """

    rows: int = 0
    low: int = 0
    high: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", self.low % _HALF)
        object.__setattr__(self, "high", self.high % _HALF)

    def __add__(self, other: Content) -> Content:
        return Content(self.rows + other.rows, self.low + other.low, self.high + other.high)

    def __sub__(self, other: Content) -> Content:
        return Content(self.rows - other.rows, self.low - other.low, self.high - other.high)

    @property
    def digest(self) -> str:
        """32 hexadecimal digits."""
        return f"{self.high:016x}{self.low:016x}"

    @classmethod
    def of_digest(cls, rows: int, digest: str) -> Content:
        """The inverse of `rows` and `digest`."""
        return cls(rows, int(digest[16:], 16), int(digest[:16], 16))


def differences(recorded: Mapping[str, Content], found: Mapping[str, Content]) -> list[str]:
    """One line for each relation whose content is not what was recorded; none if all are equal."""
    lines = []
    for name in sorted(recorded.keys() | found.keys()):
        before, now = recorded.get(name), found.get(name)
        if before == now:
            continue
        if now is None:
            lines.append(f"{name} is missing")
        elif before is None:
            lines.append(f"{name} was not there when the release was recorded")
        else:
            lines.append(
                f"{name}: {before.rows} rows {before.digest} recorded, {now.rows} rows {now.digest} found"
            )
    return lines
