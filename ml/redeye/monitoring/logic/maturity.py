"""When labels are final, and which nights' quality has to be measured anew.

The labels of a scored night are final once `label_maturity_nights` have passed and `label_completeness` of its
rows have an outcome. Before that nothing is judged by them. What comes or is restated later is measured anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from redeye.declarations.calendar import shift_nights

# Nights that mature labels are looked for in; of earlier ones only those to which a label has come since.
RECHECK_NIGHTS = 60


@dataclass(frozen=True)
class Labels:
    """What is known of a scored night's outcomes at a cutoff, and what was at the cutoff of the night before.

    Attributes:
        night: the night that scored.
        scheduled: rows.
        known: of these, how many have an outcome (in the end, whatever it is).
        known_before: how many had one at the cutoff of the night before.
        fresh: how many came or were restated in between.
    """

    night: date
    scheduled: int
    known: int
    known_before: int
    fresh: int


@dataclass(frozen=True)
class Maturity:
    """Which labels are final at the cutoff of a night.

    Attributes:
        final: nights whose labels are final.
        watermark: the newest night up to which all are; None if the oldest one looked at is not.
        to_measure: final nights whose labels became final or changed since the night before.
    """

    final: frozenset[date]
    watermark: date | None
    to_measure: tuple[date, ...]


def assess_maturity(
    labels: Iterable[Labels], *, night: date, before: date, maturity_nights: int, completeness: float
) -> Maturity:
    """The state of the labels at the cutoff of `night`.

    Args:
        labels: of consecutive nights; those without rows may lack. Nights more than `RECHECK_NIGHTS` older than the
            maturity are measured where labels came, and do not hold the watermark back.
        night: whose cutoff counts.
        before: the last night before it that was built.
        maturity_nights: from the spec.
        completeness: share of rows with an outcome from which labels count as final.
    """
    last = shift_nights(night, -maturity_nights)
    last_before, oldest = shift_nights(before, -maturity_nights), shift_nights(last, -RECHECK_NIGHTS)
    final: set[date] = set()
    to_measure: list[date] = []
    watermark, is_whole = None, True
    for each in sorted(labels, key=lambda one: one.night):
        if each.night > last or not each.scheduled:
            continue
        if each.known < completeness * each.scheduled:
            is_whole = is_whole and each.night < oldest
            continue
        final.add(each.night)
        if is_whole:
            watermark = each.night
        was_final = each.night <= last_before and each.known_before >= completeness * each.scheduled
        if each.fresh or not was_final:
            to_measure.append(each.night)
    return Maturity(frozenset(final), watermark, tuple(to_measure))
