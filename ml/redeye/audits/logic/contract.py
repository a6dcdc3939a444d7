"""A dataset's contract: the part of the Open Data Contract Standard, v3.1, that is judged here, compiled into suites.

The first object of `schema` is the delivery, the second, if there is one, its nights, with one row each. A property
with a `transformDescription` is computed for the audit. What the standard knows and nothing here judges is refused,
since nobody would keep it; what only informs people is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from redeye.audits.logic.contract_terms import (
    EXCEPTION,
    DeliveryTerms,
    PropertyTerms,
    Reference,
    RelationshipTerms,
    TableTerms,
    read_terms,
)
from redeye.audits.logic.latency import Latency, spell_out_latencies
from redeye.audits.logic.measures import OF_SERIES, Measure
from redeye.audits.logic.suite import ExpectationSpec, SuiteSpec
from redeye.audits.logic.typed_frames import ColumnType
from redeye.declarations.spec_fields import Frozen, refuse_twice

NIGHT = "night"
PROFILE = "_profile"
"""The second object of a contract is named after the dataset, with this at its end."""

Informs = object
"""What informs people: passed over."""


class _Standard(Frozen):
    """An element of the standard, whose keys are in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class CustomProperty(_Standard):
    """A line of `customProperties`."""

    id: Informs = None
    property: str
    value: Any
    description: str | None = None
    vendor: Informs = None


class _Described(_Standard):
    """What every element of the standard may carry, and what of it is passed over."""

    id: Informs = None
    physical_name: Informs = None
    physical_type: Informs = None
    business_name: Informs = None
    authoritative_definitions: Informs = None
    tags: Informs = None
    synonyms: Informs = None
    description: str | None = None
    custom_properties: tuple[CustomProperty, ...] = ()


_TYPES: Mapping[str, ColumnType] = {
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "date": "date",
    "timestamp": "timestamp",
}


class Property(_Described):
    """A column: of the delivery, or computed for the audit where `transformDescription` says how."""

    name: str = Field(min_length=1)
    logical_type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    logical_type_options: Mapping[Literal["minLength"], Literal[0]] | None = None
    required: bool = False
    primary_key: bool = False
    partitioned: Informs = None
    transform_description: str | None = None
    classification: Informs = None
    critical_data_element: Informs = None
    examples: Informs = None

    @cached_property
    def measure(self) -> Measure | None:
        """What it measures of a night; None if the project computes it, or nothing has to."""
        measure: Measure | None = read_terms(self.custom_properties, PropertyTerms).measure
        return measure

    @model_validator(mode="after")
    def _says_known_terms(self) -> Property:
        _ = self.measure
        return self

    @property
    def column_type(self) -> ColumnType:
        """The type that the column's text is parsed to."""
        if self.logical_type == "string":
            return "free_text" if self.logical_type_options else "text"
        return _TYPES[self.logical_type]


class Rule(_Standard):
    """A line of `quality`: an expectation of Great Expectations, or the standard's own count of repeated keys."""

    id: Informs = None
    name: Informs = None
    dimension: Informs = None
    business_impact: Informs = None
    tags: Informs = None
    type: Literal["custom"]
    engine: Literal["greatExpectations"]
    implementation: Mapping[str, Any] = Field(
        description="`{<expectation>: {<arguments>}}`, or `{type: <expectation>, kwargs: {…}}` as it writes them."
    )
    description: str = Field(min_length=10, description="Why.")

    @model_validator(mode="after")
    def _is_an_expectation(self) -> Rule:
        try:
            _ = self.expectation
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise ValueError(f"implementation: {fault['input']!r}: {fault['msg']}") from error
        return self

    @cached_property
    def expectation(self) -> ExpectationSpec:
        """What Great Expectations is asked."""
        written = dict(self.implementation)
        if set(written) == {"type", "kwargs"}:
            written = {written["type"]: written["kwargs"]}
        return ExpectationSpec.model_validate({**written, "because": self.description})


class Relationship(_Standard):
    """A line of `relationships`: columns whose values stand in another dataset, as `table.column`."""

    id: Informs = None
    type: Literal["foreignKey"] = "foreignKey"
    from_: str | tuple[str, ...] = Field(alias="from")
    to: str | tuple[str, ...]
    description: str | None = None
    custom_properties: tuple[CustomProperty, ...] = ()

    @property
    def reference(self) -> Reference:
        """The columns, where their values stand, and the share of rows that must find theirs.

        Raises:
            ValueError: if it names no columns as `table.column`, or those of several datasets.
        """
        terms = read_terms(self.custom_properties, RelationshipTerms)
        because = next((each.description for each in self.custom_properties if each.description), None)
        return terms.refer(_split(self.from_)[1], *_split(self.to), because)


class Table(_Described):
    """An object of `schema`, compiled into a suite."""

    name: str = Field(min_length=1)
    logical_type: Literal["object"] = "object"
    data_granularity_description: str | None = Field(
        default=None, min_length=10, description="What one row is, and why there is not a second."
    )
    properties: tuple[Property, ...] = Field(min_length=1)
    quality: tuple[Rule, ...] = ()
    relationships: tuple[Relationship, ...] = ()

    @model_validator(mode="after")
    def _compiles(self) -> Table:
        refuse_twice("properties", [each.name for each in self.properties])
        if NIGHT not in {each.name for each in self.properties}:
            raise ValueError(
                f"properties: {NIGHT} is missing; add it last, a required date that intake fills in"
            )
        if self.key and not self.data_granularity_description:
            raise ValueError(
                "dataGranularityDescription: is missing; say what one row is, and why the key must be unique"
            )
        for place, each in enumerate(self.relationships):
            try:
                _ = each.reference
            except ValueError as error:
                raise ValueError(f"relationships.{place}: {error}") from error
        try:
            _ = self.terms, self.suite
        except ValidationError as error:
            text = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
            raise ValueError(self._name_place(text)) from error
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that no two rows share."""
        return tuple(each.name for each in self.properties if each.primary_key)

    @cached_property
    def terms(self) -> TableTerms:
        """What is said of it beyond the standard."""
        return read_terms(self.custom_properties, TableTerms)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The datasets that its rows refer to."""
        return tuple(each.reference for each in self.relationships)

    @cached_property
    def suite(self) -> SuiteSpec:
        """What the audit judges; a key of one column is unique in each night."""
        delivered = [each for each in self.properties if not each.transform_description]
        derived = [each for each in self.properties if each.transform_description]
        expectations = [rule.expectation for rule in self.quality]
        if self.key:
            because = self.data_granularity_description
            unique = {"column_list": [*self.key, NIGHT][: max(len(self.key), 2)]}
            told = {"expect_compound_columns_to_be_unique": unique, "because": because}
            expectations.insert(0, ExpectationSpec.model_validate(told))
        return SuiteSpec.model_validate(
            {
                "description": self.description,
                "key": tuple(dict.fromkeys((NIGHT, *self.key))),
                "types": {each.name: each.column_type for each in delivered},
                "derived": {each.name: each.transform_description for each in derived},
                "may_be_null": tuple(each.name for each in (*delivered, *derived) if not each.required),
                "exceptions": tuple(
                    each.model_dump() | {"column": each.find_columns(self.key)}
                    for each in self.terms.exception
                ),
                "expectations": tuple(expectations),
            }
        )

    def find_place(self, expectation: int) -> tuple[str | int, ...]:
        """Where the suite's expectation of that number stands in the table."""
        rule = expectation - bool(self.key)
        return ("quality", rule) if rule >= 0 else ("dataGranularityDescription",)

    def _name_place(self, text: str) -> str:
        """A fault of the suite in the contract's own words."""
        if found := re.match(r"expectations\.(\d+)", text):
            place = ".".join(str(part) for part in self.find_place(int(found[1])))
            return f"{place}{text[found.end() :]}"
        if found := re.match(r"exceptions\.(\d+)", text):
            said = [n for n, each in enumerate(self.custom_properties) if each.property == EXCEPTION]
            return f"customProperties.{said[int(found[1])]}{text[found.end() :]}"
        return text


class Contract(_Standard):
    """What a dataset is, and what is expected of each of its deliveries."""

    api_version: Literal["v3.1.0"]
    kind: Literal["DataContract"]
    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    version: str
    status: Informs
    description: Informs = None
    tables: tuple[Table, ...] = Field(alias="schema")
    sla_properties: tuple[Latency, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()
    authoritative_definitions: Informs = None
    contract_created_ts: Informs = None
    data_product: Informs = None
    domain: Informs = None
    price: Informs = None
    roles: Informs = None
    servers: Informs = None
    support: Informs = None
    tags: Informs = None
    team: Informs = None
    tenant: Informs = None

    _spell_out_latencies = model_validator(mode="before")(spell_out_latencies)

    @model_validator(mode="after")
    def _names_its_dataset(self) -> Contract:
        if not 1 <= len(self.tables) <= 2:
            raise ValueError("schema: has the object of the rows, and at most one more, that of the nights")
        for place, (table, name) in enumerate(
            zip(self.tables, (self.name, f"{self.name}{PROFILE}"), strict=False)
        ):
            if table.name != name:
                raise ValueError(
                    f"schema.{place}.name: {table.name!r} must be {name!r}, after the contract's name"
                )
        _ = self.terms
        self._measures_known_columns()
        return self

    def _measures_known_columns(self) -> None:
        if any(each.measure for each in self.rows.properties):
            raise ValueError("schema.0: redeye.measure stands in the object of the nights, the second")
        known = {each.name for each in self.rows.properties if not each.transform_description}
        said = self.terms.continuity
        series = (said.series, said.time, *said.columns) if said else ()
        named = [("redeye.continuity", each) for each in series]
        for place, each in enumerate(self.nights.properties if self.nights else ()):
            if each.measure is None:
                continue
            where = f"schema.1.properties.{place}: redeye.measure"
            named += [(where, column) for column in each.measure.columns]
            if each.measure.value in OF_SERIES and said is None:
                raise ValueError(
                    f"{where}: {each.measure.value} needs redeye.continuity: say series, time, columns"
                )
        for where, column in named:
            if column not in known:
                raise ValueError(f"{where} names {column!r}, which is no column of {self.name}")

    @property
    def measures(self) -> Mapping[str, Measure]:
        """What the engine measures of its nights, by column of the profile."""
        nights = self.nights.properties if self.nights else ()
        return {each.name: each.measure for each in nights if each.measure}

    @cached_property
    def terms(self) -> DeliveryTerms:
        """What is said of the dataset beyond the standard."""
        return read_terms(self.custom_properties, DeliveryTerms)

    @property
    def rows(self) -> Table:
        """The delivery, whose rows are judged one by one."""
        return self.tables[0]

    @property
    def nights(self) -> Table | None:
        """Its profile, with one row per night; None if nothing of a whole night is judged."""
        return self.tables[1] if len(self.tables) > 1 else None


def _split(named: str | tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """`table.column`, or several of one table, as the table and the columns."""
    names = (named,) if isinstance(named, str) else named
    pairs = [name.split(".") for name in names]
    if any(len(pair) != 2 for pair in pairs) or len({pair[0] for pair in pairs}) != 1:
        raise ValueError(f"{named!r} must be table.column, all of one table")
    return pairs[0][0], tuple(pair[1] for pair in pairs)
