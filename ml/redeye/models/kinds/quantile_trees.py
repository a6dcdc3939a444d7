"""Trees by XGBoost that say three quantiles of a number.

XGBoost is imported with this file, and this file only when trees are fitted or loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import pandas as pd
import xgboost

from redeye.declarations.spec_algorithms import XGBoostParams
from redeye.models.algorithms.base import Categories, Floats, Training
from redeye.models.algorithms.xgboost import BoostedTrees, fit_trees, read_trees
from redeye.models.kinds.quantile_models import QuantileModel, read_header, read_question


@dataclass(frozen=True)
class QuantileTrees(QuantileModel[XGBoostParams], BoostedTrees):
    """Gradient-boosted trees for each quantile."""

    algorithm: ClassVar[str] = "regression_xgboost"

    booster: xgboost.Booster
    numeric: tuple[str, ...]
    known: Categories

    @classmethod
    def fit(cls, training: Training, params: XGBoostParams) -> Self:
        """Adds trees until the pinball loss on `valid` no longer falls, and keeps the best number of them."""
        question = read_question(training)
        if not len(training.train.labels) or not len(training.valid.labels):
            raise ValueError("there are no training or no validation rows: widen the window")
        asked = {"objective": "reg:quantileerror", "eval_metric": "quantile"}
        trees = fit_trees(training, params, **asked, quantile_alpha=list(question.levels))
        return cls(question, *trees)

    def predict_quantiles(self, frame: pd.DataFrame) -> Floats:
        """The trees' quantiles."""
        return self.ask_trees(frame, len(self.question.levels))

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the trees and the JSON."""
        question, content = read_header(files)
        return cls(question, *read_trees(files, content))
