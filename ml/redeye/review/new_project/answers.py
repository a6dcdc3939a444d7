"""What is asked before a project is written, and what a sample of its data says of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from redeye.declarations.clock import Clock, check_cutoff
from redeye.declarations.durations import read_duration
from redeye.declarations.spec_fields import Frozen, Name, PositiveInt, ZoneName, refuse_unknown
from redeye.declarations.yaml_files import load_declaration, suggest

Noun = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TAKEN = {
    "exists": ("false",),
    "count": ("0", "missing"),
    "sum": ("0", "missing"),
    "mean": ("missing",),
    "last": ("missing",),
}
"""What may be taken of a span's rows, and what may be said where it has none."""
OF_COLUMN = ("sum", "mean", "last")
FEWEST = 3
"""Classes that there are at least: which of two comes is yes or no."""
OF_ENTITIES = ("each", "seen_within", "valid", "take", "during", "begins", "if_none", "final_after")
"""Answers that say something only where one of `each` is predicted; the first says whether that is so."""


def _choose(*words: str) -> BeforeValidator:
    """One of some words; what is no word in YAML, as 0 and false, is read as it is written."""

    def check(said: object) -> object:
        word = str(said).lower() if isinstance(said, bool | int) else said
        if said is None or word in words:
            return word
        raise ValueError(f"{said!r} is none of {', '.join(words)}{suggest(str(said), words)}")

    return BeforeValidator(check)


Taken = Annotated[str, _choose(*TAKEN)]
Begun = Annotated[Literal["cutoff", "midnight"], _choose("cutoff", "midnight")]
IfNone = Annotated[str, _choose("0", "false", "missing")]
ClassName = Annotated[
    str, BeforeValidator(lambda said: str(said) if type(said) is int else said), Field(min_length=1)
]
"""As the column says it; a number is read as it is written."""
FROM_SAMPLE = ("sample",)
"""In place of classes: those that the sample has."""


def _check_duration(written: str) -> str:
    read_duration(written)
    return written


def name_key(column: str) -> str:
    """The column with the text key of whoever or whatever a column of the data names."""
    return f"{column.removesuffix('_id')}_id"


class Answers(Frozen):
    """The answers from which a project is written.

    What is predicted is either rows that are known in advance, and what became of each; or, with `each`, whoever rows
    are of, and what the rows of a span after the cutoff say of them.
    """

    project: Name = Field(description="The project's name: letters, digits and _.")
    zone: ZoneName = Field(description="The time zone of the project's days, as Europe/Madrid.")
    data: str = Field(
        min_length=1, description="The file with the rows, CSV, JSON lines or Parquet, or its URL."
    )
    one: Noun = Field(
        description="What is predicted of, in one word: a row, as `visit`, or whoever rows are of, as `customer`; it "
        "names columns."
    )
    many: Noun = Field(description="Many of them, as `visits`.")
    time: Name = Field(description="The column with the date or instant at which a row happens.")
    every: Literal["day", "week"] = Field(
        default="day",
        description="How often is predicted: each day the coming one, or each week the coming one. Either is called a "
        "night.",
    )
    cutoff: str | None = Field(
        default=None,
        description="When a night ends, by that zone's clock, as 03:00, or of a week as MON 03:00: what is known by "
        "then is predicted from. Left out: at 03:00, of a week on the weekday with which the sample's weeks begin.",
    )
    repeated_hour: Literal["first", "second"] | None = Field(
        default=None, description="Which one is meant where the clock goes back and the file has no offset."
    )
    key: tuple[Name, ...] = Field(min_length=1, description="The columns that make a row the same row.")
    each: tuple[Name, ...] = Field(
        default=(),
        description="The columns that name whoever rows are of, as customer_id, where one of them is predicted each "
        "night; left out where a row is.",
    )
    seen_within: PositiveInt | None = Field(
        default=None, description="Of these, who had a row in so many nights before the cutoff, as 28."
    )
    valid: tuple[Name, Name] | None = Field(
        default=None,
        description="In place of that, two columns: the first and the last date on which whoever a row is of is one.",
    )
    in_advance: tuple[Name, ...] = Field(
        default=(),
        description="The columns that are known the day before, besides key and time; with `each`, those that are "
        "known with the row.",
    )
    groups: tuple[Name, ...] = Field(
        default=(),
        description="Of those, the ones whose past tells something: a customer, a place, a product.",
    )
    take: Taken | None = Field(
        default=None,
        description="What of the span's rows is predicted: exists, whether there is one; count; or the sum, mean or "
        "last of a column.",
    )
    predict: Name | None = Field(
        default=None,
        description="The column that is known afterwards, and is predicted; of exists and count, the one that says "
        "which rows count.",
    )
    is_at_least: float | None = Field(
        default=None, description="Yes is a value of so much or more; left out where the column is yes or no."
    )
    is_number: bool = Field(
        default=False,
        description="True where the number itself is predicted, with bounds that hold four in five times; left out "
        "where the question is yes or no, or one of several.",
    )
    classes: Annotated[
        tuple[ClassName, ...], BeforeValidator(lambda said: (said,) if isinstance(said, str) else said)
    ] = Field(
        default=(),
        description="Where it is one of several, its classes, three at least, the one to rank by first; or `sample`: "
        "those that the file has, the rarest first. Left out where the question is no such.",
    )
    unseen_class: ClassName | None = Field(
        default=None,
        description="The class that any other value counts to; left out: a row with one has no label.",
    )
    during: PositiveInt | None = Field(
        default=None, description="For how many nights the span lasts whose rows are taken, as 7."
    )
    begins: Begun = Field(
        default="midnight",
        description="When it begins: with the cutoff, or with the midnight that follows it.",
    )
    if_none: IfNone | None = Field(
        default=None,
        description="What is said where the span has no such row: 0, false, or missing, that there is no label.",
    )
    final_after: int = Field(
        default=0, ge=0, description="How many nights corrections of the span's rows are waited for."
    )
    label: Name = Field(description="What the answer is called, as `is_late`.")
    known_after: Annotated[str, AfterValidator(_check_duration)] = Field(
        default="PT0S",
        description="How long after its day a row's outcome is known, as PT2H or P1D.",
    )
    owner: str = Field(default="data-science", min_length=1, description="Who answers for the model.")

    @field_validator("cutoff")
    @classmethod
    def _ends_a_night(cls, cutoff: str | None, info: ValidationInfo) -> str | None:
        if cutoff is not None and "every" in info.data:  # else it is refused by itself
            check_cutoff(cutoff, info.data["every"])
        return cutoff

    @field_validator("classes")
    @classmethod
    def _are_a_choice(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if doubles := sorted(name for name in set(classes) if classes.count(name) > 1):
            raise ValueError(f"{', '.join(doubles)} appears twice: remove one")
        if classes not in ((), FROM_SAMPLE) and len(classes) < FEWEST:
            raise ValueError(f"of {len(classes)} it is no question which: name {FEWEST} or more, or `sample`")
        return classes

    @field_validator("unseen_class")
    @classmethod
    def _is_a_class(cls, unseen: str | None, info: ValidationInfo) -> str | None:
        classes = info.data.get("classes", FROM_SAMPLE)
        if unseen is not None and not classes:
            raise ValueError("is one of which? say them with `classes`, or `classes: sample`")
        if unseen is not None and classes != FROM_SAMPLE and unseen not in classes:
            raise ValueError(f"{unseen} is none of `classes`{suggest(unseen, classes)}")
        return unseen

    @model_validator(mode="after")
    def _names_other_columns(self) -> Answers:
        refuse_unknown(
            "groups",
            self.groups,
            (*self.in_advance, *self.key, *self.each),
            "is not in `in_advance`, `key` or `each`: add it",
        )
        known = {*self.in_advance, *self.key, *self.each, *(self.valid or ()), self.time}
        if self.predict in known:
            raise ValueError(f"predict: {self.predict} is said to be known in advance: it cannot be both")
        if self.label in self.columns:
            raise ValueError(
                f"label: {self.label} is a column of the data: call it another name, as "
                f"{'final' if self.classes or self.is_number else 'is'}_{self.label}"
            )
        return self

    @model_validator(mode="after")
    def _says_what_is_predicted(self) -> Answers:
        if self.classes and self.is_at_least is not None:
            raise ValueError("classes: stand beside `is_at_least`, which says yes or no; keep one")
        if self.is_number and self.is_at_least is not None:
            raise ValueError("is_number: stands beside `is_at_least`, which says yes or no; keep one")
        if self.is_number and self.classes:
            raise ValueError("is_number: stands beside `classes`, which say one of several; keep one")
        if self.is_number and self.each:
            raise ValueError("is_number: of whoever rows are of, `take` says whether it is one; remove it")
        if not self.each:
            fields = type(self).model_fields
            said = [name for name in OF_ENTITIES[1:] if getattr(self, name) != fields[name].default]
            if said:
                raise ValueError(
                    f"{said[0]}: says nothing of rows; remove it, or say of `each` whom it is of"
                )
            if self.predict is None:
                raise ValueError("predict: is missing; name the column that is known afterwards")
            return self
        if self.every != "day":
            raise ValueError(
                "every: whoever rows are of is predicted each day, as spans are of days: write `every: day`, with "
                "`during: 7` for what comes within a week"
            )
        self._check_population()
        self._check_label()
        return self

    def _check_population(self) -> None:
        if self.seen_within is None and self.valid is None:
            raise ValueError(
                "each: say with `seen_within` or `valid` who is one at a cutoff, as `seen_within: 28`"
            )
        if self.seen_within is not None and self.valid is not None:
            raise ValueError("valid: stands beside `seen_within`; keep one")
        if len(self.each) > 1 and f"{self.one}_id" in {name_key(name) for name in self.each}:
            raise ValueError(
                f"one: {self.one} names one of `each` alone, whose key is {self.one}_id: call all of them together "
                "by another word, as listing"
            )

    def _check_label(self) -> None:
        wanted = {
            "take": "one of " + ", ".join(TAKEN),
            "during": "how many nights, as 7",
            "if_none": "what holds then",
        }
        for name, what in wanted.items():
            if getattr(self, name) is None:
                raise ValueError(f"{name}: is missing; write {what}")
        taken, none = str(self.take), str(self.if_none)
        if none not in (allowed := TAKEN[taken]):
            raise ValueError(f"if_none: {none} is no {taken} of nothing; write {' or '.join(allowed)}")
        if taken in OF_COLUMN and self.predict is None:
            raise ValueError(f"predict: is missing; name the column whose {taken} is taken")
        if taken in OF_COLUMN and self.is_at_least is not None:
            raise ValueError(f"is_at_least: says which rows count, and says nothing of a {taken}; remove it")
        if self.classes and taken != "last":
            raise ValueError(f"classes: {taken} is no column's value; write `take: last`, or remove them")
        if self.is_at_least is not None and self.predict is None:
            raise ValueError("is_at_least: of which column? say it with `predict`")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that are used, each once."""
        predicted = [] if self.predict is None else [self.predict]
        named = [*self.key, self.time, *self.each, *(self.valid or ()), *self.in_advance, *predicted]
        return tuple(dict.fromkeys(named))

    @property
    def clock(self) -> Clock:
        """When nights end; the cutoff has to be known."""
        return Clock.model_validate({"zone": self.zone, "every": self.every, "cutoff": self.cutoff})

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
