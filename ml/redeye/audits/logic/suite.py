"""A suite: the columns of a frame with their types, and what is expected of its rows, each with its reason.

What a suite's file (`redeye.audits.suite_files`) or a contract (`redeye.audits.logic.contract`) says becomes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from redeye.audits.logic.typed_frames import ColumnType
from redeye.declarations.spec_fields import Frozen

ExpectationName = Literal[
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_match_regex",
    "expect_column_values_to_be_null",
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_unique",
    "expect_column_pair_values_to_be_equal",
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_compound_columns_to_be_unique",
    "expect_table_row_count_to_be_between",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_unique_value_count_to_be_between",
]
"""The vocabulary: expectations of single rows, so that a refusal names rows and nights. What concerns
a whole night belongs into a profile, which has one row per night."""

COLUMN_KWARGS = ("column", "column_A", "column_B", "column_list")


class ExpectationSpec(Frozen):
    """One expectation: its Great Expectations name, what it judges, its bounds, and why.

    Written as `<expect>: {column: …, <kwargs>}` beside `because`, or with these keys spelled out.
    """

    expect: ExpectationName
    column: str | None = None
    kwargs: Mapping[str, Any] = Field(default_factory=dict)
    because: str = Field(min_length=10)

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, written: object) -> object:
        """The name of the expectation, as a key, and its arguments as `expect`, `column` and `kwargs`."""
        names = [key for key in written if key.startswith("expect_")] if isinstance(written, dict) else []
        if not isinstance(written, dict) or len(names) != 1:
            return written
        rest = dict(written)
        kwargs = rest.pop(names[0])
        if isinstance(kwargs, dict) and "column" in kwargs:
            kwargs = dict(kwargs)
            rest["column"] = kwargs.pop("column")
        return {**rest, "expect": names[0], "kwargs": kwargs}

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments for Great Expectations."""
        return {**({"column": self.column} if self.column else {}), **self.kwargs}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns this expectation judges."""
        arguments = self.arguments
        names: list[str] = []
        for key in COLUMN_KWARGS:
            value = arguments.get(key, [])
            names += [value] if isinstance(value, str) else list(value)
        return tuple(names)


class ExceptionSpec(Frozen):
    """A known fault of the data that is accepted by name: one column of one night."""

    night: date
    column: str
    because: str = Field(min_length=10)


class SuiteSpec(Frozen):
    """A suite: the columns of the frame it judges, and what it expects of them."""

    description: str = Field(min_length=10)
    key: tuple[str, ...] = Field(min_length=1, description="Columns shown of an offending row.")
    types: Mapping[str, ColumnType] = Field(min_length=1, description="The frame's columns, all, in order.")
    derived: Mapping[str, str] = Field(
        default_factory=dict, description="Columns that the code computes for the audit, with their meaning."
    )
    may_be_null: tuple[str, ...] = Field(
        default=(), description="Columns that may miss values; no other may."
    )
    exceptions: tuple[ExceptionSpec, ...] = Field(default=(), description="Known faults that are accepted.")
    expectations: tuple[ExpectationSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_only_known_columns(self) -> SuiteSpec:
        known = {*self.types, *self.derived}
        named = [(f"key.{i}", column) for i, column in enumerate(self.key)]
        named += [(f"may_be_null.{i}", column) for i, column in enumerate(self.may_be_null)]
        together = {", ".join(wanted.columns) for wanted in self.expectations}
        named += [
            (f"exceptions.{i}", accepted.column)
            for i, accepted in enumerate(self.exceptions)
            if accepted.column not in together
        ]
        named += [
            (f"expectations.{i}", column)
            for i, wanted in enumerate(self.expectations)
            for column in wanted.columns
        ]
        for where, column in named:
            if column not in known:
                raise ValueError(f"{where} names unknown column {column!r}")
        if twice := sorted(set(self.types) & set(self.derived)):
            raise ValueError(f"derived repeats the columns {twice} of types")
        return self

    @model_validator(mode="after")
    def _declares_each_expectation_once(self) -> SuiteSpec:
        seen: set[str] = set()
        for index, wanted in enumerate(self.expectations):
            identity = f"{wanted.expect} {sorted(wanted.arguments.items(), key=str)}"
            if identity in seen:
                raise ValueError(f"expectations.{index} repeats an earlier one")
            seen.add(identity)
        return self

    @property
    def never_null(self) -> tuple[str, ...]:
        """Columns in which a missing value is a failure."""
        return tuple(name for name in (*self.types, *self.derived) if name not in self.may_be_null)
