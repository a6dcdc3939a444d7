"""What the engine asks of a kind of target: the one place where kinds differ.

A kind is bound to a spec. It says what a prediction is made of, what a label is, how good predictions are, what a
candidate must show beside what is asked of every kind, and which models learn it. Everything else is the same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Examples, Floats, Model, Training
from redeye.models.logic.amounts import Amount, Step
from redeye.models.logic.blocks import Block, Cut, Form, Table
from redeye.models.logic.evaluation import Interval, Scored
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration

Outcome = bool | float | str
"""What became of a row, as people know it."""


class Check(NamedTuple):
    """What a gate came to: whether it is passed, what was measured, what that was held against, and why."""

    is_passed: bool
    value: float | None
    bound: float | None
    reason: str


class GateCase(Protocol):
    """Candidate and champion on the nights that neither has seen, as a kind's own gates see them."""

    @property
    def ours(self) -> Scored:
        """The candidate's predictions."""

    @property
    def champion_name(self) -> str:
        """What the champion is called."""

    @property
    def confidence(self) -> float:
        """Of what decides on the replacement."""

    def compare(self, metric: str) -> Interval:
        """By how much the candidate is better, at that confidence."""


class Reliability(NamedTuple):
    """The distance between what predictions promise and what came, and how much of it a gate allows."""

    metric: str
    title: str
    bound: float


class Kind(ABC):
    """A kind of target, for one spec."""

    name: ClassVar[str]
    scored: ClassVar[type[Scored]]
    columns: tuple[str, ...]
    """What a prediction is made of, the number that rows are ranked by first: the columns in which it is stored."""
    meanings: Mapping[str, str]
    """Of `columns`, `baseline_columns` and, where they are others, `raw_columns`."""
    texts: ClassVar[Mapping[str, str]] = {}
    """What is stored and shown in words beside these numbers, with its meaning; `name_texts` says it."""
    groups: tuple[str, ...] = ()
    """Columns by which a night's rows are parted, each part ranked and judged by itself; none: all are one."""
    plural: ClassVar[str]
    """What several predictions are called."""
    hit: ClassVar[str]
    """When `is_hit`, in words."""
    has_classes: ClassVar[bool] = False
    """Whether labels are true or false, so that shifts of the two can be told apart."""
    outcome_form: ClassVar[str] = "number"
    """What an outcome is to consumers: a flag, a number or a text."""
    base_metrics: ClassVar[tuple[str, ...]]
    """In which a candidate must be no worse than what is said of every row alike."""
    algorithms: ClassVar[Mapping[str, str]]
    """By a spec's name for it, `module:class` of each algorithm that learns this kind, and `average`; a class whose
    models are of this kind alone has the algorithm's name `<kind>_<name>`."""

    def __init__(self, spec: Spec) -> None:
        """Binds the kind to a spec."""
        self.spec = spec

    @property
    def baseline_columns(self) -> tuple[str, ...]:
        """Where the heuristic's prediction of a row is stored."""
        return tuple(f"baseline_{name}" for name in self.columns)

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """Where a row's prediction is stored as the version made it."""
        return self.columns

    @property
    def lists_outcomes(self) -> bool:
        """Whether outcomes are few enough to be listed, so that a new one is told."""
        return self.has_classes

    @property
    def shown(self) -> Mapping[str, str]:
        """The columns that pages show of a prediction, with their heads."""
        return {name: name.capitalize() for name in self.columns}

    @property
    def reliability(self) -> Reliability | None:
        """What predictions promise beside being near, if the kind has such a thing."""
        return None

    @property
    def charted(self) -> Mapping[str, str]:
        """The metrics that a model's page draws by night, with what is said above each."""
        best = {
            name: "higher" if name in self.scored.HIGHER_IS_BETTER else "lower" for name in self.scored.TITLES
        }
        return {name: f"{capitalize(self.scored.TITLES[name])}, {best[name]} is better" for name in best}

    @property
    def own_gates(self) -> Mapping[str, Callable[[GateCase], Check]]:
        """Gates of this kind alone, by name."""
        return {}

    @abstractmethod
    def score(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> Scored:
        """Predictions with their labels and nights.

        Raises:
            ValueError: if there are no rows, or something is no label or no prediction of this kind.
        """

    def score_frame(
        self, rows: pd.DataFrame, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike
    ) -> Scored:
        """As `score`, of rows that have the columns of `groups`."""
        del rows
        return self.score(labels, predictions, nights)

    @abstractmethod
    def check_labels(self, labels: Floats) -> None:
        """Refuse what is no label of this kind.

        Raises:
            ValueError: saying what it is.
        """

    @abstractmethod
    def select_label(self, column: str) -> str:
        """SQL that gives a column's value as a number where it is a label of this kind, else NULL."""

    def select_learned(self, column: str) -> str:
        """SQL of what is learned from: the column as it is, where it holds numbers."""
        return column

    @abstractmethod
    def learn_base(self, labels: Floats) -> Floats:
        """What can be said of every row alike, by the labels of a training."""

    @abstractmethod
    def describe_base(self, base: Floats) -> str:
        """That, in words."""

    @abstractmethod
    def make_constant(self, base: Floats) -> Model[Any]:
        """A heuristic that says it of every row."""

    def find_algorithm(self, name: str) -> type[Model[Any]]:
        """The class that learns a spec's algorithm for this kind.

        Raises:
            ValueError: if there is none.
        """
        if name not in self.algorithms:
            known = ", ".join(self.algorithms)
            raise ValueError(f"no {name} learns a target of kind {self.name}; there are {known}")
        found: type[Model[Any]] = load_object(self.algorithms[name])
        return found

    def fit(self, name: str, training: Training, params: Any) -> Model[Any]:  # noqa: ANN401  as the models' own
        """What a spec's algorithm learns.

        Raises:
            ValueError: if no such algorithm learns this kind, or the rows are not enough.
        """
        model: Model[Any] = self.find_algorithm(name).fit(training, params)
        return model

    def make_average(self, members: Mapping[str, Model[Any]]) -> Model[Any]:
        """The equal-weight combination of fitted models, by their names."""
        return self.find_algorithm("average")(members)  # type: ignore[call-arg]  # each is made of members

    def describe_answer(self, one: str, positive: str) -> dict[str, str]:
        """What each number of an answer to consumers means; `positive` is the word for a true label."""
        del one, positive
        return {name: self.meanings[name] for name in (*self.columns, *self.baseline_columns)}

    @abstractmethod
    def read_outcome(self, label: float) -> Outcome:
        """A label as people know it."""

    @abstractmethod
    def is_hit(self, row: Mapping[str, Any], outcome: Outcome) -> bool | None:
        """Whether what was said of a row came; None where it promised nothing."""

    def name_texts(self, rows: pd.DataFrame) -> Mapping[str, Sequence[str]]:
        """What `texts` are of each row, by its columns."""
        del rows
        return {}

    @property
    def told(self) -> tuple[str, bool]:
        """The column of predictions whose drift is measured, and whether it holds numbers."""
        return self.columns[0], True

    def tell(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of predictions with the column of `told`."""
        return rows.assign(**self.name_texts(rows)) if self.texts else rows

    def derive_checks(self, rows: pd.DataFrame) -> Mapping[str, pd.Series]:
        """Columns of this kind alone for the audit of a night's predictions."""
        del rows
        return {}

    def adjust(self, model: Model[Any], judged: Examples) -> Model[Any]:
        """A fitted model, brought in line with later rows that it was not fitted to."""
        del judged
        return model

    def recalibrate(self, raw: Floats, by: Recalibration) -> Floats:
        """Predictions as served; the raw ones themselves by the identity.

        Raises:
            ValueError: if the kind has no recalibration.
        """
        if by != IDENTITY:
            raise ValueError(f"predictions of kind {self.name} are not recalibrated")
        return raw

    def judge_recalibration(self, rows: pd.DataFrame, night: date) -> JudgedRecalibration | None:
        """What later nights say of the champion's own rows, with label, night and all columns; None of no such kind."""
        del rows, night
        return None

    def describe_recalibration(self, by: Recalibration, prediction: Mapping[str, Any]) -> str:
        """What it did to a prediction, in words."""
        del prediction
        return f"{by.intercept!r} added after {by.slope!r} times"

    @property
    def amount(self) -> Amount:
        """The number that an explanation credits inputs with."""
        return Amount(self.columns[0], self.columns[0])

    def measure_amount(self, model: Model[Any], frame: pd.DataFrame) -> Floats:
        """That number of each row: by default the one that rows are ranked by."""
        return self.split(model.predict(frame))[self.columns[0]]

    def choose_amount(self, model: Model[Any], row: pd.DataFrame) -> Callable[[pd.DataFrame], Floats]:
        """What gives that number of rows which are like one row but for what is known of it."""
        del row
        return partial(self.measure_amount, model)

    def trace(self, model: Model[Any], row: pd.DataFrame) -> tuple[Step, ...]:
        """How a version's prediction of one row came about from that number; none where it is the prediction."""
        del model, row
        return ()

    def show_matured(self, rows: pd.DataFrame, cuts: Sequence[Cut]) -> tuple[Block, ...]:
        """What a model's page shows of matured predictions: by default the loss of each cut, beside the heuristic's.

        `rows` have label, night and all columns; a cut names its rows by position.
        """
        loss = self.scored.TITLES[self.scored.LOSS]
        found: list[Sequence[str | float | None]] = [
            (
                cut.by,
                cut.value,
                len(cut.rows),
                *(
                    self.score_rows(rows.iloc[list(cut.rows)], columns).measure(self.scored.LOSS)
                    for columns in (self.columns, self.baseline_columns)
                ),
            )
            for cut in cuts
        ]
        heads = (capitalize(loss), Form.NUMBER), ("Heuristic", Form.NUMBER)
        return (Table((("Slice", Form.TEXT), ("", Form.TEXT), ("Rows", Form.COUNT), *heads), found),)

    def split(self, predictions: Floats) -> dict[str, Floats]:
        """Predictions by the columns in which they are stored."""
        return name_columns(np.asarray(predictions, dtype=np.float64), self.columns)

    def score_rows(self, rows: pd.DataFrame, columns: Sequence[str]) -> Scored:
        """Rows with `label` and `night` whose predictions lie in `columns`, in the order of `self.columns`."""
        labels, nights = rows["label"].to_numpy(), rows["night"].to_numpy()
        return self.score_frame(rows, labels, stack_columns(rows, columns), nights)


def fill_raw(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Predictions with what the version said; rows from before there was a recalibration were served as it said."""
    filled = rows
    for raw, own in zip(kind.raw_columns, kind.columns, strict=True):
        if raw not in rows:
            filled = filled.assign(**{raw: rows[own]})
        elif own in rows and raw != own:
            filled = filled.assign(**{raw: rows[raw].where(rows[raw].notna(), rows[own])})
    return filled


def stack_columns(rows: pd.DataFrame, columns: Sequence[str]) -> Floats:
    """The predictions of rows as a model gives them: a number each, or a row of them."""
    if len(columns) == 1:
        return rows[columns[0]].to_numpy(dtype=np.float64)
    return rows[list(columns)].to_numpy(dtype=np.float64)


def name_columns(predictions: Floats, columns: Sequence[str]) -> dict[str, Floats]:
    """The inverse of `stack_columns`."""
    parts = [predictions] if predictions.ndim == 1 else list(predictions.T)
    return dict(zip(columns, parts, strict=True))


def capitalize(title: str) -> str:
    """A title with a capital at its beginning, and the others as they are."""
    return title[:1].upper() + title[1:]


def find_kind(spec: Spec) -> Kind:
    """The kind of a spec's target, bound to it."""
    kind: type[Kind] = load_object(spec.behaviour)
    return kind(spec)


def load_object(path: str) -> Any:  # noqa: ANN401  whatever the path names
    """What `module:name` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
