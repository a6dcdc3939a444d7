"""How old the newest value of a column may be when a night ends: `slaProperties` of the standard, named `latency`.

It is spelled out as what a contract could say itself, a measure of its nights and a rule that bounds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, PositiveFloat
from pydantic.alias_generators import to_camel

from redeye.declarations.spec_fields import Frozen

MINUTES = {
    **dict.fromkeys(("m", "min", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), 1440),
}
"""By unit as the standard writes it."""
COLUMN = "latency_of_"
"""The column of the nights begins so, and ends with that of the rows."""


class Latency(Frozen):
    """A line of `slaProperties`: the column, as `dataset.column`, and how old its newest instant may be."""

    model_config = ConfigDict(alias_generator=to_camel)

    property: Literal["latency", "ly"]
    value: PositiveFloat
    unit: Literal["m", "min", "minute", "minutes", "h", "hr", "hour", "hours", "d", "day", "days"]
    element: str = Field(pattern=r"^[^.,]+\.[^.,]+$")
    description: str = Field(min_length=10, description="Why.")
    id: object = None
    driver: object = None


def spell_out_latencies(document: Any) -> Any:  # noqa: ANN401  as it stands in a file
    """A contract's document with, for each latency, a measure of its nights and the rule that bounds it.

    What else is written wrongly stays as it is: the contract's model refuses it.

    Raises:
        ValueError: if a latency is of another dataset.
    """
    said = document.get("slaProperties") if isinstance(document, Mapping) else None
    tables = document.get("schema") if said else None
    if not isinstance(said, list) or not isinstance(tables, list) or not 1 <= len(tables) <= 2:
        return document
    name = document.get("name")
    nights = dict(tables[1]) if len(tables) == 2 else _make_nights(str(name))
    properties, quality = list(nights.get("properties", ())), list(nights.get("quality", ()))
    for each in said:
        dataset, _, column = str(each.get("element", "")).partition(".")
        minutes = MINUTES.get(each.get("unit"))
        value = each.get("value")
        if minutes is None or not isinstance(value, int | float):
            continue
        if dataset != name:
            raise ValueError(f"slaProperties: element: {each.get('element')!r} must be {name}.<column>")
        measure = {"property": "redeye.measure", "value": {"minutes_to_cutoff": column}}
        column = f"{COLUMN}{column}"
        properties.append(
            {"name": column, "logicalType": "number", "required": True, "customProperties": [measure]}
        )
        bound = {"expect_column_values_to_be_between": {"column": column, "max_value": value * minutes}}
        quality.append(
            {
                "type": "custom",
                "engine": "greatExpectations",
                "implementation": bound,
                "description": each.get("description"),
            }
        )
    nights |= {"properties": properties, "quality": quality}
    return {**document, "schema": [tables[0], nights]}


def _make_nights(name: str) -> dict[str, Any]:
    return {
        "name": f"{name}_profile",
        "description": f"One row per night of {name}.",
        "properties": [{"name": "night", "logicalType": "date", "required": True}],
    }
