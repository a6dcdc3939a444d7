"""What is asked before a project is written, and what a sample of its data says of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from redeye.declarations.spec_fields import Frozen, Name, refuse_unknown
from redeye.declarations.yaml_files import load_declaration

Noun = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Answers(Frozen):
    """The answers from which a project is written: rows that are known in advance, and what became of each."""

    project: Name = Field(description="The project's name: letters, digits and _.")
    zone: str = Field(description="The time zone of the project's days, as Europe/Madrid.")
    cutoff: str = Field(
        default="03:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When a night ends, by that zone's clock: the coming day is predicted then.",
    )
    data: str = Field(
        min_length=1, description="The file with the rows, CSV, JSON lines or Parquet, or its URL."
    )
    one: Noun = Field(description="What a row is, in one word, as `visit`; it names columns.")
    many: Noun = Field(description="Many of them, as `visits`.")
    time: Name = Field(description="The column with the date or instant at which it happens.")
    repeated_hour: Literal["first", "second"] | None = Field(
        default=None, description="Which one is meant where the clock goes back and the file has no offset."
    )
    key: tuple[Name, ...] = Field(min_length=1, description="The columns that make a row the same row.")
    in_advance: tuple[Name, ...] = Field(
        default=(), description="The columns that are known the day before, besides key and time."
    )
    groups: tuple[Name, ...] = Field(
        default=(),
        description="Of those, the ones whose past tells something: a customer, a place, a product.",
    )
    predict: Name = Field(description="The column that is known afterwards, and is predicted.")
    is_at_least: float | None = Field(
        default=None, description="Yes is a value of so much or more; left out where the column is yes or no."
    )
    label: Name = Field(description="What the answer is called, as `is_late`.")
    known_after: str = Field(
        pattern=r"^P(\d+D)?(T(\d+H)?(\d+M)?)?$",
        default="PT0S",
        description="How long after its day a row's outcome is known, as PT2H or P1D.",
    )
    owner: str = Field(default="data-science", min_length=1, description="Who answers for the model.")

    @model_validator(mode="after")
    def _names_other_columns(self) -> Answers:
        refuse_unknown(
            "groups", self.groups, (*self.in_advance, *self.key), "is not in `in_advance` or `key`: add it"
        )
        afterwards = {self.predict}
        if leaks := afterwards & {*self.in_advance, *self.key, self.time}:
            raise ValueError(f"predict: {', '.join(leaks)} is said to be known in advance: it cannot be both")
        if self.label in self.columns:
            raise ValueError(
                f"label: {self.label} is a column of the data: call it another name, as is_{self.label}"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that are used, each once."""
        return tuple(dict.fromkeys([*self.key, self.time, *self.in_advance, self.predict]))

    @property
    def model(self) -> str:
        """The model's name, `<subject>_<target>`."""
        return f"{self.one}_{self.label.removeprefix('is_')}"


def load_answers(path: Path) -> Answers:
    """The answers in a YAML file.

    Raises:
        ConfigError: naming file, line and key of every fault, and what to do.
    """
    return load_declaration(path, Answers, begins_with="project: <name>")


def describe_questions() -> list[tuple[str, str, Any]]:
    """The questions in their order: key, what is asked, and the answer that an empty one stands for."""
    return [
        (name, str(field.description), None if field.is_required() else field.default)
        for name, field in Answers.model_fields.items()
    ]
