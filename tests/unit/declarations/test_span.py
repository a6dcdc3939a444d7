"""When the rows of a span come, and when a label of it is final."""

from __future__ import annotations

from datetime import datetime

import pytest

from redeye.declarations.clock import Clock
from redeye.declarations.datasets import KnownAt
from redeye.declarations.span import Span, count_nights_to_outcomes, find_begin, find_due_nights


@pytest.mark.parametrize(
    ("cutoff", "begins", "known", "due"),
    [
        # Days 2 to 8 after the night; the last one ends in night 8, whose cutoff is three hours later.
        ("03:00", "midnight", {"after": "day"}, (2, 8)),
        ("03:00", "midnight", {"after": "day", "lag": "PT1H"}, (2, 8)),
        # Where clocks change, three hours after midnight may be four by the clock.
        ("03:00", "midnight", {"after": "day", "lag": "PT3H"}, (2, 9)),
        ("03:00", "midnight", {"after": "day", "lag": "P1D"}, (3, 9)),
        # From 03:00 on the day after the night, to 03:00 of a day that is known when it ends.
        ("03:00", "cutoff", {"after": "day"}, (1, 8)),
        ("03:00", "cutoff", {"after": "night"}, (1, 7)),
        ("03:00", "cutoff", {"column": "at"}, (1, 7)),
        ("00:00", "cutoff", {"after": "day"}, (1, 7)),
        ("00:00", "midnight", {"after": "day"}, (1, 7)),
    ],
)
def test_rows_are_due_with_the_nights_in_which_they_become_known(
    cutoff: str, begins: str, known: dict[str, str], due: tuple[int, int]
) -> None:
    span = Span.model_validate({"of": "sales", "begins": begins, "nights": 7, "final_after": 2})
    found = find_due_nights(span, Clock(zone="Europe/Madrid", cutoff=cutoff), KnownAt.model_validate(known))
    assert (found.first, found.last, found.final) == (*due, due[1] + 2)


def test_a_span_begins_with_the_cutoff_or_the_midnight_that_is_not_before_it() -> None:
    at = datetime.fromisoformat("2026-03-02T03:00")
    midnight, cutoff = (
        Span.model_validate({"of": "s", "begins": b, "nights": 1}) for b in ("midnight", "cutoff")
    )
    assert find_begin(cutoff, at) == at
    assert find_begin(midnight, at) == datetime.fromisoformat("2026-03-03T00:00")
    assert find_begin(midnight, at.replace(hour=0)) == at.replace(hour=0)


@pytest.mark.parametrize(
    ("every", "cutoff", "lag", "nights"),
    [
        ("day", "03:00", "PT0S", 1),
        ("day", "00:00", "PT0S", 1),
        ("day", "03:00", "PT2H", 1),
        ("day", "03:00", "PT3H", 2),  # four by the clock, where it changes
        ("day", "03:00", "P1D", 2),
        ("day", "03:00", "P5D", 6),
        ("week", "MON 03:00", "PT2H", 1),
        ("week", "MON 03:00", "P1D", 2),
        ("week", "MON 03:00", "P7D", 2),
        ("week", "MON 03:00", "P8D", 3),
    ],
)
def test_outcomes_of_a_nights_rows_are_known_so_many_nights_later(
    every: str, cutoff: str, lag: str, nights: int
) -> None:
    clock = Clock.model_validate({"zone": "Europe/Madrid", "every": every, "cutoff": cutoff})
    known = KnownAt.model_validate({"after": "day", "of": "at", "lag": lag})
    assert count_nights_to_outcomes(clock, known) == nights
