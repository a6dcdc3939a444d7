"""Specs: the YAML files that declare a model, parsed and rejected once, at the door.

A spec is frozen and complete; nothing downstream checks it again. Light to import, because DAG files
load specs whenever Airflow parses them.
"""

from __future__ import annotations

import hashlib
import json
import re
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from redeye.core.errors import ConfigError
from redeye.core.spec_errors import explain

FEATURE = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
BRACES = re.compile(r"\{([^{}]*)\}")


def expand_braces(pattern: str) -> tuple[str, ...]:
    """`a_{1n,7n}` becomes `a_1n`, `a_7n`, as in a shell; braces do not nest.

    Raises:
        ValueError: if a brace stands alone or an alternative is empty.
    """
    pieces = BRACES.split(pattern)
    fixed, choices = pieces[::2], [piece.split(",") for piece in pieces[1::2]]
    if any("{" in text or "}" in text for text in fixed):
        raise ValueError(f"unbalanced braces in {pattern!r}: write {{a,b}} without nesting")
    if any(not choice.strip() for options in choices for choice in options):
        raise ValueError(f"an empty alternative in {pattern!r}: write {{a,b}}")
    return tuple(
        "".join(text + choice for text, choice in zip(fixed, (*(c.strip() for c in chosen), ""), strict=True))
        for chosen in product(*choices)
    )


def expand_features(patterns: object) -> object:
    """The features named by a list of patterns, in order.

    Raises:
        ValueError: on a name that is not `view:feature`, or one that appears twice.
    """
    if not isinstance(patterns, list | tuple) or not all(isinstance(pattern, str) for pattern in patterns):
        return patterns
    names: list[str] = []
    for pattern in patterns:
        for name in expand_braces(pattern):
            if not FEATURE.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no feature: write view:feature in lower case, as carrier_delays:flights_7n"
                )
            if name in names:
                raise ValueError(f"{name!r} appears twice: remove one")
            names.append(name)
    return tuple(names)


def column_of(feature: str) -> str:
    """The column of `view:feature` in a frame: `view__feature`."""
    return feature.replace(":", "__", 1)


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Relation = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Feature = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$")]
Features = Annotated[
    tuple[Feature, ...],
    BeforeValidator(expand_features),
    WithJsonSchema(
        {"type": "array", "items": {"type": "string", "pattern": r"^[a-z0-9_{},]+:[a-z0-9_{},]+$"}}
    ),
]
Share = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(ge=1)]


class Frozen(BaseModel):
    """Immutable, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Population(Frozen):
    """Where the rows to learn from are: one row per key."""

    relation: Relation = Field(description="schema.table in the warehouse, one row per key.")
    key: Name = Field(description="Column that identifies a row.")
    entity_time: Name = Field(description="Column with the cutoff of the row's night, naive UTC.")
    night: Name = Field(description="Column with the night that predicts the row.")


class Target(Frozen):
    """What is predicted."""

    column: Name = Field(description="Column with the label; NULL where there is none.")
    kind: Literal["binary"] = Field(description="binary: the probability that the label is true.")
    known_at: Name = Field(description="Column with the instant at which the label became known, naive UTC.")


class ScheduleColumn(Frozen):
    """A model input that the schedule itself states."""

    name: Name
    kind: Literal["numeric", "categorical"]


class Split(Frozen):
    """Windows by time, in nights; between them lies a gap of the label maturity."""

    validation_nights: PositiveInt
    test_nights: PositiveInt
    minimum_train_nights: PositiveInt
    history_nights: PositiveInt = Field(description="Nights of training at most.")


class HeuristicParams(Frozen):
    """Smoothed rate: (successes + strength * prior) / (trials + strength); the prior is learned."""

    successes: Feature
    trials: Feature
    prior_strength: float = Field(gt=0, description="How many rows the prior counts for.")


class LogisticParams(Frozen):
    """Logistic regression on imputed, scaled and one-hot encoded inputs."""

    regularization: float = Field(gt=0, description="Inverse strength (C): smaller is stronger.")
    maximum_iterations: PositiveInt
    maximum_categories: PositiveInt = Field(
        description="Per categorical column; the rarest beyond it count as unseen."
    )


class XGBoostParams(Frozen):
    """Gradient-boosted trees with early stopping on the validation window."""

    rounds: PositiveInt
    early_stopping_rounds: PositiveInt
    learning_rate: float = Field(gt=0, le=1)
    max_depth: int = Field(ge=1, le=16)
    min_child_weight: float = Field(ge=0)
    subsample: float = Field(gt=0, le=1)
    colsample_bytree: float = Field(gt=0, le=1)
    reg_lambda: float = Field(ge=0)
    max_bin: int = Field(ge=2)


class TorchParams(Frozen):
    """A perceptron on piecewise-linear numbers and embedded categories, stopped by the validation window."""

    pieces: int = Field(ge=2, le=64, description="Per numeric column, between quantiles of training.")
    embedding: PositiveInt = Field(description="Numbers that stand for a category.")
    hidden: PositiveInt = Field(description="Units of each hidden layer.")
    layers: int = Field(ge=1, le=8, description="Hidden layers.")
    dropout: float = Field(ge=0, lt=1, description="Share of hidden units left out of a step.")
    column_dropout: float = Field(ge=0, lt=1, description="Share of a row's numbers left out of a step.")
    category_dropout: float = Field(ge=0, lt=1, description="Share of categories learned from as unknown.")
    learning_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0)
    batch_rows: PositiveInt
    maximum_epochs: PositiveInt
    evaluations_per_epoch: PositiveInt = Field(description="How often validation is looked at.")
    patience: PositiveInt = Field(description="Evaluations without a better one, after which it ends.")


class Algorithms(Frozen):
    """The candidates. The heuristic is always there: it is the first champion and the last resort."""

    heuristic: HeuristicParams
    logistic: LogisticParams | None = None
    xgboost: XGBoostParams | None = None
    torch: TorchParams | None = None

    def chosen(self) -> dict[str, Frozen]:
        """Parameters by name of algorithm, in order of declaration."""
        return {
            name: params for name in type(self).model_fields if (params := getattr(self, name)) is not None
        }


class Gates(Frozen):
    """What a candidate must show on the test window to replace the champion."""

    primary_metric: Literal["log_loss", "brier", "auc", "pr_auc"]
    minimum_improvement: float = Field(
        ge=0, description="The bound of the paired improvement must lie above it."
    )
    confidence: float = Field(gt=0.5, lt=1, description="One-sided confidence of every bound.")
    bootstrap_samples: int = Field(ge=100, description="Resamplings of whole nights.")
    maximum_auc_drop: Share
    maximum_calibration_error: Share
    minimum_spread: float = Field(gt=0, description="Standard deviation of the predictions.")
    minimum_rows: PositiveInt
    minimum_nights: int = Field(ge=2)


class Threshold(Frozen):
    """Surely above `watch` a person should look; surely above `act` the verdict asks for an act.

    Surely: the confidence bound is above it, not the figure alone.
    """

    watch: float = Field(ge=0)
    act: float = Field(ge=0)

    @model_validator(mode="after")
    def _is_ordered(self) -> Threshold:
        if self.act < self.watch:
            raise ValueError(f"act ({self.act}) is below watch ({self.watch}): raise act or lower watch")
        return self


class Quality(Frozen):
    """Thresholds on the quality measured with matured labels."""

    auc_drop: Threshold = Field(description="Against the champion's own test.")
    relative_log_loss: Threshold = Field(
        description="Log loss over that of the window's base rate; at 1 one number for all flights does as well."
    )
    calibration_error: Threshold


class Retraining(Frozen):
    """What stands between a verdict and a training."""

    persistence_nights: PositiveInt = Field(description="So many verdicts `retrain`, tonight's among them,")
    of_nights: PositiveInt = Field(description="within so many nights.")
    cooldown_nights: int = Field(ge=0, description="After a request or a promotion: nights without request.")
    budget_per_month: PositiveInt = Field(description="Requests per calendar month at most.")

    @model_validator(mode="after")
    def _is_possible(self) -> Retraining:
        if self.persistence_nights > self.of_nights:
            raise ValueError(
                f"persistence_nights ({self.persistence_nights}) is above of_nights ({self.of_nights}): "
                "no training would ever be asked for"
            )
        return self


class Drift(Frozen):
    """What counts as drift: beyond what windows of the same length of clean history show."""

    quantile: float = Field(
        default=0.98,
        gt=0.5,
        le=1,
        description="Of a statistic over the history's windows of the same length.",
    )
    margin: float = Field(default=1.25, ge=1, description="A threshold is that quantile times this.")
    minimum_share: Share = Field(
        default=0.05, description="A smaller share of drifted features never counts, whatever history shows."
    )
    maximum_excess: float = Field(
        default=8, gt=1, description="One feature so many times beyond its threshold counts by itself."
    )
    minimum_rows: PositiveInt = Field(default=200, description="Fewer rows are not judged.")
    minimum_week_nights: int = Field(default=6, ge=1, le=7, description="A week with fewer is not judged.")
    maximum_categories: int = Field(
        default=20, ge=2, description="Per categorical column: the most frequent; the rest is one, `other`."
    )


class Monitor(Frozen):
    """When a model's quality deserves a look or an act."""

    window_nights: PositiveInt
    minimum_rows: PositiveInt = Field(description="Of the champion's own predictions; fewer are not judged.")
    quality: Quality
    maximum_degraded_share: Share = Field(description="Of the window's rows; above it a person should look.")
    maximum_age_nights: PositiveInt = Field(description="Of a champion; above it a person should look.")
    retraining: Retraining
    drift: Drift = Field(default_factory=Drift, description="Thresholds come from the history itself.")


class Spec(Frozen):
    """One model: what it predicts, from what, how it is trained, judged and watched."""

    model: str = Field(
        pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$", description="<subject>_<target>; the file's stem."
    )
    version: PositiveInt = Field(description="Of the feature list; it names the feature service.")
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    audience: str = Field(
        default="", description="Who uses the predictions, and for what; for the model's card."
    )
    limits: tuple[str, ...] = Field(
        default=(), description="What the predictions are not for; for the model's card."
    )
    tags: tuple[str, ...] = ()
    population: Population
    schedule: Relation = Field(description="The coming day's rows: the same columns without outcome.")
    target: Target
    entity_keys: tuple[Name, ...] = Field(min_length=1, description="Join keys of the feature views.")
    schedule_columns: tuple[ScheduleColumn, ...] = ()
    features: Features = Field(min_length=1, description="`view:feature`; {a,b} expands as in a shell.")
    categorical_features: Features = Field(
        default=(), description="Those of the features that are no numbers."
    )
    label_maturity_nights: int = Field(ge=1)
    effective_lag_nights: int = Field(ge=1)
    train_cron: str | None = Field(default=None, pattern=r"^\S+( \S+){4}$", description="New York time.")
    split: Split
    algorithms: Algorithms
    gates: Gates
    monitor: Monitor

    @model_validator(mode="after")
    def _is_coherent(self) -> Spec:
        inputs = [column.name for column in self.schedule_columns]
        for label, names in (("entity_keys", self.entity_keys), ("schedule_columns", inputs)):
            if doubles := {name for name in names if list(names).count(name) > 1}:
                raise ValueError(f"{label}: {', '.join(sorted(doubles))} appears twice: remove one")
        known = set(self.features)
        heuristic = self.algorithms.heuristic
        for label, names in (
            ("algorithms.heuristic", (heuristic.successes, heuristic.trials)),
            ("categorical_features", self.categorical_features),
        ):
            if unknown := [name for name in names if name not in known]:
                raise ValueError(
                    f"{label}: {', '.join(unknown)} is not among the features: add it to `features`"
                )
        outcome = {self.target.column, self.target.known_at}
        if leaks := outcome & {*inputs, *self.entity_keys}:
            raise ValueError(f"{', '.join(sorted(leaks))} is the outcome: it cannot be an input")
        if self.gates.minimum_nights > self.split.test_nights:
            raise ValueError("gates.minimum_nights is above split.test_nights: no candidate could ever pass")
        return self

    @property
    def feature_service(self) -> str:
        """Name of the Feast feature service that holds exactly this spec's features."""
        return f"{self.model}_v{self.version}"

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Model inputs that are numbers, as frame columns, in a fixed order."""
        scheduled = tuple(column.name for column in self.schedule_columns if column.kind == "numeric")
        return scheduled + tuple(
            column_of(name) for name in self.features if name not in self.categorical_features
        )

    @property
    def categorical_columns(self) -> tuple[str, ...]:
        """Model inputs that are categories, as frame columns, in a fixed order."""
        scheduled = tuple(column.name for column in self.schedule_columns if column.kind == "categorical")
        return scheduled + tuple(column_of(name) for name in self.categorical_features)

    @property
    def hash(self) -> str:
        """SHA-256 of what the spec says, whatever its comments and layout."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def schedule_select(self) -> str:
        """The SQL select list of a row's key, night, entity keys, entity time and schedule columns.

        It fits the population and the schedule alike. The entity time is called `event_timestamp`.
        """
        population = self.population
        parts = [
            population.key,
            population.night,
            f"{population.entity_time} AS event_timestamp",
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
    try:
        document: Any = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such spec; put one there or correct the name") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            f"{path}:{line}: not readable as YAML: {error.problem}; correct that line"
        ) from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}:1: a spec is a mapping of keys; start with `model: <subject>_<target>`")
    try:
        spec = Spec.model_validate(document)
    except ValidationError as error:
        raise ConfigError(explain(path, document, error, Spec)) from error
    if spec.model != path.stem:
        raise ConfigError(
            f"{path}:1: model: {spec.model!r} is not the file's stem; call the file {spec.model}.yaml"
        )
    return spec


def sound_specs(folder: Path) -> dict[str, Spec]:
    """The specs in a folder that can be read, by model name, sorted: one model's mistake stops no other's.

    What is wrong with the others is for `faults` to tell.
    """
    return {
        path.stem: spec for path in sorted(folder.glob("*.yaml")) if isinstance(spec := _tried(path), Spec)
    }


def faults(folder: Path) -> list[str]:
    """What is wrong with the specs that cannot be read: file, line and key of each fault."""
    found = [_tried(path) for path in sorted(folder.glob("*.yaml"))]
    return [str(fault) for fault in found if isinstance(fault, ConfigError)]


def _tried(path: Path) -> Spec | ConfigError:
    try:
        return load_spec(path)
    except ConfigError as error:
        return error


def json_schema() -> str:
    """The JSON schema of a spec file, for editors; kept in `ml/specs/schema.json`."""
    return json.dumps(Spec.model_json_schema(mode="validation"), indent=2, sort_keys=True) + "\n"
