from __future__ import annotations

import pytest

from redeye.declarations.specs import load_spec
from redeye.features.input_descriptions import InputTable, read_descriptions
from redeye.foundation.settings import SPECS
from redeye_airflow.pages.explained_inputs import group_inputs, show_input

TABLES = {"shop_sales": InputTable("Sales of a shop", {"mean_price_7n": "Mean price, in euros"})}


def explain(**effects: float) -> list[dict[str, object]]:
    return [{"column": column, "value": 1.5, "effect": effect} for column, effect in effects.items()]


def test_inputs_stand_with_their_kind_and_the_rest_of_it_is_summed_up() -> None:
    inputs = explain(
        shop_sales__mean_price_7n=0.03,
        shop_sales__b=-0.02,
        shop_sales__c=0.004,
        size=-0.2,
        shop_staff__d=0.001,
    )
    schedule, sales, staff = group_inputs(inputs, TABLES, shown=3)
    assert (schedule.title, sales.title, staff.title) == ("The schedule", "Sales of a shop", "Shop staff")
    assert [(each.title, each.effect) for each in sales.named] == [
        ("Mean price, in euros", 0.03),
        ("B", -0.02),
    ]
    assert (sales.others, sales.rest) == (1, 0.004)
    assert sales.effect == pytest.approx(0.014)
    assert (staff.named, staff.others, staff.rest) == ([], 1, 0.001)


def test_no_effect_is_lost() -> None:
    inputs = explain(**{f"view_{number % 7}__x{number}": (number - 40) / 1000 for number in range(100)})
    groups = group_inputs(inputs, {}, shown=12)
    assert sum(len(group.named) for group in groups) == 12
    assert sum(len(group.named) + group.others for group in groups) == 100
    told = sum(each.effect for group in groups for each in group.named) + sum(group.rest for group in groups)
    assert told == pytest.approx(sum(float(str(each["effect"])) for each in inputs))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "missing"),
        (float("nan"), "missing"),
        (True, "yes"),
        (383, "383"),
        (28.5, "28.5"),
        (0.12345, "0.123"),
        (40.0, "40"),
        ("JFK", "JFK"),
    ],
)
def test_values_read_as_people_write_them(value: object, shown: str) -> None:
    assert show_input(value) == shown


def test_every_input_of_the_model_is_described_with_its_unit() -> None:
    spec = load_spec(SPECS / "flight_delay.yaml")
    tables = read_descriptions(spec)
    columns = [column.name for column in spec.schedule_columns]
    assert [name for name in columns if not tables[""].columns.get(name)] == []
    delays = tables["carrier_delays"]
    assert (
        delays.description == "Arrival delays of a carrier over windows of nights of knowledge, and over all"
    )
    assert delays.columns["mean_delay_minutes_7n"] == "Mean arrival delay of the last 7 nights, in minutes"
    asked = [feature.partition(":") for feature in spec.features]
    assert [(view, name) for view, _, name in asked if not tables[view].columns.get(name)] == []
