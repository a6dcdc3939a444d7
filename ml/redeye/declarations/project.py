"""The project's declaration, `redeye.yaml` at the root: its clock and subject, and the Python that only it has.

Read once a process. Light to import, because DAG files read it whenever Airflow parses them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from redeye.declarations.clock import Clock
from redeye.declarations.datasets import Datasets
from redeye.declarations.span import DueNights, find_due_nights
from redeye.declarations.spec_fields import Frozen, Name, PythonName, refuse_twice, refuse_unknown
from redeye.declarations.subject import Subject
from redeye.declarations.successions import Succession
from redeye.declarations.yaml_files import load_declaration, suggest
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT

PROJECT_FILE = PROJECT_ROOT / "redeye.yaml"


class Audits(Frozen):
    """What only the project can compute of its data, for its suites in `expectations/` to judge."""

    arrivals: PythonName | None = Field(
        default=None,
        description="Derived columns and nightly profiles of deliveries: a "
        "`redeye.audits.declared_checks.ArrivalChecks`. Left out: what the contracts themselves say.",
    )
    releases: PythonName | None = Field(
        default=None,
        description="The SQL of the frames that a release is judged by: a function that gives it by suite. Left "
        "out: the rows of the dbt model that each suite is named after.",
    )
    planted: PythonName | None = Field(
        default=None,
        description="Faults that `./redeye arrival-checks` plants: a function that gives "
        "`redeye.sources.logic.faults.PlantedFault` by name.",
    )


Constant = int | float | str | tuple[int, ...]
"""A fact of the data in numbers or words."""


class Slicing(Frozen):
    """A way to cut predictions into parts, to show the quality of each."""

    by: str = Field(min_length=1, description="What it is cut by, for people.")
    column: Name = Field(description="Of the predictions.")
    part: Literal["hour"] | None = Field(
        default=None, description="Of an instant, the part to cut by, by the clock's zone."
    )


class Restatements(Frozen):
    """What a row of a delivery that was restated is behind of."""

    outcomes: Name | None = Field(
        default=None, description="The dataset whose rows are the subjects' own outcomes."
    )
    key: str = Field(
        default="", description="The subject's key out of such a row: Python's format, over its text."
    )
    of_one_night: tuple[Name, ...] = Field(
        default=(), description="Datasets whose rows count in the features of their own night alone."
    )
    shared: dict[Name, Name] = Field(
        default={},
        description="A dataset's column, and the predictions' that holds the same key: both name what some "
        "feature is computed for.",
    )


class FirstRun(Frozen):
    """What `make run` does in an empty installation."""

    model: Name = Field(description="The model that is trained and scored first.")
    history_last: date = Field(description="The last night that is built at once, and learned from.")
    scored_last: date = Field(description="The last night that is played, one by one.")
    outcome: str = Field(
        min_length=1, description="What is likely of the rows shown: `most likely to …`, with {constants}."
    )


class Project(Frozen):
    """What a project declares once for all of its models."""

    project: Name = Field(description="The project's name.")
    clock: Clock
    holidays: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2}$",
        description="ISO code of the country whose public holidays the warehouse holds.",
    )
    source: PythonName | None = Field(
        default=None,
        description="The source of deliveries, where Python delivers: a `redeye.sources.logic.deliveries.Source`.",
    )
    datasets: Datasets | None = Field(
        default=None, description="What is delivered, where it is declared: by name of the dataset."
    )
    audits: Audits = Audits()
    constants: Mapping[Name, Constant] = Field(
        default={},
        description="Facts of the data that SQL and Python share, by name: dbt has a macro of each.",
    )
    rehearsals: PythonName | None = Field(
        default=None,
        description="What puts faults into the deliveries: a `redeye.sources.configured_source.FaultySource`.",
    )
    subject: Subject
    slices: tuple[Slicing, ...] = Field(default=(), description="By which quality is shown.")
    successions: tuple[Succession, ...] = Field(
        default=(), description="Codes that others replace: audits, features and slices follow them."
    )
    restatements: Restatements = Restatements()
    first_run: FirstRun | None = Field(
        default=None, description="Left out: the first model, and all nights but the last three as history."
    )

    @model_validator(mode="after")
    def _says_where_data_comes_from(self) -> Project:
        if self.source and self.datasets:
            raise ValueError(
                "datasets: stands beside `source`; keep what Python delivers, or what is declared"
            )
        if not self.source and not self.datasets:
            raise ValueError("source: is missing; add it, or `datasets`")
        return self

    @model_validator(mode="after")
    def _has_a_span_of_declared_rows(self) -> Project:
        if (span := self.subject.span) is None:
            return self
        known = sorted(self.datasets or {})
        if span.of not in known:
            raise ValueError(f"subject.span.of: {span.of} is no declared dataset{suggest(span.of, known)}")
        if self.clock.every != "day" or self.clock.skip:
            raise ValueError(
                "subject.span: is of nights that are days, none of them skipped: leave out `clock.every` and "
                "`clock.skip`, or write the label's model without it"
            )
        return self

    @property
    def due_nights(self) -> DueNights | None:
        """When labels of the subject's span come to be known; None if it has none."""
        span = self.subject.span
        if span is None or self.datasets is None:
            return None
        return find_due_nights(span, self.clock, self.datasets[span.of].known_at)

    @model_validator(mode="after")
    def _names_columns_of_the_subject(self) -> Project:
        missing = "is no column of the subject: add it to `subject.columns`"
        columns = self.subject.columns
        refuse_unknown("slices", [each.column for each in self.slices], columns, missing)
        refuse_unknown("successions", [each.key for each in self.successions], columns, missing)
        refuse_twice("successions", [f"{each.column} {each.old}" for each in self.successions])
        refuse_unknown("restatements.shared", self.restatements.shared.values(), columns, missing)
        return self


def load_project(path: Path) -> Project:
    """The declaration in one file.

    Raises:
        ConfigError: naming file, line and key of every fault, and what to do.
    """
    return load_declaration(path, Project, begins_with="project: <name>")


@lru_cache(maxsize=1)
def project() -> Project:
    """The declaration of the project that this engine runs.

    Raises:
        ConfigError: as `load_project`.
    """
    return load_project(PROJECT_FILE)


def name_schedule() -> str | None:
    """The dataset that announces the coming day's rows; None if none does."""
    return project().subject.schedule


def import_named(name: str, *, said_by: str) -> Callable[..., Any]:
    """The class or function that `module:name` names, as a key or a variable has it: `said_by`, for the operator.

    Raises:
        ConfigError: if it is not `module:name`, cannot be imported, or is neither class nor function.
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ConfigError(f"{said_by} must be `module:name`, got {name!r}")
    if (folder := str(PROJECT_ROOT)) not in sys.path:
        sys.path.append(folder)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{said_by} names {name!r}, which cannot be loaded: {error}") from error
    if not callable(found):
        raise ConfigError(f"{said_by} names {name!r}, which is neither a class nor a function")
    return found
