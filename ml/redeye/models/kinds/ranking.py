"""Ranking: what comes first, said as a score by which the rows of each group are put in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.base import Examples, Floats, Model, Training
from redeye.models.kinds.interface import Check, GateCase, Kind, Outcome
from redeye.models.kinds.orders.order_average import OrderAverage
from redeye.models.kinds.orders.order_blocks import show_orders
from redeye.models.kinds.orders.order_models import OrderHeuristic, OrderTraining, number_groups, sort_groups
from redeye.models.kinds.orders.scored_orders import ScoredOrders
from redeye.models.kinds.ranking_spec import RankingGates, RankingTarget
from redeye.models.logic.blocks import Block, Cut
from redeye.models.logic.evaluation import Scored

_ORDERS = "redeye.models.kinds.orders"


class Ranking(Kind):
    """Scores, the highest of each group first."""

    name: ClassVar[str] = "ranking"
    scored: ClassVar[type[Scored]] = ScoredOrders
    columns: tuple[str, ...] = ("score",)
    meanings: Mapping[str, str] = {
        "score": "The higher, the earlier in its group; between groups and versions it says nothing.",
        "baseline_score": "The heuristic's, to compare the two orders of a group or to mix them.",
    }
    plural: ClassVar[str] = "scores"
    base_metrics: ClassVar[tuple[str, ...]] = ("ndcg_loss",)
    algorithms: ClassVar[Mapping[str, str]] = {
        "heuristic": f"{_ORDERS}.order_models:OrderHeuristic",
        "logistic": f"{_ORDERS}.order_logistic:OrderLogistic",
        "xgboost": f"{_ORDERS}.order_trees:OrderTrees",
        "average": f"{_ORDERS}.order_average:OrderAverage",
    }
    hit: ClassVar[str] = "a row at the head of its order, up to the cut, had any of the label"

    def __init__(self, spec: Spec) -> None:
        """Takes groups and cut from the spec."""
        super().__init__(spec)
        target = cast("RankingTarget", spec.target)
        self.groups, self.cut = target.group, target.cut

    @property
    def own_gates(self) -> Mapping[str, Callable[[GateCase], Check]]:
        """Not so good that a feature must hold the outcome."""
        return {"plausibility": self._check_plausibility}

    def score(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> ScoredOrders:
        """Scores with their labels, each night one order."""
        return ScoredOrders(labels, predictions, nights, np.zeros(np.shape(labels)), self.cut)

    def score_frame(
        self, rows: pd.DataFrame, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike
    ) -> ScoredOrders:
        """Scores with their labels, each group of a night one order."""
        return ScoredOrders(labels, predictions, nights, number_groups(rows, self.groups), self.cut)

    def check_labels(self, labels: Floats) -> None:
        """Refuse what is no number of 0 or more."""
        ScoredOrders.check_labels(labels)

    def select_label(self, column: str) -> str:
        """Any finite number of 0 or more."""
        number = f"TRY_CAST({column} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) AND {number} >= 0 THEN {number} END"

    def learn_base(self, labels: Floats) -> Floats:
        """The mean: said of every row, it makes no order."""
        return np.array(labels.mean())

    def describe_base(self, base: Floats) -> str:
        """What one score for all amounts to."""
        return f"a random order, the mean of its training, {float(base):.4g}"

    def make_constant(self, base: Floats) -> OrderHeuristic:
        """The heuristic without columns to go by."""
        return OrderHeuristic((float(base),))

    def read_outcome(self, label: float) -> float:
        """The number."""
        return label

    def is_hit(self, row: Mapping[str, Any], outcome: Outcome) -> bool | None:
        """Whether a row of the head had any of the label; what comes later is promised nothing."""
        return float(outcome) > 0 if row["rank"] <= self.cut else None

    def derive_checks(self, rows: pd.DataFrame) -> Mapping[str, pd.Series]:
        """How many orders the night has."""
        return {"orders": pd.Series(len(np.unique(number_groups(rows, self.groups))), index=rows.index)}

    def fit(self, name: str, training: Training, params: Any) -> Model[Any]:  # noqa: ANN401  as the interface has it
        """What an algorithm learns of the orders of each night's groups."""
        given = {each.name: getattr(training, each.name) for each in fields(Training)}
        for rows in ("train", "valid"):
            given[rows] = sort_groups(given[rows], self._parting)
        return super().fit(name, OrderTraining(**given, cut=self.cut), params)

    def make_average(self, members: Mapping[str, Model[Any]]) -> OrderAverage:
        """The mean of the members' scores, as they are until `adjust` brings them to one scale."""
        return OrderAverage(AverageModel(members), dict.fromkeys(members, 1.0))

    def adjust(self, model: Model[Any], judged: Examples) -> Model[Any]:
        """An average's members on one scale, by rows that no member was fitted to."""
        if not isinstance(model, OrderAverage):
            return model
        return model.measure_spreads(judged.frame, number_groups(judged.frame, self._parting))

    @property
    def _parting(self) -> tuple[str, ...]:
        """The columns whose values part one order from another."""
        return (self.spec.population.night, *self.groups)

    def show_matured(self, rows: pd.DataFrame, cuts: Sequence[Cut]) -> tuple[Block, ...]:
        """What heads caught, as a whole, by night and by cut."""
        scored, baseline = (
            cast("ScoredOrders", self.score_rows(rows, each))
            for each in (self.columns, self.baseline_columns)
        )
        return show_orders(scored, baseline, cuts)

    def _check_plausibility(self, case: GateCase) -> Check:
        share = case.ours.measure("relative_ndcg_loss")
        bound = cast("RankingGates", self.spec.gates).minimum_relative_loss
        if not np.isfinite(share):
            raise ValueError("all labels of each group are the same: nothing can be told of their order")
        reason = f"NDCG loss is {share:.3f} of that of a random order; below {bound:g} a feature must hold the outcome"
        return Check(share >= bound, share, bound, reason)
