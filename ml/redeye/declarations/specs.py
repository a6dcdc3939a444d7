"""Specs: the YAML files that declare a model, parsed and rejected once, on load.

A spec is frozen and complete; nothing downstream checks it again. Light to import, because DAG files
load specs whenever Airflow parses them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import ClassVar, Literal, Union

from pydantic import BaseModel, Field, TypeAdapter, model_validator
from pydantic.json_schema import GenerateJsonSchema

from redeye.declarations import spec_kinds
from redeye.declarations.spec_algorithms import Algorithms
from redeye.declarations.spec_candidates import AVERAGE, CONTINUED, Candidates
from redeye.declarations.spec_fields import (
    Features,
    Frozen,
    Name,
    PositiveInt,
    Relation,
    name_column,
    refuse_twice,
    refuse_unknown,
)
from redeye.declarations.spec_rules import Gates, Monitor, RecalibrationWindow
from redeye.declarations.yaml_files import read_mapping, validate
from redeye.foundation.errors import ConfigError

REQUIRED = "required"


# What the time of a row is called wherever features are joined to it.
ENTITY_TIME = "event_timestamp"


class Population(Frozen):
    """Where the rows to learn from are: one row per key."""

    relation: Relation = Field(description="schema.table in the warehouse, one row per key.")
    key: Name = Field(description="Column that identifies a row.")
    entity_time: Name = Field(description="Column with the cutoff of the row's night, naive UTC.")
    night: Name = Field(description="Column with the night that predicts the row.")


class Target(Frozen):
    """What is predicted; each kind of it may have words of its own."""

    column: Name = Field(description="Column with the label; NULL where there is none.")
    kind: str = Field(description="What kind of question it is: docs/reference/models.md.")
    known_at: Name = Field(description="Column with the instant at which the label became known, naive UTC.")

    @property
    def positive(self) -> str:
        """The word for rows whose label is true, as the column says it: `late` of `is_late`."""
        return self.column.removeprefix("is_").replace("_", " ")


class ScheduleColumn(Frozen):
    """A model input that the schedule itself states."""

    name: Name = Field(description="Column of the schedule and of the population.")
    kind: Literal["numeric", "categorical"] = Field(description="Whether it is a number.")


class Split(Frozen):
    """Windows by time, in nights; between them lies a gap of the label maturity."""

    validation_nights: PositiveInt = Field(description="By which candidates are stopped early and chosen.")
    test_nights: PositiveInt = Field(
        description="The newest, by which the gates judge; nothing is fitted to them."
    )
    minimum_train_nights: PositiveInt = Field(description="With fewer to learn from there is no training.")
    history_nights: PositiveInt = Field(description="Nights of training at most.")


class Spec(Frozen):
    """One model: what it predicts, from what, how it is trained, judged and watched.

    Each kind has a class of its own, with the keys that it adds.
    """

    behaviour: ClassVar[str] = ""
    """Of the kind: `module:class` of its `redeye.models.kinds.interface.Kind`, imported when it is used."""
    unknown: ClassVar[tuple[str, ...]] = ()
    """Keys, by their path, that the kind has no use for."""

    model: str = Field(
        pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$", description="<subject>_<target>; the file's stem."
    )
    version: PositiveInt = Field(description="Of the feature list; it names the feature service.")
    owner: str = Field(min_length=1, description="Who answers for it; the owner of its DAGs.")
    description: str = Field(min_length=1, description="What it predicts, for its DAGs and its card.")
    audience: str = Field(
        default="", description="Who uses the predictions, and for what; for the model's card."
    )
    limits: tuple[str, ...] = Field(
        default=(), description="What the predictions are not for; for the model's card."
    )
    tags: tuple[str, ...] = Field(default=(), description="Of its DAGs in Airflow.")
    population: Population
    schedule: Relation = Field(description="The coming day's rows: the same columns without outcome.")
    target: Target
    entity_keys: tuple[Name, ...] = Field(min_length=1, description="Join keys of the feature views.")
    schedule_columns: tuple[ScheduleColumn, ...] = ()
    features: Features = Field(min_length=1, description="`view:feature`; {a,b} expands as in a shell.")
    categorical_features: Features = Field(
        default=(), description="Those of the features that are no numbers."
    )
    label_maturity_nights: int = Field(ge=1, description="After so many nights labels are final.")
    # Where every row has an outcome by then, a part of the day that has not come is more than a twentieth.
    label_completeness: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="Share of a night's rows with a label below which the night waits for more.",
    )
    effective_lag_nights: int = Field(
        ge=1, description="A promotion serves so many nights after its training's."
    )
    train_cron: str | None = Field(
        default=None, pattern=r"^\S+( \S+){4}$", description="By the project's clock."
    )
    split: Split
    algorithms: Algorithms
    candidates: Candidates = Field(default_factory=Candidates, description="Beside one of each algorithm.")
    gates: Gates
    approval: Literal["none", "required"] = Field(
        default="none",
        description="required: a candidate that passed every gate is promoted only if a person approves of it in "
        "Airflow.",
    )
    monitor: Monitor
    recalibration: RecalibrationWindow | None = Field(
        default=None, description="Left out: predictions are served as the model gives them."
    )

    @model_validator(mode="after")
    def _has_no_foreign_key(self) -> Spec:
        for path in self.unknown:
            stated: object = self
            for part in path.split("."):
                stated = getattr(stated, part, None)
            if stated:
                raise ValueError(f"{path} means nothing to a target of kind {self.target.kind}: remove it")
        return self

    @model_validator(mode="after")
    def _is_coherent(self) -> Spec:
        inputs = [column.name for column in self.schedule_columns]
        refuse_twice("entity_keys", self.entity_keys)
        refuse_twice("schedule_columns", inputs)
        heuristic = self.algorithms.heuristic
        missing = "is not among the features: add it to `features`"
        read = [each for each in (heuristic.successes, heuristic.trials) if each is not None]
        refuse_unknown("algorithms.heuristic", read, self.features, missing)
        of_schedule = [each.name for each in self.schedule_columns if each.kind == "categorical"]
        grouped = f"is no categorical schedule column; there are {', '.join(of_schedule) or 'none'}"
        refuse_unknown("algorithms.heuristic.groups", heuristic.groups, of_schedule, grouped)
        refuse_unknown("categorical_features", self.categorical_features, self.features, missing)
        self._check_candidates()
        outcome = {self.target.column, self.target.known_at}
        if leaks := outcome & {*inputs, *self.entity_keys}:
            raise ValueError(f"{', '.join(sorted(leaks))} is the outcome: it cannot be an input")
        if self.gates.minimum_nights > self.split.test_nights:
            raise ValueError("gates.minimum_nights is above split.test_nights: no candidate could ever pass")
        either = "is neither a schedule column nor an entity key: use one of them"
        refuse_unknown("gates.slices", self.gates.slices.columns, (*inputs, *self.entity_keys), either)
        return self

    def _check_candidates(self) -> None:
        fitted = self.algorithms.list_declared()
        for each in self.candidates.weighted:
            taken = {*fitted, AVERAGE, *map(self.candidates.name_continued, (*fitted, AVERAGE))}
            if each.name in taken:
                raise ValueError(
                    f"candidates.weighted: {each.name} is the name of another candidate: rename it"
                )
            if each.algorithm not in fitted:
                raise ValueError(
                    f"candidates.weighted: {each.name} is of {each.algorithm}, which has no parameters under "
                    "`algorithms`"
                )
        known = {*fitted, *(each.name for each in self.candidates.weighted)}
        there = f"there are {', '.join(sorted(known))}"
        refuse_unknown("candidates.average_of", self.candidates.average_of, known, f"is no refit; {there}")
        known |= {CONTINUED, AVERAGE}
        there = f"there are {', '.join(sorted(known))}"
        refuse_unknown(
            "candidates.preference", self.candidates.preference, known, f"is no candidate; {there}"
        )

    @property
    def feature_service(self) -> str:
        """Name of the Feast feature service that holds exactly this spec's features."""
        return f"{self.model}_v{self.version}"

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Model inputs that are numbers, as frame columns, in a fixed order."""
        scheduled = tuple(column.name for column in self.schedule_columns if column.kind == "numeric")
        return scheduled + tuple(
            name_column(name) for name in self.features if name not in self.categorical_features
        )

    @property
    def categorical_columns(self) -> tuple[str, ...]:
        """Model inputs that are categories, as frame columns, in a fixed order."""
        scheduled = tuple(column.name for column in self.schedule_columns if column.kind == "categorical")
        return scheduled + tuple(name_column(name) for name in self.categorical_features)

    @property
    def hash(self) -> str:
        """SHA-256 of what the spec says, whatever its comments and layout."""
        # What came later does not change what specs without it say.
        stated = self.model_dump(mode="json", by_alias=True)
        for block, key in ((stated, "recalibration"), (stated["gates"], "improvement_confidence")):
            if block[key] is None:
                del block[key]
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()

    def schedule_select(self) -> str:
        """The SQL select list of a row's key, night, entity keys, entity time and schedule columns.

        It fits the population and the schedule alike. The entity time is called `event_timestamp`.
        """
        population = self.population
        parts = [
            population.key,
            population.night,
            f"{population.entity_time} AS {ENTITY_TIME}",
            *self.entity_keys,
        ]
        for column in self.schedule_columns:
            if column.name not in parts:
                parts.append(column.name)
        return ", ".join(parts)


def load_spec(path: Path) -> Spec:
    """The spec in one file.

    Raises:
        ConfigError: naming file, line and key of every fault, and what to do.
    """
    document = read_mapping(path, begins_with="model: <subject>_<target>")
    spec = validate(path, document, spec_kinds.choose_spec_class(path, document, Spec))
    if spec.model != path.stem:
        raise ConfigError(
            f"{path}:1: model: {spec.model!r} is not the file's stem; call the file {spec.model}.yaml"
        )
    return spec


def load_valid_specs(folder: Path) -> dict[str, Spec]:
    """The specs in a folder that can be read, by model name, sorted: one model's mistake stops no other's.

    What is wrong with the others is for `faults` to tell.
    """
    return {
        path.stem: spec for path in sorted(folder.glob("*.yaml")) if isinstance(spec := _try_load(path), Spec)
    }


def list_spec_faults(folder: Path) -> list[str]:
    """What is wrong with the specs that cannot be read: file, line and key of each fault."""
    found = [_try_load(path) for path in sorted(folder.glob("*.yaml"))]
    return [str(fault) for fault in found if isinstance(fault, ConfigError)]


def _try_load(path: Path) -> Spec | ConfigError:
    try:
        return load_spec(path)
    except ConfigError as error:
        return error


class _EditorsSchema(GenerateJsonSchema):
    """Without titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's own
        return False


def render_json_schema(model: type[BaseModel] | None = None) -> str:
    """The JSON schema of a file of declarations, for editors: of a spec of any built-in kind, or of another model."""
    if model is None:
        classes = tuple(spec_kinds.load_spec_class(name, Spec) for name in spec_kinds.list_built_in())
        any_kind: TypeAdapter[Spec] = TypeAdapter(Union[classes])  # type: ignore[arg-type] # noqa: UP007 - made at run time
        schema = any_kind.json_schema(mode="validation", schema_generator=_EditorsSchema)
    else:
        schema = model.model_json_schema(mode="validation", schema_generator=_EditorsSchema)
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
