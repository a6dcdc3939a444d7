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

from redeye.declarations.spec_fields import Frozen, Name, Share

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
    """Readings that go on from night to night: which columns name a series, its time, and what moves smoothly."""

    series: Name
    time: Name
    columns: tuple[Name, ...] = Field(min_length=1)


class Within(Reasoned):
    """The columns of a reference that date a row: rows of a date that the other dataset has not are not compared."""

    value: tuple[Name, ...] = Field(min_length=1)


class Due(Reasoned):
    """Of which rows of the other dataset ours must come by the end of their date's night: bounds of a column."""

    column: Name
    first: float
    last: float


class Reference(Reasoned):
    """Columns whose values stand in another dataset, and the share of rows that must find theirs there."""

    columns: tuple[str, ...] = Field(min_length=1)
    dataset: Name
    dataset_columns: tuple[str, ...] = Field(min_length=1)
    at_least: Share = 1.0
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


class MeasureName(StrEnum):
    """What of a night any dataset can be measured by; `redeye.audits.logic.night_measures` computes them."""

    REPEATED_ROWS = "repeated_rows"
    REPEATED_CELLS = "repeated_cells"
    ROWS_OF_ANOTHER_WEEKDAY = "rows_of_another_weekday"
    ROWS_OF_SAME_WEEKDAY = "rows_of_same_weekday"
    STEP_FROM_LAST_NIGHT = "step_from_last_night"
    STALE_QUANTITIES = "stale_quantities"
    STALE_SERIES = "stale_series"
    TURNED_GAIN = "turned_gain"
    TURNED_GAIN_OF_ONE = "turned_gain_of_one"
    SWAPPED_GAIN = "swapped_gain"
    ZEROS_BEYOND_USUAL = "zeros_beyond_usual"
    ZEROS_APART = "zeros_apart"
    SILENT_TIMES = "silent_times"
    NULLS_BEYOND_USUAL = "nulls_beyond_usual"
    FROM_NEIGHBOURS_TO_USUAL = "from_neighbours_to_usual"
    MINUTES_TO_CUTOFF = "minutes_to_cutoff"
    ROWS_ON_USUAL_DAYS = "rows_on_usual_days"
    ROWS_AROUND_HOLIDAYS = "rows_around_holidays"


_OF_SEVERAL = {
    MeasureName.REPEATED_ROWS,
    MeasureName.REPEATED_CELLS,
    MeasureName.ROWS_OF_ANOTHER_WEEKDAY,
    MeasureName.ROWS_OF_SAME_WEEKDAY,
}
_OF_ONE = {
    MeasureName.ZEROS_BEYOND_USUAL,
    MeasureName.ZEROS_APART,
    MeasureName.SILENT_TIMES,
    MeasureName.NULLS_BEYOND_USUAL,
    MeasureName.FROM_NEIGHBOURS_TO_USUAL,
    MeasureName.MINUTES_TO_CUTOFF,
}
OF_SERIES = {
    MeasureName.REPEATED_CELLS,
    MeasureName.STEP_FROM_LAST_NIGHT,
    MeasureName.STALE_QUANTITIES,
    MeasureName.STALE_SERIES,
    MeasureName.TURNED_GAIN,
    MeasureName.TURNED_GAIN_OF_ONE,
    MeasureName.SWAPPED_GAIN,
    MeasureName.ZEROS_APART,
    MeasureName.SILENT_TIMES,
    MeasureName.FROM_NEIGHBOURS_TO_USUAL,
}
"""Measures of datasets with a continuity."""


class Measure(Frozen):
    """What a column of a night's profile measures: `turned_gain`, `{zeros_beyond_usual: visib}` or with a list."""

    value: MeasureName
    columns: tuple[Name, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, written: Any) -> Any:  # noqa: ANN401  as it stands in a file
        if isinstance(written, dict) and len(written) == 1 and "value" not in written:
            ((name, columns),) = written.items()
            return {"value": name, "columns": columns if isinstance(columns, list) else [columns]}
        return written

    @model_validator(mode="after")
    def _names_its_columns(self) -> Measure:
        if self.value in _OF_SEVERAL and not self.columns:
            raise ValueError(f"write {{{self.value}: [<columns>]}}")
        if self.value in _OF_ONE and len(self.columns) != 1:
            raise ValueError(f"write {{{self.value}: <column>}}")
        if self.columns and self.value not in _OF_SEVERAL | _OF_ONE:
            raise ValueError(f"write {self.value} alone: its columns are those of redeye.continuity, if any")
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
