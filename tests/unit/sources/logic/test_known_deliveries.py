"""The night that a delivery arrives with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.sources.logic.known_deliveries import KnownDeliveries

NIGHT = date(2015, 4, 4)
DAY = timedelta(days=1)
REF = DeliveryRef("desk", "readings", NIGHT, "one", Path("one.csv"), 3, False, NIGHT)


def test_what_is_new_arrives_with_its_night_or_the_first_that_is_not_built() -> None:
    assert KnownDeliveries([], NIGHT, None).place(REF) == REF
    late = KnownDeliveries([], NIGHT, NIGHT + DAY).place(REF)
    assert late is not None
    assert late.arrival_night == NIGHT + 2 * DAY
    assert late.is_restatement


def test_the_same_again_is_unchanged_and_so_is_the_whole_of_which_some_rows_were_set_aside() -> None:
    part = replace(REF, content_hash="part", parent="one")
    for accepted in (REF, part):
        known = KnownDeliveries([accepted], NIGHT, None)
        assert known.place(REF) is None
        assert known.unchanged == [accepted]


def test_a_corrected_delivery_replaces_the_part_from_the_next_night_on() -> None:
    part = replace(REF, content_hash="part", parent="one")
    placed = KnownDeliveries([part], NIGHT, None).place(replace(REF, content_hash="two"))
    assert placed is not None
    assert placed.arrival_night == NIGHT + DAY


def test_a_version_that_was_replaced_counts_once() -> None:
    newer = replace(REF, content_hash="two", arrival_night=NIGHT + DAY)
    with pytest.raises(DeliveryError, match="went back"):
        KnownDeliveries([REF, newer], NIGHT, None).place(REF)


def test_what_a_person_refused_is_not_taken_in_again_unless_a_person_accepts_it() -> None:
    said = {("desk", "readings", NIGHT, "one"): "ada refused it: they are of another day"}
    with pytest.raises(DeliveryError, match=r"ada refused it: they are of another day.*redeye intake accept"):
        KnownDeliveries([], NIGHT, None, said).place(REF)
    assert KnownDeliveries([], NIGHT, None, said).place(replace(REF, content_hash="two")) is not None
    assert KnownDeliveries([REF], NIGHT, None, said).place(REF) is None
