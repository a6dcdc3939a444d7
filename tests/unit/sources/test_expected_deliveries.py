"""The project's own contracts, calendar and source say what each night should have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from flights.nycflights13 import NycFlights13
from redeye.audits.logic.contract_terms import Lack
from redeye.sources.expected_deliveries import judge_lacking, list_absent, list_degradations, refuse_empty
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.sources.logic.lacks import Consequence

NIGHT = date(2013, 4, 2)  # a Tuesday
SOURCE = NycFlights13()
REFUSED, DEGRADED, SOUND = Consequence.REFUSED, Consequence.DEGRADED, Consequence.SOUND


def ref(dataset: str, night: date = NIGHT, *, is_empty: bool = False) -> DeliveryRef:
    return DeliveryRef(
        "nycflights13", dataset, night, "0" * 16, Path(dataset), int(not is_empty), is_empty, night
    )


@pytest.mark.parametrize(
    ("dataset", "absent", "empty"),
    [
        ("schedule", REFUSED, REFUSED),
        ("outcomes", REFUSED, REFUSED),
        ("weather", DEGRADED, DEGRADED),
        ("planes", SOUND, REFUSED),
        ("airports", SOUND, REFUSED),
        ("airlines", SOUND, REFUSED),
    ],
)
def test_each_dataset_says_what_a_night_is_without_it(
    dataset: str, absent: Consequence, empty: Consequence
) -> None:
    found = [judge_lacking(SOURCE, dataset, NIGHT, lack).consequence for lack in (Lack.ABSENT, Lack.EMPTY)]
    assert found == [absent, empty]


def test_before_the_source_began_nothing_but_a_schedule_can_be_missed() -> None:
    first = SOURCE.first_night
    assert judge_lacking(SOURCE, "outcomes", first, Lack.EMPTY).consequence is SOUND
    assert judge_lacking(SOURCE, "schedule", first, Lack.EMPTY).consequence is REFUSED
    assert judge_lacking(SOURCE, "outcomes", first, Lack.ABSENT).consequence is REFUSED


def test_after_the_sources_last_night_nothing_is_missed() -> None:
    assert judge_lacking(SOURCE, "schedule", SOURCE.final_night, Lack.EMPTY).consequence is SOUND


def test_only_what_was_not_delivered_is_absent() -> None:
    there = {(dataset.name, NIGHT) for dataset in SOURCE.datasets if dataset.name != "weather"}
    assert [each.dataset for each in list_absent(SOURCE, NIGHT, NIGHT, there)] == ["weather"]


@pytest.mark.parametrize("lack", Lack)
def test_a_night_without_weather_is_degraded_with_the_reason(lack: Lack) -> None:
    came = [
        ref("outcomes"),
        ref("schedule"),
        *([ref("weather", is_empty=True)] if lack is Lack.EMPTY else []),
    ]
    found = list_degradations(SOURCE, NIGHT, NIGHT, came)
    assert list(found) == ["2013-04-02"]
    (reason,) = found["2013-04-02"]
    assert "weather" in reason
    assert "2013-04-02" in reason
    assert ";" not in reason


def test_weather_that_comes_late_leaves_its_night_degraded() -> None:
    late = replace(ref("weather"), arrival_night=NIGHT + timedelta(days=1))
    assert list_degradations(SOURCE, NIGHT, NIGHT, [ref("outcomes"), ref("schedule"), late])


def test_a_whole_night_is_not_degraded() -> None:
    came = [ref(dataset.name) for dataset in SOURCE.datasets]
    assert list_degradations(SOURCE, NIGHT, NIGHT, came) == {}


def test_the_refusal_of_an_empty_delivery_names_it_and_the_remedy() -> None:
    refusal = refuse_empty(SOURCE, ref("schedule", is_empty=True))
    assert refusal is not None
    said = refusal.message()
    assert "states that schedule of night 2013-04-02 is empty" in said
    assert "then ingest the night again" in said
    assert "every day of the year" in said
    assert refuse_empty(SOURCE, ref("weather", is_empty=True)) is None
