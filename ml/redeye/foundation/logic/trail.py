"""The trail of a database's ledgers as facts, and what in it is not as it was written.

An entry's hash is of its own content and of the hash of the entry before it. So a change, a removal or a move within
the chain shows by itself. Only whoever writes the whole rest of the chain anew, or cuts its end off, leaves a chain
that holds: anchors, heads of the chain that were written down elsewhere, show that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One entry, every part as the text that is hashed.

    Attributes:
        entry: its number, from 1, without gaps.
        ledger: the table.
        row_key: of the row, JSON.
        content: the row as it was written, JSON.
        is_inherited: `t` where the row was there when the trail began, else `f`.
        recorded_at: by the database's clock, ISO 8601 in UTC, JSON.
        recorded_by: the role of the database, JSON.
        hash: SHA-256 in hexadecimal digits.
    """

    entry: int
    ledger: str
    row_key: str
    content: str
    is_inherited: str
    recorded_at: str
    recorded_by: str
    hash: str

    def digest(self, previous: str) -> str:
        """The hash that the entry should have after an entry of the hash `previous`, empty for the first one."""
        parts = (
            previous,
            str(self.entry),
            self.ledger,
            self.row_key,
            self.content,
            self.is_inherited,
            self.recorded_at,
            self.recorded_by,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Anchor:
    """The head of a trail, as it was written down outside of its database.

    Attributes:
        because: what it was written for, such as a release.
        anchored_at: ISO 8601 in UTC.
    """

    database: str
    entry: int
    hash: str
    because: str
    anchored_at: str


@dataclass(frozen=True)
class RowDifference:
    """A row of a ledger that is not as its entry has it.

    Attributes:
        entry: of the row; None where the row has none.
        was: the row as its entry has it, JSON; None without an entry.
        now: the row as it is, JSON; None where it is gone.
    """

    ledger: str
    row_key: str
    entry: int | None
    was: str | None
    now: str | None


def find_breaks(entries: Iterable[Entry], anchors: Sequence[Anchor]) -> Iterator[str]:
    """Where a chain does not hold, in itself and against its anchors: one sentence for each place.

    Args:
        entries: the whole trail, by number.
        anchors: of this trail.
    """
    kept: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        kept.setdefault(anchor.entry, []).append(anchor)
    expected, previous, since = 1, "", 0
    for each in entries:
        if each.entry != expected:
            yield f"{_name_entries(expected, each.entry - 1)} missing"
        elif each.digest(previous) != each.hash:
            yield (
                f"entry {each.entry} ({each.ledger} {each.row_key}, recorded {each.recorded_at}) is not what its hash "
                "is of: it or the entry before it was changed or moved"
            )
        if each.entry in kept:
            for anchor in kept.pop(each.entry):
                if anchor.hash != each.hash:
                    yield (
                        f"entry {each.entry} is another than the one that was anchored at {anchor.anchored_at} for "
                        f"{anchor.because}: an entry from {since + 1} to {each.entry} was changed and the rest written "
                        "anew"
                    )
            since = each.entry
        expected, previous = each.entry + 1, each.hash
    if kept:
        last = kept[max(kept)][0]
        yield (
            f"{_name_entries(expected, last.entry)} missing at the end: entry {last.entry} was anchored at "
            f"{last.anchored_at} for {last.because}"
        )


def _name_entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def describe_difference(found: RowDifference) -> str:
    """What is not as it was written, in one sentence."""
    row = f"{found.ledger} {found.row_key}"
    if found.entry is None:
        return f"{row} has no entry: it was put in past the trail"
    if found.now is None:
        return f"{row} is gone; entry {found.entry} has it as {found.was}"
    return f"{row} is not as it was written: entry {found.entry} has {found.was}, the ledger has {found.now}"
