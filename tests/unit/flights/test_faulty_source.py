"""Faults are put where they should be, on their nights, and nowhere else."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from flights.faulty_source import LATE_NIGHTS, Fault, FaultySource
from flights.nycflights13 import NycFlights13
from redeye.sources.logic.deliveries import Delivery, Source
from redeye.sources.logic.faults import Event

BEFORE, FIRST, SECOND, AFTER = (date(2013, 4, day) for day in (1, 2, 3, 4))
REAL = NycFlights13()


def event(fault: Fault) -> Event:
    return Event(name="e", fault=fault, first=FIRST, nights=2)


def fetched(source: Source, first: date, last: date) -> dict[tuple[str, date], Delivery]:
    return {(each.dataset, each.night): each for each in source.fetch(first, last)}


MOVED = {"dep_time", "dep_delay", "arr_time", "arr_delay", "known_at"}
GOOD = fetched(REAL, BEFORE, AFTER)


def spoiled(fault: Fault) -> dict[tuple[str, date], Delivery]:
    source = FaultySource(REAL, event(fault))
    assert isinstance(source, Source)
    return fetched(source, BEFORE, AFTER)


def column(delivery: Delivery, name: str) -> list[Any]:
    return list(delivery.frame[name].to_pylist())


@pytest.mark.parametrize(
    ("fault", "datasets", "columns"),
    [
        (Fault.ZEROED_FEATURE, {"weather"}, {"visib"}),
        (Fault.UNIT_CHANGE, {"weather"}, {"temp", "dewp"}),
        (Fault.GROSS_UNIT_CHANGE, {"outcomes"}, {"dep_delay"}),
        (Fault.RECODED_CARRIER, {"outcomes", "schedule"}, {"carrier"}),
        (Fault.SPOILED_LABELS, {"outcomes"}, MOVED),
        (Fault.CONCEPT_CHANGE, {"outcomes"}, MOVED),
        (Fault.LEAK, {"outcomes", "schedule"}, {"sched_arr_time"}),
    ],
)
def test_a_fault_touches_its_columns_on_its_nights(
    fault: Fault, datasets: set[str], columns: set[str]
) -> None:
    found = spoiled(fault)
    assert found.keys() == GOOD.keys()
    touched = {place for place in GOOD if not found[place].frame.equals(GOOD[place].frame)}
    assert touched == {(name, night) for name in datasets for night in (FIRST, SECOND)}
    for place in touched:
        names = GOOD[place].frame.column_names
        assert {n for n in names if column(found[place], n) != column(GOOD[place], n)} == columns


def test_celsius_is_what_it_says() -> None:
    place = ("weather", FIRST)
    before, after = column(GOOD[place], "temp"), column(spoiled(Fault.UNIT_CHANGE)[place], "temp")
    pairs = [(float(b), float(a)) for b, a in zip(before, after, strict=True) if b != "NA"]
    assert all(a == pytest.approx((b - 32) / 1.8, abs=0.006) for b, a in pairs)


def test_spoiled_labels_are_the_other_class() -> None:
    place = ("outcomes", FIRST)
    before, after = (
        column(GOOD[place], "arr_delay"),
        column(spoiled(Fault.SPOILED_LABELS)[place], "arr_delay"),
    )
    known = [(int(b), int(a)) for b, a in zip(before, after, strict=True) if b != "NA"]
    # But for those that would be known in another night.
    assert sum((b >= 15) != (a >= 15) for b, a in known) > 0.9 * len(known)
    assert [b == "NA" for b in before] == [a == "NA" for a in after]


def test_a_leak_says_in_the_timetable_when_a_flight_will_be_there() -> None:
    schedule = spoiled(Fault.LEAK)[("schedule", FIRST)].frame.to_pylist()
    landed = {
        tuple(row[name] for name in ("carrier", "flight", "origin", "dest")): row["arr_time"]
        for row in GOOD[("outcomes", SECOND)].frame.to_pylist()
    }
    told = [
        row["sched_arr_time"] == landed[key]
        for row in schedule
        if (key := tuple(row[name] for name in ("carrier", "flight", "origin", "dest"))) in landed
        and landed[key] != "NA"
    ]
    assert len(told) > 800
    assert sum(told) / len(told) > 0.97  # a few flights have the same number twice a day


def test_late_labels_come_later_and_none_is_lost() -> None:
    last = date(2013, 4, 3 + LATE_NIGHTS)
    good = fetched(REAL, BEFORE, last)
    found = fetched(FaultySource(REAL, event(Fault.LATE_LABELS)), BEFORE, last)

    def keys(deliveries: dict[tuple[str, date], Delivery]) -> Counter[tuple[str, ...]]:
        return Counter(
            tuple(str(row[name]) for name in ("year", "month", "day", "carrier", "flight", "origin", "dest"))
            for (dataset, _), each in deliveries.items()
            if dataset == "outcomes"
            for row in each.frame.to_pylist()
        )

    assert keys(found) == keys(good)
    rows = {night: found[("outcomes", night)].frame.num_rows for night in (FIRST, date(2013, 4, 7))}
    assert rows[FIRST] == (good[("outcomes", FIRST)].frame.num_rows + 1) // 2
    late = found[("outcomes", date(2013, 4, 7))].frame.to_pylist()
    assert rows[date(2013, 4, 7)] == len(late)
    assert max(row["known_at"] for row in late if row["day"] == "1") >= "2013-04-07"
