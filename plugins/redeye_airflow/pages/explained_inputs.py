"""The inputs of an explanation as people read them: by what they tell of, in the words of dbt's descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redeye.features.input_descriptions import InputTable

SHOWN_INPUTS = 12
SCHEDULE = "The schedule"
_DIGITS = 3


@dataclass(frozen=True)
class ExplainedInput:
    """One input: what it is and in which unit, its value, and what it adds to the probability."""

    column: str
    title: str
    value: str
    effect: float


@dataclass(frozen=True)
class InputGroup:
    """The inputs of one feature view, or of the schedule.

    Attributes:
        title: what they tell of.
        effect: what all of them add together.
        named: those among the strongest of all, the strongest first.
        others: how many more there are.
        rest: what those add together.
    """

    title: str
    effect: float
    named: Sequence[ExplainedInput]
    others: int
    rest: float


def group_inputs(
    inputs: Sequence[Mapping[str, Any]], tables: Mapping[str, InputTable], shown: int = SHOWN_INPUTS
) -> list[InputGroup]:
    """Inputs by their view, the views that add or take most first; the `shown` strongest inputs are named.

    Args:
        inputs: of each `column`, `value` and `effect`, in any order.
        tables: by view, "" for the schedule, what is said of it; what it does not tell gets its name.
        shown: how many inputs are named.
    """
    by_effect = sorted(inputs, key=lambda each: -abs(each["effect"]))
    strongest = {each["column"] for each in by_effect[:shown]}
    views: dict[str, list[Mapping[str, Any]]] = {}
    for each in by_effect:
        views.setdefault(each["column"].rpartition("__")[0], []).append(each)
    groups = []
    for view, own in views.items():
        table = tables.get(view, InputTable("", {}))
        named = [each for each in own if each["column"] in strongest]
        rest = own[len(named) :]
        groups.append(
            InputGroup(
                title=SCHEDULE if not view else table.description or _read_name(view),
                effect=sum(each["effect"] for each in own),
                named=[_describe(each, table) for each in named],
                others=len(rest),
                rest=sum(each["effect"] for each in rest),
            )
        )
    return sorted(groups, key=lambda group: -abs(group.effect))


def _describe(each: Mapping[str, Any], table: InputTable) -> ExplainedInput:
    name = each["column"].rpartition("__")[2]
    return ExplainedInput(
        each["column"], table.columns.get(name) or _read_name(name), show_input(each["value"]), each["effect"]
    )


def describe_input(column: str, tables: Mapping[str, InputTable]) -> str:
    """What dbt says of an input; its name in words where it says nothing."""
    view, _, name = column.rpartition("__")
    return tables.get(view, InputTable("", {})).columns.get(name) or _read_name(name)


def show_input(value: object) -> str:
    """A value of an input; numbers with at most three digits behind the point."""
    if value is None or value != value:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return str(value)


def _read_name(name: str) -> str:
    return name.replace("_", " ").capitalize()
