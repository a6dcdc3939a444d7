"""The span of time that labels are of, where what is predicted is no row: when it begins, and when a label is final."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from pydantic import Field

from redeye.declarations.clock import Clock
from redeye.declarations.datasets import KnownAt
from redeye.declarations.spec_fields import Frozen, Name, PositiveInt

DAY = timedelta(days=1)
# So much later than its wall clock says something may be known where clocks change.
CHANGE = timedelta(hours=1)


class Span(Frozen):
    """The nights after a cutoff whose rows make the label."""

    of: Name = Field(description="The dataset whose rows in the span make the label.")
    begins: Literal["cutoff", "midnight"] = Field(
        description="With the cutoff itself, or with the first midnight that is not before it."
    )
    nights: PositiveInt = Field(description="How many nights it lasts.")
    final_after: int = Field(
        default=0, ge=0, description="Nights that corrections are waited for after its last row is known."
    )


@dataclass(frozen=True)
class DueNights:
    """Nights with which the rows of a span are delivered, counted from the night that predicts.

    Attributes:
        first: with which its first row can come.
        last: with which its last row comes: one that lacks until then leaves the label unknown.
        final: at whose cutoff a label is final.
    """

    first: int
    last: int
    final: int


def find_due_nights(span: Span, clock: Clock, known: KnownAt) -> DueNights:
    """The nights with which a span's rows come, by a clock of days and the rule by which they become known."""
    cutoff = timedelta(hours=clock.cutoff_time.hour, minutes=clock.cutoff_time.minute)
    begins = DAY + cutoff if span.begins == "cutoff" or not cutoff else 2 * DAY
    ends = begins + span.nights * DAY
    first = _find_known(begins + timedelta(microseconds=1), known, cutoff)
    last = _find_known(ends, known, cutoff) + (CHANGE if known.lag.time else timedelta())
    due = DueNights(_find_night(first, cutoff), _find_night(last, cutoff), 0)
    return DueNights(due.first, due.last, due.last + span.final_after)


def count_nights_to_outcomes(clock: Clock, known: KnownAt) -> int:
    """How many nights after the one that predicts them the outcomes of all its rows are known, by their day."""
    at = clock.cutoff_time
    # The last of them is of the day before a cutoff's, and known so much after that cutoff.
    late = known.lag.days * DAY + known.lag.time - timedelta(hours=at.hour, minutes=at.minute)
    late += CHANGE if known.lag.time else timedelta()
    return 1 + max(0, -(-late // (clock.days * DAY)))


def find_begin(span: Span, cutoff: datetime) -> datetime:
    """When the span begins that follows a cutoff, both by the wall clock."""
    if span.begins == "cutoff" or cutoff.time() == time():
        return cutoff
    return datetime.combine(cutoff.date() + DAY, time())


def _find_known(at: timedelta, known: KnownAt, cutoff: timedelta) -> timedelta:
    """When a row of an instant is known, both counted from the midnight of the night that predicts."""
    if known.after:
        start = cutoff if known.after == "night" else timedelta()
        at = _count_days(at - start) * DAY + start
    return at + known.lag.days * DAY + known.lag.time


def _find_night(instant: timedelta, cutoff: timedelta) -> int:
    """The first night at whose cutoff an instant has come: that of night n is on the day after it."""
    return _count_days(instant - cutoff) - 1


def _count_days(span: timedelta) -> int:
    return -(-span // DAY)
