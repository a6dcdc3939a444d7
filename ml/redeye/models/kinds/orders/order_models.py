"""Models that score rows, the highest of each group first: what they have in common, and the heuristic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.models.algorithms.base import (
    MAXIMUM_CATEGORIES,
    Categories,
    Examples,
    Floats,
    HeadedModel,
    Params,
    Training,
)
from redeye.models.algorithms.heuristic import GroupedAnswers, list_cells, read_answers
from redeye.models.kinds.orders.scored_orders import Ints, ScoredOrders

HEADER = "order.json"


@dataclass(frozen=True)
class OrderTraining(Training):
    """A training of scores, whose rows lie by group; `cut` is how many places of each order count."""

    cut: int


class OrderModel(HeadedModel[Params]):
    """A score per row, larger for what comes earlier; its scale is the algorithm's own."""

    answer: ClassVar[str] = "score"
    columns: ClassVar[tuple[str, ...]] = ("score",)

    def count_invalid(self, predictions: Floats) -> int:
        """How many are no numbers."""
        return ScoredOrders.count_invalid(predictions)

    def write_header(self, **more: Any) -> dict[str, bytes]:  # noqa: ANN401  whatever JSON holds
        """The one file of JSON."""
        # Not sorted: columns keep their order.
        return {HEADER: json.dumps(more).encode()}


def read_header(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What `write_header` wrote."""
    content: dict[str, Any] = json.loads(files[HEADER])
    return content


def number_groups(rows: pd.DataFrame, columns: tuple[str, ...]) -> Ints:
    """Which rows have the same values of columns: a number per row."""
    if not columns or rows.empty:
        return np.zeros(len(rows), dtype=np.int64)
    found = rows.groupby(list(columns), dropna=False, sort=False).ngroup()
    return np.asarray(found, dtype=np.int64)


def sort_groups(rows: Examples, columns: tuple[str, ...]) -> Examples:
    """The rows by group, those of each in the order that they had."""
    groups = number_groups(rows.frame, columns)
    order = np.argsort(groups, kind="stable")
    weights = None if rows.weights is None else rows.weights[order]
    return replace(
        rows, frame=rows.frame.iloc[order], labels=rows.labels[order], weights=weights, groups=groups[order]
    )


def require_orders(rows: Examples, name: str) -> Ints:
    """The group of each row.

    Raises:
        ValueError: if rows have no groups, or no group has two labels that differ: no order is better than another.
    """
    if rows.groups is None:
        raise ValueError(f"the {name} rows have no groups")
    labels = pd.Series(rows.labels).groupby(rows.groups)
    if not len(rows.labels) or not (labels.max() > labels.min()).any():
        raise ValueError(
            f"the {name} rows ({len(rows.labels)}) have no group with labels that differ: widen the window"
        )
    return rows.groups


@dataclass(frozen=True)
class OrderHeuristic(OrderModel[HeuristicParams], GroupedAnswers):
    """The mean label by the values of some columns, drawn towards that of what they are part of.

    Attributes:
        base: the mean of all labels.
        known: the values of the columns.
        cells: for the first of these columns, for the first two and so on, the mean of each.
    """

    algorithm: ClassVar[str] = "ranking_heuristic"

    base: tuple[float, ...]
    known: Categories = field(default_factory=lambda: Categories({}))
    cells: tuple[Mapping[int, tuple[float, ...]], ...] = ()

    @classmethod
    def fit(cls, training: Training, params: HeuristicParams) -> Self:
        """Learns the means: of the rows' own labels, and `prior_strength` rows that are as their parents'."""
        train = training.train
        if not len(train.labels):
            raise ValueError("there are no training rows: widen the window")
        weights = np.ones(len(train.labels)) if train.weights is None else train.weights
        base = float(np.average(train.labels, weights=weights))
        known = Categories.learn(train.frame, params.groups, MAXIMUM_CATEGORIES)
        found: list[Mapping[int, tuple[float, ...]]] = []
        parents = np.full(len(train.labels), base)
        for cells in list_cells(known, train.frame):
            names, first, place = np.unique(cells, return_index=True, return_inverse=True)
            rows, labels = (np.bincount(place, each) for each in (weights, weights * train.labels))
            means = (labels + params.prior_strength * parents[first]) / (rows + params.prior_strength)
            each = zip(names.tolist(), means.tolist(), strict=True)
            found.append({name: (mean,) for name, mean in each if name >= 0})
            parents = np.where(cells >= 0, means[place], parents)
        return cls((base,), known, tuple(found))

    def predict(self, frame: pd.DataFrame) -> Floats:
        """That of the smallest group that is known."""
        return np.ascontiguousarray(self.find_answers(frame)[:, 0])

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        return cls(*read_answers(read_header(files)))
