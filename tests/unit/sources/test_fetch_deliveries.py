from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from redeye.declarations.calendar import list_nights
from redeye.foundation.errors import DeliveryError
from redeye.sources.fetch_deliveries import ask, fetch_deliveries
from redeye.sources.logic.deliveries import Dataset, Delivery, DeliveryFault

N1, N2, N3 = (date(2013, 4, day) for day in (4, 5, 6))
NAMES = ("fares", "routes", "schedule")


class AtOnce:
    """A source of one row per dataset and night, all from one generator; `on` may raise before each of them."""

    name = "demo"
    datasets = tuple(Dataset(name, ("known_at",), {"known_at": "TIMESTAMP"}, ()) for name in NAMES)

    def __init__(self, on: Callable[[str, date], object] = lambda *_: None) -> None:
        self.on = on

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        yield from self.of(NAMES, first, last)

    def of(self, names: tuple[str, ...], first: date, last: date) -> Iterator[Delivery]:
        for night in list_nights(first, last):
            for name in names:
                self.on(name, night)
                yield Delivery(self.name, name, night, pa.table({"known_at": [f"{name} {night.day}"]}))


class OneByOne(AtOnce):
    """The same, of one dataset where one is asked for."""

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        yield from self.of(NAMES if dataset is None else (dataset,), first, last)


def fetched(source: Any, first: date = N1, last: date = N1) -> list[str]:
    return [
        f"FAULT {each.message}" if isinstance(each, DeliveryFault) else each.frame["known_at"][0].as_py()
        for each in fetch_deliveries(source, first, last)
    ]


def raising(error: Exception, name: str, night: date = N1) -> Callable[[str, date], None]:
    def on(dataset: str, at: date) -> None:
        if (dataset, at) == (name, night):
            raise error

    return on


@pytest.mark.parametrize("kind", [AtOnce, OneByOne])
def test_deliveries_come_night_by_night_in_the_order_of_the_datasets(kind):
    assert fetched(kind(), N1, N2) == [f"{name} {day}" for day in (4, 5) for name in NAMES]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(5, "Input/output error", "/mnt/routes.csv"),
            "OSError: [Errno 5] Input/output error: '/mnt/routes.csv'",
        ),
        (KeyError("Year"), "KeyError: 'Year' (test_fetch_deliveries.py, line"),
        (RecursionError("deep"), "RecursionError: deep"),
        (
            DeliveryError("routes.csv is damaged: download it again"),
            "routes.csv is damaged: download it again",
        ),
    ],
)
def test_what_one_dataset_raises_costs_no_other(error, said):
    fares, fault, schedule = fetched(OneByOne(raising(error, "routes")))
    assert (fares, schedule) == ("fares 4", "schedule 4")
    assert fault.startswith(f"FAULT demo/routes/2013-04-04 could not be fetched: {said}")


def test_only_what_is_no_statement_of_the_source_may_pass_by_itself():
    for error, is_passing in ((OSError("down"), True), (DeliveryError("damaged"), False)):
        [fault] = [
            each
            for each in fetch_deliveries(OneByOne(raising(error, "routes")), N1, N1)
            if isinstance(each, DeliveryFault)
        ]
        assert (fault.dataset, fault.night, fault.is_passing) == ("routes", N1, is_passing)


def test_a_source_of_one_generator_keeps_what_came_before_it_raised():
    fares, fault = fetched(AtOnce(raising(OSError("down"), "routes")))
    assert fares == "fares 4"
    assert fault.startswith("FAULT demo/2013-04-04 ended in an error after fares: OSError: down")


@pytest.mark.parametrize(("kind", "lost"), [(AtOnce, ["routes 5", "schedule 5"]), (OneByOne, ["routes 5"])])
def test_one_bad_night_costs_no_other_night(kind, lost):
    found = fetched(kind(raising(OSError("down"), "routes", N2)), N1, N3)
    whole = [f"{name} {day}" for day in (4, 5, 6) for name in NAMES]
    assert [each for each in found if not each.startswith("FAULT")] == [
        each for each in whole if each not in lost
    ]
    assert sum(each.startswith("FAULT") for each in found) == 1


def test_a_part_is_not_delivered_twice_when_its_night_is_asked_for_again():
    class InParts(AtOnce):
        def fetch(self, first: date, last: date) -> Iterator[Delivery]:
            for night in list_nights(first, last):
                for number in (1, 2):
                    self.on(str(number), night)
                    row = pa.table({"known_at": [f"{night.day} part {number}"]})
                    yield Delivery("demo", "fares", night, row, more_follows=number == 1)

    found = fetched(InParts(raising(OSError("down"), "2", N2)), N1, N2)
    assert found[:3] == ["4 part 1", "4 part 2", "5 part 1"]
    assert found[3].startswith("FAULT demo/2013-04-05 ended in an error")
    assert len(found) == 4


def test_what_is_no_delivery_is_named():
    class Odd(AtOnce):
        def fetch(self, first: date, last: date) -> Iterator[Any]:
            yield {"fares": []}

    assert fetched(Odd()) == [
        "FAULT demo/2013-04-04 ended in an error after nothing: it yielded dict, which is no Delivery"
    ]


@pytest.mark.parametrize("kind", [AtOnce, OneByOne])
def test_any_source_can_be_asked_for_one_dataset(kind):
    assert [each.dataset for each in ask(kind(), "routes", N1, N2)] == ["routes", "routes"]
    assert len(list(ask(kind(), None, N1, N1))) == 3
