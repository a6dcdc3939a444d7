"""Who served when, and to whom a model can return: the version that was last serving well.

Pure: promotions, blocks and verdicts in, a promotion out. The first champion is the last resort: it is
never blocked, and a model can return to it when no other version will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.verdicts import ASKING, Verdict
from redeye.declarations.calendar import find_previous_night


@dataclass(frozen=True)
class VersionBlock:
    """One row of the ledger of blocked versions: whether a version may come back, as decided on `night`."""

    bar_id: int
    version: int
    is_blocked: bool
    night: date
    reason: str
    actor: str


@dataclass(frozen=True)
class Stint:
    """The nights `first` to `last`, both included, on which one promotion was in effect; None: until now."""

    promotion: Promotion
    first: date
    last: date | None


def find_champion(rows: Iterable[Promotion], night: date) -> Promotion | None:
    """Who scores a night: the last decided of the promotions that are in effect by then."""
    found = None
    for row in rows:
        if row.effective_night <= night:
            found = row
    return found


class Standing(StrEnum):
    """How a promotion stands on a night."""

    SERVED = "served"
    SERVES = "serves"
    COMING = "will serve"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Turn:
    """A promotion in the succession: the nights `first` to `last`, both included, are its own; None: until now.

    Attributes:
        withdrawn_by: the later decision that took every night of it; `first` is then what it was decided for.
    """

    promotion: Promotion
    standing: Standing
    first: date
    last: date | None
    withdrawn_by: Promotion | None = None


def list_turns(rows: Sequence[Promotion], night: date) -> list[Turn]:
    """Who serves when: every promotion of a model with its nights, as it stands on `night`, by decision."""
    return [_find_turn(row, rows[number:], night) for number, row in enumerate(rows, start=1)]


def _find_turn(row: Promotion, later: Sequence[Promotion], night: date) -> Turn:
    # A decision made later counts from its night on, so what was decided before serves no night from then on.
    heir = min(later, key=lambda each: each.effective_night, default=None)
    if heir is not None and heir.effective_night <= row.effective_night:
        by = next(each for each in later if each.effective_night <= row.effective_night)
        return Turn(row, Standing.WITHDRAWN, row.effective_night, None, by)
    last = find_previous_night(heir.effective_night) if heir else None
    if night < row.effective_night:
        standing = Standing.COMING
    else:
        standing = Standing.SERVED if last is not None and last < night else Standing.SERVES
    return Turn(row, standing, row.effective_night, last)


def list_withdrawn(rows: Sequence[Promotion], added: Promotion, night: date) -> list[Promotion]:
    """The promotions that serve or would serve from `night` on, and would serve no night once another is added."""
    before, after = list_turns(rows, night), list_turns([*rows, added], night)
    return [
        then.promotion
        for now, then in zip(before, after, strict=False)
        if then.standing is Standing.WITHDRAWN and now.standing is not Standing.WITHDRAWN
    ]


def list_stints(rows: Sequence[Promotion]) -> list[Stint]:
    """The stints of a model's champions, in order. A promotion that was superseded before its night has none."""
    turns = list_turns(rows, date.max)
    return [Stint(each.promotion, each.first, each.last) for each in turns if each.withdrawn_by is None]


def find_position(rows: Sequence[Promotion], blocks: Sequence[VersionBlock]) -> tuple[int, int]:
    """How far a model's two ledgers reach: the ids of the newest promotion and of the newest block; 0: none."""
    promotion_ids, bar_ids = (row.promotion_id for row in rows), (each.bar_id for each in blocks)
    return max(promotion_ids, default=0), max(bar_ids, default=0)


def find_blocks(blocks: Iterable[VersionBlock], night: date) -> dict[int, VersionBlock]:
    """By version the row that keeps it from coming back, by what was decided up to a night."""
    latest = {
        each.version: each for each in sorted(blocks, key=lambda each: each.bar_id) if each.night <= night
    }
    return {version: row for version, row in latest.items() if row.is_blocked}


def find_blocked_versions(blocks: Iterable[VersionBlock], night: date) -> frozenset[int]:
    """The versions that may not come back, by what was decided up to a night."""
    return frozenset(find_blocks(blocks, night))


def find_left_version(
    champion: Promotion, blocks: Iterable[VersionBlock], night: date, by: str = "verdict"
) -> int | None:
    """The version that the rollback to the champion left, if the loop itself blocked it and nobody decided since.

    Evidence may lift what evidence put there; a block by hand only a person lifts.
    """
    if champion.kind is not PromotionKind.ROLLBACK:
        return None
    left = champion.evidence.get("rollback", {}).get("from_version")
    known = sorted((each for each in blocks if each.night <= night), key=lambda each: each.bar_id)
    last = next((each for each in reversed(known) if each.version == left), None)
    return left if last is not None and last.is_blocked and last.actor == by else None


def find_return_targets(
    rows: Sequence[Promotion],
    blocked: frozenset[int],
    bad: int,
    night: date,
    last_verdict: Callable[[Stint], Verdict | None],
) -> Iterator[Promotion]:
    """To whom a model can return from a version: who was last serving well, then the last resort.

    A version served well if the verdict on its last judged night asked for nothing. Of a version with
    several stints the last one counts. One that was never judged is not known to serve well.

    Args:
        rows: the model's promotions, in the order in which they were decided.
        blocked: versions that may not come back.
        bad: the version to leave.
        night: of the decision; stints that had not ended by then do not count.
        last_verdict: the verdict on the last judged night of a stint, None if it has none. It is asked for
            as few stints as possible, the newest first.
    """
    if not rows:
        return
    first, passed = rows[0], {bad, *blocked}
    for stint in reversed(list_stints(rows)):
        version = stint.promotion.version
        if version in passed or stint.last is None or stint.last >= night:
            continue
        passed.add(version)
        # Where nothing else is left, the last resort needs no verdict to be returned to.
        if version == first.version:
            break
        reported = last_verdict(stint)
        if reported is not None and reported not in ASKING:
            yield stint.promotion
            break
    if first.version not in {bad, *blocked}:
        yield first
