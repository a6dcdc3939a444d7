"""The heuristic: a smoothed rate of the past. First champion and last resort."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.declarations.spec_fields import name_column
from redeye.models.algorithms.base import (
    MAXIMUM_CATEGORIES,
    Categories,
    Examples,
    Floats,
    HeadedModel,
    Model,
    Training,
    measure_log_loss,
    numeric_matrix,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeuristicModel(Model[HeuristicParams]):
    """(successes + strength * prior) / (trials + strength), with the prior learned in training.

    The counts are features, or those of the label itself by groups of training rows; without either all rows get the
    prior.

    Attributes:
        known: the values of the columns that rows are grouped by.
        rates: for the first of these columns, for the first two and so on, the rate of each group, smoothed towards
            the one that it is part of.
    """

    algorithm: ClassVar[str] = "heuristic"

    successes: str
    trials: str
    prior: float
    prior_strength: float
    known: Categories = field(default_factory=lambda: Categories({}))
    rates: tuple[Mapping[int, float], ...] = ()

    @classmethod
    def fit(cls, training: Training, params: HeuristicParams) -> Self:
        """Learns the prior: the share of true labels in training, kept off 0 and 1 by one row of each.

        Counts that say less of the labels than the prior alone are those of another outcome: they are left out.
        """
        labels = training.train.labels
        if not len(labels):
            raise ValueError("there are no training rows: widen the window")
        weights = training.train.weights
        counted = labels if weights is None else labels * weights / weights.mean()
        prior = (float(counted.sum()) + 1.0) / (len(labels) + 2.0)
        alone = cls("", "", prior, params.prior_strength)
        if params.successes is None or params.trials is None:
            return alone._group(training.train, params.groups)
        model = cls(name_column(params.successes), name_column(params.trials), prior, params.prior_strength)
        losses = [measure_log_loss(each.predict(training.train.frame), labels) for each in (model, alone)]
        if losses[0] > losses[1]:
            log.warning(
                "%s of %s say less of the label than its rate alone (log loss %.4f, %.4f) and are left out: name "
                "counts of the target under algorithms.heuristic, or groups",
                model.successes,
                model.trials,
                *losses,
            )
            return alone
        return model

    def _group(self, train: Examples, groups: Sequence[str]) -> Self:
        known = Categories.learn(train.frame, groups, MAXIMUM_CATEGORIES)
        weights = (
            np.ones(len(train.labels)) if train.weights is None else train.weights / train.weights.mean()
        )
        rates: list[Mapping[int, float]] = []
        rate = np.full(len(train.labels), self.prior)
        for cells in list_cells(known, train.frame):
            rows = pd.DataFrame(
                {"cell": cells, "true": train.labels * weights, "all": weights, "parent": rate}
            )
            found = rows[cells >= 0].groupby("cell").agg({"true": "sum", "all": "sum", "parent": "first"})
            smoothed = (found["true"] + self.prior_strength * found["parent"]) / (
                found["all"] + self.prior_strength
            )
            rates.append(dict(zip(smoothed.index.tolist(), smoothed.tolist(), strict=True)))
            rate = _look_up(rates[-1], cells, rate)
        return type(self)("", "", self.prior, self.prior_strength, known, tuple(rates))

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The smoothed rate; where the past is missing, the prior; of an unknown group, the rate of what it is in."""
        rate = np.full(len(frame), self.prior)
        for cells, known in zip(list_cells(self.known, frame), self.rates, strict=True):
            rate = _look_up(known, cells, rate)
        if self.successes:
            counts = numeric_matrix(frame, (self.successes, self.trials)).astype(np.float64)
            successes, trials = np.where(np.isnan(counts).any(axis=1, keepdims=True), 0.0, counts).T
            rate = (successes + self.prior_strength * self.prior) / (trials + self.prior_strength)
        return np.asarray(np.clip(rate, 0.0, 1.0), dtype=np.float64)

    def importance(self) -> dict[str, float]:
        """All that it reads weighs the same."""
        read = (self.successes, self.trials) if self.successes else tuple(self.known.values)
        return dict.fromkeys(read, 1.0)

    def files(self) -> dict[str, bytes]:
        """One file of JSON."""
        reported = asdict(self)
        # Versions of before have no groups, and a model without any has the bytes that it had then.
        for name in () if self.rates else ("known", "rates"):
            del reported[name]
        return {"heuristic.json": json.dumps(reported, sort_keys=True).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        given = json.loads(files["heuristic.json"])
        if "rates" in given:
            values = {column: tuple(each) for column, each in given["known"]["values"].items()}
            rates = tuple({int(cell): rate for cell, rate in each.items()} for each in given["rates"])
            given |= {"known": Categories(values), "rates": rates}
        return cls(**given)


class GroupedAnswers(HeadedModel[HeuristicParams]):
    """What every heuristic of several numbers a row does once they are learned for each group.

    Attributes:
        base: the answer for a row of no known group.
        known: the values of the columns that rows are grouped by.
        cells: for the first of these columns, for the first two and so on, the answer for each group.
    """

    base: tuple[float, ...]
    cells: tuple[Mapping[int, tuple[float, ...]], ...]

    def find_answers(self, frame: pd.DataFrame) -> Floats:
        """The answer for the smallest group of each row that is known."""
        answers = np.tile(np.array(self.base, dtype=np.float64), (len(frame), 1))
        for cells, known in zip(list_cells(self.known, frame), self.cells, strict=True):
            answers = look_up_answers(known, cells, answers)
        return answers

    def importance(self) -> dict[str, float]:
        """All that it reads weighs the same."""
        return dict.fromkeys(self.known.values, 1.0)

    def files(self) -> dict[str, bytes]:
        """One file of JSON."""
        return self.write_header(base=self.base, known=dict(self.known.values), cells=self.cells)


def read_answers(
    content: Mapping[str, Any],
) -> tuple[tuple[float, ...], Categories, tuple[Mapping[int, tuple[float, ...]], ...]]:
    """`base`, `known` and `cells` as `GroupedAnswers` writes them."""
    known = Categories({column: tuple(values) for column, values in content["known"].items()})
    cells = tuple({int(cell): tuple(own) for cell, own in each.items()} for each in content["cells"])
    return tuple(content["base"]), known, cells


def look_up_answers(
    known: Mapping[int, tuple[float, ...]], cells: npt.NDArray[np.int64], otherwise: Floats
) -> Floats:
    """The answer for each row's group; of one that is not known what is said otherwise."""
    if not known:
        return otherwise
    names = np.array(sorted(known), dtype=np.int64)
    values = np.array([known[int(name)] for name in names], dtype=np.float64)
    place = np.clip(np.searchsorted(names, cells), 0, len(names) - 1)
    return np.where((names[place] == cells)[:, None], values[place], otherwise)


def list_cells(known: Categories, frame: pd.DataFrame) -> Iterator[npt.NDArray[np.int64]]:
    """The group of each row by the first column, by the first two and so on; -1 where a value is not known."""
    codes = known.codes(frame).astype(np.int64)
    cells = np.zeros(len(frame), dtype=np.int64)
    for position, values in enumerate(known.values.values()):
        is_known = (cells >= 0) & (codes[:, position] >= 0)
        cells = np.where(is_known, cells * len(values) + codes[:, position], -1)
        yield cells


def _look_up(rates: Mapping[int, float], cells: npt.NDArray[np.int64], otherwise: Floats) -> Floats:
    found = pd.Series(cells).map(rates).to_numpy(dtype=np.float64)
    return np.where(np.isnan(found), otherwise, found)
