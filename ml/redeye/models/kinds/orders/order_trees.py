"""Trees by XGBoost whose scores put the rows of a group in order.

XGBoost is imported with this file, and this file only when trees are fitted or loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pandas as pd
import xgboost

from redeye.declarations.spec_algorithms import XGBoostParams
from redeye.models.algorithms.base import Categories, Floats, Training
from redeye.models.algorithms.xgboost import BoostedTrees, fit_trees, read_trees
from redeye.models.kinds.orders.order_models import OrderModel, OrderTraining, read_header, require_orders


def list_settings(cut: int) -> dict[str, Any]:
    """What XGBoost is asked for: the gain is the label itself, which may be no whole number and beyond 31."""
    return {"objective": "rank:ndcg", "eval_metric": f"ndcg@{cut}", "ndcg_exp_gain": False}


@dataclass(frozen=True)
class OrderTrees(OrderModel[XGBoostParams], BoostedTrees):
    """Gradient-boosted trees by LambdaMART."""

    algorithm: ClassVar[str] = "ranking_xgboost"

    booster: xgboost.Booster
    numeric: tuple[str, ...]
    known: Categories

    @classmethod
    def fit(cls, training: Training, params: XGBoostParams) -> Self:
        """Adds trees until NDCG on `valid` no longer rises, and keeps the best number of them."""
        if not isinstance(training, OrderTraining):
            raise TypeError("this training does not say how many places of an order count")
        require_orders(training.train, "training")
        require_orders(training.valid, "validation")
        return cls(*fit_trees(training, params, **list_settings(training.cut)))

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The trees' score."""
        return self.ask_trees(frame)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the trees and the JSON."""
        return cls(*read_trees(files, read_header(files)))
