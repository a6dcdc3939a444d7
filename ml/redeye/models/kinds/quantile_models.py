"""Models that say three quantiles of a number: by groups, or as the average of others."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
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
from redeye.models.algorithms.heuristic import GroupedAnswers, list_cells, look_up_answers, read_answers
from redeye.models.kinds.conformal import find_margin
from redeye.models.kinds.scored_quantiles import LOWER, UPPER, ScoredQuantiles

HEADER = "quantiles.json"


@dataclass(frozen=True)
class Question:
    """What is asked of a row.

    Attributes:
        levels: the share of labels below the lower bound, the number and the upper bound.
        is_integer: whether labels are whole numbers.
        margin: by which both bounds go outwards, by `conformal.find_margin`.
        nights: whose labels the margin was found by, in words; empty if nobody said.
        rows: how many labels these were.
    """

    levels: tuple[float, float, float]
    is_integer: bool = False
    margin: float = 0.0
    nights: str = ""
    rows: int = 0


@dataclass(frozen=True)
class QuantileTraining(Training):
    """A training of quantiles."""

    question: Question


@dataclass(frozen=True)
class QuantileModel(Model[Params]):
    """A number between two bounds, from quantiles that may cross or be too narrow."""

    answer: ClassVar[str] = "interval"
    columns: ClassVar[tuple[str, ...]] = ("value", "lower", "upper")

    question: Question

    @abstractmethod
    def predict_quantiles(self, frame: pd.DataFrame) -> Floats:
        """The quantiles of each row as they were learned, by level."""

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Per row the number, the lower and the upper bound.

        Quantiles that cross are sorted, which brings them nearer to the true ones (Chernozhukov, Fernandez-Val and
        Galichon, 2010). Of whole numbers the bounds go inwards to whole ones: that leaves out no label.
        """
        found, question = np.sort(self.predict_quantiles(frame), axis=1), self.question
        lower, value, upper = (found[:, at] for at in range(3))
        lower, upper = lower - question.margin, upper + question.margin
        if question.is_integer:
            # A sum with 0 has no minus sign before it.
            lower, value, upper = np.ceil(lower) + 0.0, np.rint(value) + 0.0, np.floor(upper) + 0.0
        return np.column_stack([value, np.minimum(lower, value), np.maximum(upper, value)])

    def count_invalid(self, predictions: Floats) -> int:
        """How many rows are no number between two bounds."""
        return ScoredQuantiles.count_invalid(predictions)

    def correct(self, judged: Examples, nights: str = "") -> Self:
        """The model with bounds that covered later rows, of these nights, as promised."""
        question = replace(self.question, margin=0.0)
        # Not rounded: what a bound between two whole numbers covers, it covers when it is rounded inwards.
        plain = replace(self, question=replace(question, is_integer=False)).predict(judged.frame)
        coverage = question.levels[2] - question.levels[0]
        margin = find_margin(judged.labels, plain[:, LOWER], plain[:, UPPER], coverage)
        return replace(
            self, question=replace(question, margin=margin, nights=nights, rows=len(judged.labels))
        )

    def facts(self) -> dict[str, float]:
        """What the algorithm says of its fit, and by how much the bounds were moved."""
        return {**super().facts(), "margin": self.question.margin}

    def write_header(self, **more: Any) -> dict[str, bytes]:  # noqa: ANN401  whatever JSON holds
        """The file of JSON with what is asked, and more."""
        # Not sorted: columns keep their order.
        return {HEADER: json.dumps({**vars(self.question), **more}).encode()}


def read_header(files: Mapping[str, bytes]) -> tuple[Question, dict[str, Any]]:
    """What is asked, and what else stands beside it."""
    content = json.loads(files[HEADER])
    levels = tuple(content.pop("levels"))
    # Versions of before do not say whose labels moved their bounds.
    said = content.pop("nights", ""), content.pop("rows", 0)
    return Question(levels, content.pop("is_integer"), content.pop("margin"), *said), content


def read_question(training: Training) -> Question:
    """Which quantiles a training is to learn.

    Raises:
        TypeError: if it does not say.
    """
    if not isinstance(training, QuantileTraining):
        raise TypeError("this training does not say which quantiles to learn")
    return training.question


@dataclass(frozen=True)
class QuantileHeuristic(QuantileModel[HeuristicParams], GroupedAnswers):
    """Quantiles of the labels by groups, drawn towards those of what a group is part of.

    Attributes:
        base: the quantiles of all labels, by level.
        known: the values of the columns that rows are grouped by.
        cells: for the first of these columns, for the first two and so on, the quantiles of each group.
    """

    algorithm: ClassVar[str] = "regression_heuristic"

    base: tuple[float, ...]
    known: Categories = field(default_factory=lambda: Categories({}))
    cells: tuple[Mapping[int, tuple[float, ...]], ...] = ()

    @classmethod
    def fit(cls, training: Training, params: HeuristicParams) -> Self:
        """Learns the quantiles of each group: a mean of its own and its parent's, by rows and `prior_strength`."""
        question, train = read_question(training), training.train
        if not len(train.labels):
            raise ValueError("there are no training rows: widen the window")
        base = np.quantile(train.labels, question.levels)
        known = Categories.learn(train.frame, params.groups, MAXIMUM_CATEGORIES)
        found: list[Mapping[int, tuple[float, ...]]] = []
        parents = np.tile(base, (len(train.labels), 1))
        for cells in list_cells(known, train.frame):
            learned: dict[int, tuple[float, ...]] = {}
            order = np.argsort(cells, kind="stable")
            values, starts = np.unique(cells[order], return_index=True)
            for cell, rows in zip(values.tolist(), np.split(order, starts[1:]), strict=True):
                if cell < 0:
                    continue
                own, strength = np.quantile(train.labels[rows], question.levels), params.prior_strength
                drawn = (len(rows) * own + strength * parents[rows[0]]) / (len(rows) + strength)
                learned[cell] = tuple(drawn.tolist())
            found.append(learned)
            parents = look_up_answers(learned, cells, parents)
        return cls(question, tuple(base.tolist()), known, tuple(found))

    def predict_quantiles(self, frame: pd.DataFrame) -> Floats:
        """Those of the smallest group that is known."""
        return self.find_answers(frame)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        question, content = read_header(files)
        return cls(question, *read_answers(content))


@dataclass(frozen=True)
class QuantileAverage(QuantileModel[Any], MemberAverage):
    """The mean of each quantile over fitted models, which is again a quantile function (Vincent, 1912)."""

    algorithm: ClassVar[str] = "regression_average"
    packages: ClassVar[tuple[str, ...]] = ("xgboost-cpu",)

    average: AverageModel

    def predict_quantiles(self, frame: pd.DataFrame) -> Floats:
        """The mean over the members, with their own bounds."""
        found = [member.predict(frame)[:, [LOWER, 0, UPPER]] for member in self.members.values()]
        mean: Floats = np.mean(found, axis=0)
        return mean

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the members' files."""
        return cls(read_header(files)[0], AverageModel.from_files(files))
