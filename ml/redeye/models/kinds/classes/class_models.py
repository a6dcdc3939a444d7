"""Models that say the probability of each of several classes: by groups, or as the average of others."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.models.algorithms.average import AverageModel, MemberAverage
from redeye.models.algorithms.base import (
    MAXIMUM_CATEGORIES,
    Categories,
    Examples,
    Floats,
    Model,
    Params,
    Training,
)
from redeye.models.algorithms.heuristic import GroupedAnswers, list_cells, read_answers
from redeye.models.kinds.classes.scored_classes import ScoredClasses
from redeye.models.kinds.classes.temperature import find_slope, sharpen
from redeye.models.kinds.multiclass_spec import name_class_column

HEADER = "classes.json"


@dataclass(frozen=True)
class Choice:
    """Between what is chosen.

    Attributes:
        classes: their names, in order.
        slope: by which log probabilities are multiplied, one over the temperature.
        nights: whose labels it was found by, in words; empty if nobody said.
        rows: how many labels these were.
    """

    classes: tuple[str, ...]
    slope: float = 1.0
    nights: str = ""
    rows: int = 0


@dataclass(frozen=True)
class ClassTraining(Training):
    """A training of probabilities of classes."""

    choice: Choice


@dataclass(frozen=True)
class ClassModel(Model[Params]):
    """A probability of each class, sharpened or blunted by one temperature."""

    answer: ClassVar[str] = "distribution"

    choice: Choice

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]  # of each model its own
        """One per class."""
        return tuple(name_class_column(each) for each in self.choice.classes)

    @abstractmethod
    def predict_classes(self, frame: pd.DataFrame) -> Floats:
        """The probability of each class as it was learned."""

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Per row the probability of each class."""
        return sharpen(self.predict_classes(frame), self.choice.slope)

    def count_invalid(self, predictions: Floats) -> int:
        """How many rows are no probabilities that add up to 1."""
        return ScoredClasses.count_invalid(predictions)

    def correct(self, judged: Examples, nights: str = "") -> Self:
        """The model with the temperature that later rows, of these nights, ask for."""
        slope = find_slope(self.predict_classes(judged.frame), judged.labels)
        choice = replace(self.choice, slope=slope, nights=nights, rows=len(judged.labels))
        return replace(self, choice=choice)

    def facts(self) -> dict[str, float]:
        """What the algorithm says of its fit, and the temperature."""
        return {**super().facts(), "temperature": 1 / self.choice.slope}

    def write_header(self, **more: Any) -> dict[str, bytes]:  # noqa: ANN401  whatever JSON holds
        """The file of JSON with what is asked, and more."""
        # Not sorted: columns keep their order.
        return {HEADER: json.dumps({**vars(self.choice), **more}).encode()}


def read_header(files: Mapping[str, bytes]) -> tuple[Choice, dict[str, Any]]:
    """Between what is chosen, and what else stands beside it."""
    content = json.loads(files[HEADER])
    classes = tuple(content.pop("classes"))
    return Choice(classes, *(content.pop(name) for name in ("slope", "nights", "rows"))), content


def read_choice(training: Training) -> Choice:
    """The classes of a training.

    Raises:
        TypeError: if it has none.
        ValueError: if there are no rows, or those to learn from are all of one class.
    """
    if not isinstance(training, ClassTraining):
        raise TypeError("this training does not say between which classes to choose")
    if len(np.unique(training.train.labels)) < 2 or not len(training.valid.labels):
        raise ValueError(
            f"the training rows ({len(training.train.labels)}) are of one class, or there are no validation rows: "
            "widen the window"
        )
    return training.choice


def count_shares(labels: Floats, classes: int, weights: Floats | None = None) -> Floats:
    """The share of each class, kept off 0 by a row of each."""
    own = np.ones(len(labels)) if weights is None else weights / weights.mean()
    counts = np.bincount(labels.astype(np.int64), own, minlength=classes) + 1.0
    shares: Floats = counts / counts.sum()
    return shares


@dataclass(frozen=True)
class ClassHeuristic(ClassModel[HeuristicParams], GroupedAnswers):
    """Shares of the classes by groups, drawn towards those of what a group is part of.

    Attributes:
        base: the shares of all labels.
        known: the values of the columns that rows are grouped by.
        cells: for the first of these columns, for the first two and so on, the shares of each group.
    """

    algorithm: ClassVar[str] = "multiclass_heuristic"

    base: tuple[float, ...]
    known: Categories = field(default_factory=lambda: Categories({}))
    cells: tuple[Mapping[int, tuple[float, ...]], ...] = ()

    @classmethod
    def fit(cls, training: Training, params: HeuristicParams) -> Self:
        """Learns the shares of each group: its counts, and `prior_strength` rows that are as its parent's."""
        train = training.train
        if not isinstance(training, ClassTraining) or not len(train.labels):
            raise ValueError("there are no training rows of classes: widen the window")
        classes = len(training.choice.classes)
        base = count_shares(train.labels, classes, train.weights)
        own = np.ones(len(train.labels)) if train.weights is None else train.weights / train.weights.mean()
        came = np.eye(classes)[train.labels.astype(np.int64)] * own[:, None]
        known = Categories.learn(train.frame, params.groups, MAXIMUM_CATEGORIES)
        found: list[Mapping[int, tuple[float, ...]]] = []
        parents = np.tile(base, (len(came), 1))
        for cells in list_cells(known, train.frame):
            names, first, place = np.unique(cells, return_index=True, return_inverse=True)
            counts = np.zeros((len(names), classes))
            np.add.at(counts, place, came)
            drawn = counts + params.prior_strength * parents[first]
            drawn /= drawn.sum(axis=1, keepdims=True)
            rows = zip(names.tolist(), drawn.tolist(), strict=True)
            found.append({name: tuple(shares) for name, shares in rows if name >= 0})
            parents = np.where((cells >= 0)[:, None], drawn[place], parents)
        return cls(training.choice, tuple(base.tolist()), known, tuple(found))

    def predict_classes(self, frame: pd.DataFrame) -> Floats:
        """Those of the smallest group that is known."""
        return self.find_answers(frame)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        choice, content = read_header(files)
        return cls(choice, *read_answers(content))


@dataclass(frozen=True)
class ClassAverage(ClassModel[Any], MemberAverage):
    """The mean of the members' log probabilities, brought to the sum 1: of two classes the mean log odds."""

    algorithm: ClassVar[str] = "multiclass_average"

    average: AverageModel

    def predict_classes(self, frame: pd.DataFrame) -> Floats:
        """The members' geometric mean."""
        return average_classes(member.predict(frame) for member in self.members.values())

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the members' files."""
        return cls(read_header(files)[0], AverageModel.from_files(files))


def average_classes(predictions: Iterable[Floats]) -> Floats:
    """The geometric mean of some probabilities of classes."""
    each = list(predictions)
    product = np.ones_like(each[0])
    for one in each:
        product = product * sharpen(one, 1 / len(each))
    return sharpen(product, 1.0)
