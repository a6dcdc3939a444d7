"""The part of a project's declaration that says what is predicted of: its name, key, and the columns that find it."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from redeye.declarations.span import Span
from redeye.declarations.spec_fields import Frozen, Name, refuse_unknown

ColumnType = Literal["text", "date", "instant", "integer", "number"]


class Search(Frozen):
    """How people write a column's value when they look for a prediction."""

    example: str = Field(min_length=1, description="Shown where it is typed; in the case of the values.")
    pattern: str = Field(
        description="A regular expression of all that is typed. Its groups, joined by hyphens, are the value; "
        "without groups, the whole is."
    )

    @model_validator(mode="after")
    def _reads_its_example(self) -> Search:
        try:
            is_read = self.read(self.example) is not None
        except re.error as error:
            raise ValueError(f"pattern: {self.pattern!r} is no regular expression: {error}") from error
        if not is_read:
            raise ValueError(f"pattern: {self.pattern!r} does not match the example {self.example!r}")
        return self

    def read(self, typed: str) -> str | None:
        """The value that was meant; None if it is not written as the pattern says."""
        found = re.fullmatch(self.pattern, typed, flags=re.IGNORECASE)
        if found is None:
            return None
        value = "-".join(found.groups()) or found.group()
        return value.upper() if self.example.isupper() else value


class SubjectColumn(Frozen):
    """A column of the schedule that stands on every prediction."""

    type: ColumnType = Field(description="What its values are.")
    title: str = Field(default="", description="Above the column where people read; its name by default.")
    description: str = Field(min_length=1, description="For consumers, in the files' manifest.")
    search: Search | None = Field(default=None, description="If predictions are looked for by it.")


class Subject(Frozen):
    """What a prediction is of, and how a consumer finds it."""

    one: str = Field(min_length=1, description="The noun for one of them.")
    many: str = Field(min_length=1, description="The noun for many.")
    key: Name = Field(description="The column that identifies one: the specs' `population.key`.")
    day: Name = Field(description="The column with the day on which it happens: the night's coming day.")
    time: Name = Field(description="The column with the instant at which it is to happen.")
    schedule: Name | None = Field(
        default=None,
        description="The dataset that announces the coming day's. Left out: they follow from what is released, and "
        "a day without a release has those of the last one.",
    )
    of_day: dict[Name, str] = Field(
        default={},
        description="Without such a dataset, by column the SQL of what it holds on another day, `{day}`, of those "
        "that tell the day besides `day` and `time`; the key, in most cases.",
    )
    span: Span | None = Field(
        default=None,
        description="The nights after a cutoff whose rows make the label, where it is made of them; dbt has macros of "
        "it. Left out, the label is a row's own.",
    )
    columns: dict[Name, SubjectColumn] = Field(description="By which it is found, in the files' order.")
    shown: tuple[Name, ...] = Field(
        min_length=1, description="Of the columns, those that people read in a list."
    )

    @model_validator(mode="after")
    def _is_found_by_its_columns(self) -> Subject:
        missing = "is not among the columns: add it to `columns`"
        refuse_unknown("shown", self.shown, self.columns, missing)
        wanted = {"key": None, "day": "date", "time": "instant"}
        refuse_unknown("of_day", self.of_day, self.columns, missing)
        for role, kind in wanted.items():
            name = getattr(self, role)
            if name not in self.columns:
                raise ValueError(f"{role} names {name}, which {missing}")
            if kind and self.columns[name].type != kind:
                raise ValueError(f"{role} names {name}, whose type is {self.columns[name].type}, not {kind}")
        return self

    def title(self, column: str) -> str:
        """What stands above a column where people read."""
        return self.columns[column].title or column
