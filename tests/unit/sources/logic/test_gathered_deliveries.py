from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from redeye.sources.logic.deliveries import Delivery, DeliveryFault
from redeye.sources.logic.gathered_deliveries import gather

N1, N2 = date(2013, 4, 4), date(2013, 4, 5)


def fares(*prices: str, night: date = N1, dataset: str = "fares", source: str = "demo", **said) -> Delivery:
    return Delivery(source, dataset, night, pa.table({"price": pa.array(prices, pa.string())}), **said)


def gathered(*arriving: Delivery | DeliveryFault) -> list[object]:
    """Prices of what came whole, and the words of what did not, in order."""
    made = gather(arriving, source="demo", datasets=("fares", "routes"), first=N1, last=N2)
    return [
        each.message if isinstance(each, DeliveryFault) else each.frame["price"].to_pylist() for each in made
    ]


def test_one_delivery_each_is_passed_on_as_it_is():
    deliveries = [fares("1"), fares("2", dataset="routes"), fares("3", night=N2)]
    made = gather(deliveries, source="demo", datasets=("fares", "routes"), first=N1, last=N2)
    assert list(made) == deliveries


def test_parts_that_say_that_more_follows_are_one_delivery():
    parts = [fares("1", more_follows=True), fares("2", "3", more_follows=True), fares("4")]
    [whole] = gather(parts, source="demo", datasets=("fares",), first=N1, last=N1)
    assert isinstance(whole, Delivery)
    assert (whole.frame["price"].to_pylist(), whole.more_follows) == (["1", "2", "3", "4"], False)


def test_parts_may_stand_between_those_of_another_dataset():
    assert gathered(
        fares("1", more_follows=True),
        fares("9", dataset="routes", more_follows=True),
        fares("2"),
        fares("8", dataset="routes"),
    ) == [["1", "2"], ["9", "8"]]


def test_two_that_are_no_parts_are_refused_and_neither_counts():
    [said] = gathered(fares("1", "2"), fares("3"))
    assert said == (
        "demo/fares/2013-04-04 was delivered 2 times in one fetch, with 2 and 1 rows, and none counts: join them, mark "
        "all parts but the last with `more_follows`, or deliver the one that is meant"
    )


def test_a_part_after_the_last_one_is_one_too_many():
    [said] = gathered(fares("1", more_follows=True), fares("2"), fares("3"))
    assert "was delivered 3 times" in str(said)


def test_rows_beside_a_statement_that_there_are_none_are_two():
    [said] = gathered(fares("1"), fares(is_stated_empty=True))
    assert "with 1 and 0 rows" in str(said)


def test_the_very_same_twice_is_one():
    assert gathered(fares("1"), fares("1")) == [["1"]]


def test_the_very_same_part_twice_is_two_parts():
    assert gathered(fares("1", more_follows=True), fares("1")) == [["1", "1"]]


def test_a_part_that_nothing_follows_is_not_complete():
    assert gathered(fares("1", more_follows=True), fares("2", night=N2)) == [
        "demo/fares/2013-04-04 is not complete: 1 parts came, and the last says that more follows",
        ["2"],
    ]


def test_parts_have_the_same_columns():
    other = Delivery("demo", "fares", N1, pa.table({"cost": ["2"]}))
    assert gathered(fares("1", more_follows=True), other) == [
        "demo/fares/2013-04-04 came in parts with different columns"
    ]


def test_parts_are_of_one_calendar():
    assert gathered(fares("1", more_follows=True), fares("2", shift_weeks=5)) == [
        "demo/fares/2013-04-04 came in parts of different calendars"
    ]


def test_a_fault_takes_the_place_of_what_came_beside_it_alone():
    fault = DeliveryFault("demo", "fares", N1, "the disk is full")
    assert gathered(fares("1", more_follows=True), fault, fares("9", dataset="routes")) == [
        "the disk is full",
        ["9"],
    ]


def test_a_fault_of_no_dataset_costs_none():
    assert gathered(fares("1"), DeliveryFault("demo", None, N1, "it broke off")) == ["it broke off", ["1"]]


def test_a_night_that_was_over_does_not_begin_again():
    assert gathered(fares("1"), fares("2", night=N2), fares("3")) == [
        ["1"],
        "demo/fares/2013-04-04 was delivered again after its night was over, and neither counts",
        ["2"],
    ]


def test_nights_out_of_order_are_not_taken_for_parts():
    assert gathered(fares("2", night=N2), fares("1")) == [["2"], ["1"]]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (fares("1", source="other"), "other/fares/2013-04-04 came from the source demo"),
        (
            fares("1", dataset="planes"),
            "demo/planes/2013-04-04 is none of the source's datasets, fares, routes",
        ),
        (fares("1", night=date(2013, 4, 3)), "demo/fares/2013-04-03 was not asked for"),
        (fares("1", night=date(2013, 4, 6)), "demo/fares/2013-04-06 was not asked for"),
    ],
)
def test_what_belongs_elsewhere_is_refused(odd, said):
    refused, kept = gathered(odd, fares("7"))
    assert str(refused).startswith(said)
    assert kept == ["7"]
