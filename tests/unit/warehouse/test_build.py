"""Which deliveries a build loads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse.build import newest


def ref(name: str, night: int, arrival: int, dataset: str = "schedule") -> DeliveryRef:
    at = [date(2013, 4, day) for day in (night, arrival)]
    return DeliveryRef("demo", dataset, at[0], name, Path(name), 1, False, at[1])


def test_the_newest_version_of_each_night_is_loaded() -> None:
    given = [ref("twice", 4, 6), ref("once", 4, 5), ref("next", 5, 5), ref("other", 4, 5, "weather")]
    assert {each.content_hash for each in newest(given)} == {"twice", "next", "other"}


def test_what_was_known_in_time_is_not_lost_by_what_replaced_it() -> None:
    given = [ref("in time", 4, 4), ref("once", 4, 5), ref("twice", 4, 6)]
    assert {each.content_hash for each in newest(given)} == {"in time", "twice"}
