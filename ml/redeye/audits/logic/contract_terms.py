"""What a contract says beyond the words of the Open Data Contract Standard: its `customProperties` named `redeye.…`.

Each is one line, `{property: redeye.<term>, value: …, description: <why>}`. A term that is a list here may be said on
several lines, each with a reason of its own; any other once. Properties of other vendors are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, StrictBool, ValidationError, model_validator

from redeye.audits.logic.measures import Measure
from redeye.declarations.spec_fields import Frozen, Name, PositiveInt, Share

PREFIX = "redeye."
EXCEPTION = f"{PREFIX}exception"
PRIMARY_KEY = "primaryKey"

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class Reasoned(Frozen):
    """A term with its reason, the `description` of its line."""

    because: str = Field(min_length=10)


class Lack(StrEnum):
    """How a dataset can lack: nothing is delivered, or the source states that there is nothing."""

    ABSENT = "absent"
    EMPTY = "empty"


class Tolerance(Reasoned):
    """Whether a dataset may lack: `false`, and the night is refused; `degraded`; or `true`, and it is sound."""

    value: StrictBool | Literal["degraded"]


class ExpectedOn(Reasoned):
    """On which days there is a delivery with rows."""

    weekdays: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    holidays: bool = True
    of: Literal["night", "coming_day"] = "night"


class ColumnException(Reasoned):
    """A known fault of one column in one night, or `primaryKey`, a key that is used again, that is accepted."""

    night: date
    column: str

    def find_columns(self, key: tuple[str, ...]) -> str:
        """What it names, where a table has this primary key: one column, or those of the key."""
        return ", ".join(key) if self.column == PRIMARY_KEY else self.column


class SetAside(Reasoned):
    """The share of a delivery's rows that may be set aside; beyond it the delivery is refused.

    Where `columns` names some, only rows that fail a rule of these.
    """

    at_most: Share
    columns: tuple[Name, ...] = ()


class Continuity(Reasoned):
    """Readings that go on from night to night: which columns name a series, its time, and what moves smoothly.

    Where `every_minutes` says how often each series is read, what does not come is marked as lacking.
    """

    series: Name
    time: Name
    columns: tuple[Name, ...] = Field(min_length=1)
    every_minutes: PositiveInt | None = None


class Within(Reasoned):
    """The columns of a reference that date a row: rows of a date that the other dataset has not are not compared."""

    value: tuple[Name, ...] = Field(min_length=1)


class Due(Reasoned):
    """Of which rows of the other dataset ours must come by the end of their date's night: bounds of a column.

    Where `nights` says after how many more nights all must have come, what has not is marked as lacking.
    """

    column: Name
    first: float
    last: float
    nights: PositiveInt | None = None


class Reference(Reasoned):
    """Columns whose values stand in another dataset, and the share of rows that must find theirs there.

    It is a share of what is usual: of the nights before, or of `usual` where there are too few.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    dataset: Name
    dataset_columns: tuple[str, ...] = Field(min_length=1)
    at_least: Share = 1.0
    usual: Share | None = None
    within: tuple[str, ...] = ()
    due: Due | None = None

    @model_validator(mode="after")
    def _pairs_columns(self) -> Reference:
        if len(self.columns) != len(self.dataset_columns):
            raise ValueError("from and to must name as many columns")
        if odd := sorted(set(self.within) - set(self.columns)):
            raise ValueError(f"{PREFIX}within names {odd}, which are not among the columns of `from`")
        if self.within and self.at_least < 1:
            raise ValueError(
                f"{PREFIX}matchRate says nothing beside {PREFIX}within: dated rows are judged one by one"
            )
        if self.due and self.due.column not in self.dataset_columns:
            raise ValueError(f"{PREFIX}due names {self.due.column!r}, which is not among the columns of `to`")
        return self


class DeliveryTerms(Frozen):
    """The terms of a dataset as a whole."""

    may_be_absent: Tolerance
    may_be_empty: Tolerance
    expected_on: ExpectedOn | None = None
    set_aside: SetAside | None = None
    continuity: Continuity | None = None


class TableTerms(Frozen):
    """The terms of one of its tables: the delivery's rows, or its nights."""

    exception: tuple[ColumnException, ...] = ()


class PropertyTerms(Frozen):
    """The terms of a column: of a night's profile, what it measures."""

    measure: Measure | None = None


class RelationshipTerms(Frozen):
    """The terms of a relationship."""

    match_rate: Share = 1.0
    usual_match: Share | None = None
    within: Within | None = None
    due: Due | None = None

    def refer(
        self, columns: tuple[str, ...], dataset: str, targets: tuple[str, ...], because: str | None
    ) -> Reference:
        """The reference of columns to those of a dataset, by these terms."""
        return Reference(
            columns=columns,
            dataset=dataset,
            dataset_columns=targets,
            at_least=self.match_rate,
            usual=self.usual_match,
            within=self.within.value if self.within else (),
            due=self.due,
            because=because or f"{', '.join(columns)} must stand in {dataset}.",
        )


def read_terms(properties: Iterable[Any], terms: type[Frozen]) -> Any:  # noqa: ANN401  an instance of `terms`
    """The terms that a list of custom properties states.

    Args:
        properties: with `property`, `value` and `description`.
        terms: the model of what may be said here.

    Raises:
        ValueError: naming the property by its place, what is wrong with it, and what is allowed or likely meant.
    """
    said: dict[str, Any] = {}
    for place, each in enumerate(properties):
        if not each.property.startswith(PREFIX):
            continue
        where, name = f"customProperties.{place}", _to_field(each.property)
        field = terms.model_fields.get(name)
        if field is None:
            known = [PREFIX + _to_term(one) for one in terms.model_fields]
            close = get_close_matches(each.property, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"here are known: {', '.join(known)}"
            raise ValueError(f"{where}.property: unknown property {each.property!r}; {hint}")
        model = _find_model(field.annotation)
        try:
            found = model.model_validate(_add_reason(each, model)) if model else each.value
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            key = [str(part) for part in fault["loc"]] if isinstance(each.value, dict) else []
            what = "description" if fault["loc"] == ("because",) else ".".join(["value", *key])
            raise ValueError(f"{where}.{what}: {each.property}: {_describe(fault, model)}") from error
        if get_origin(field.annotation) is tuple:
            said.setdefault(name, []).append(found)
        elif name in said:
            raise ValueError(f"{where}.property: {each.property} is said twice; keep one line")
        else:
            said[name] = found
    missing = [name for name, field in terms.model_fields.items() if field.is_required() and name not in said]
    if missing:
        raise ValueError(
            f"customProperties: {PREFIX}{_to_term(missing[0])} is missing; add a line that says it, and why"
        )
    return terms.model_validate(said)


def _add_reason(each: Any, model: type[BaseModel]) -> dict[str, Any]:  # noqa: ANN401  a custom property
    value = each.value if isinstance(each.value, dict) else {"value": each.value}
    return {**value, "because": each.description} if "because" in model.model_fields else value


def _describe(fault: Any, model: type[BaseModel] | None) -> str:  # noqa: ANN401  pydantic's own
    if fault["loc"] == ("because",):
        return "say why, in a `description` of ten characters or more"
    if fault["type"] == "extra_forbidden" and model:
        known = [name for name in model.model_fields if name != "because"]
        close = get_close_matches(str(fault["loc"][-1]), known, n=1)
        return f"unknown key; {f'did you mean {close[0]!r}?' if close else 'use one of ' + ', '.join(known)}"
    return f"{fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _find_model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  a type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _find_model(part))), None)


def _to_field(term: str) -> str:
    """`redeye.mayBeAbsent` as `may_be_absent`."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in term.removeprefix(PREFIX))


def _to_term(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)
