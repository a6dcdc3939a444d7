"""In which night a row is delivered: its own, the newest if that one was delivered without it, or none."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.declarations.calendar import cutoff
from redeye.sources.declared.logic.placed_nights import AskedNights, Place

N1, N2, N3, N4, N5 = (date(2013, 4, day) for day in range(1, 6))


@pytest.mark.parametrize(
    ("night", "goes"),
    [(N1, (N4, True)), (N2, None), (N3, (N3, False)), (N4, (N4, False)), (N5, None)],
)
def test_a_row_goes_with_its_own_night_or_late_with_the_newest(night, goes):
    # The second night was refused, so that its rows are still to come with it.
    asked = AskedNights(last=N4, open=[N3, N4], delivered=[N1], begins=N1)
    place = asked.place(night, cutoff(night))
    assert (place and (place.night, place.is_late)) == goes
    if place:
        assert place.known_at == cutoff(place.night)


def test_what_was_known_before_the_first_night_comes_with_it():
    asked = AskedNights(last=N3, open=[N2, N3], delivered=[], begins=N2)
    assert asked.place(date(2012, 1, 1), cutoff(date(2012, 1, 1))) == Place(N2, cutoff(N2))


def test_a_hole_among_delivered_nights_gets_its_own_rows_alone():
    asked = AskedNights(last=N2, open=[N2], delivered=[N1, N3], begins=N1)
    assert asked.newest is None
    assert asked.place(N1, cutoff(N1)) is None
    assert asked.place(N2, cutoff(N2)) == Place(N2, cutoff(N2))


@pytest.mark.parametrize(
    ("is_constant", "arrives_from", "delivered", "night"),
    [
        (True, N5, [], N1),
        (False, N5, [], None),
        (False, N3, [], N3),
        (False, N5, [date(2013, 3, 31)], N3),
        (True, N5, [date(2013, 3, 31)], N3),
    ],
)
def test_rows_without_an_instant_have_no_past_unless_it_is_assumed(
    is_constant, arrives_from, delivered, night
):
    asked = AskedNights(last=N3, open=[N1, N2, N3], delivered=delivered, begins=N1)
    place = asked.place_undated(is_constant=is_constant, arrives_from=arrives_from)
    assert (place and place.night) == night
