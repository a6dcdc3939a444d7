"""What a set of rows holds, as numbers that do not depend on their order, and can be added to.

Each row is hashed with the installation's key; the hashes are summed. So the content of a table after a night is its
content before, plus what was inserted, minus what was deleted: nobody has to read the history to know it. Who does not
know the key cannot find other rows of the same sum, and what is written down is hidden by a number of its own for each
place, so that sums cannot be put together from those of other releases. This is MSet-Add-Hash of Clarke et al.,
"Incremental Multiset Hash Functions and Their Application to Memory Integrity Checking", ASIACRYPT 2003, section 5.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

_WORD = 2**64
_WORDS = 4
_UNKEYED_DIGITS = 32


@dataclass(frozen=True)
class Content:
    """Rows counted, and their hashes summed by words of 64 bits, modulo 2**64.

    A difference has fewer rows than none if it takes away more than it adds.

    Attributes:
        rows: how many.
        sums: four words; two in what was recorded before hashes had a key.
    """

    rows: int = 0
    sums: tuple[int, ...] = (0,) * _WORDS

    def __post_init__(self) -> None:
        object.__setattr__(self, "sums", tuple(word % _WORD for word in self.sums))

    def __add__(self, other: Content) -> Content:
        return Content(
            self.rows + other.rows, tuple(a + b for a, b in zip(self.sums, other.sums, strict=True))
        )

    def __sub__(self, other: Content) -> Content:
        return Content(
            self.rows - other.rows, tuple(a - b for a, b in zip(self.sums, other.sums, strict=True))
        )

    @property
    def is_keyed(self) -> bool:
        """Whether its hashes were made with a key."""
        return len(self.sums) == _WORDS

    def hide(self, key: bytes, place: str) -> str:
        """The sums as text for one place, such as a release's table; the key and the place lead back to them."""
        return "".join(f"{word:016x}" for word in (self + Content(0, _make_mask(key, place))).sums)

    @classmethod
    def reveal(cls, rows: int, text: str, key: bytes, place: str) -> Content:
        """The inverse of `hide`; a text of before hashes had a key says its sums as they are."""
        found = cls(rows, tuple(int(text[at : at + 16], 16) for at in range(0, len(text), 16)))
        return found - Content(0, _make_mask(key, place)) if len(text) != _UNKEYED_DIGITS else found


def _make_mask(key: bytes, place: str) -> tuple[int, ...]:
    digest = hmac.digest(key, place.encode(), "sha256")
    return tuple(int.from_bytes(digest[at : at + 8], "big") for at in range(0, len(digest), 8))


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
                f"{name} does not hold the {before.rows} rows that were recorded, but {now.rows} others"
            )
    return lines
