"""Trees by XGBoost that say the probability of each of several classes.

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
from redeye.models.kinds.classes.class_models import ClassModel, read_choice, read_header


@dataclass(frozen=True)
class ClassTrees(ClassModel[XGBoostParams], BoostedTrees):
    """Gradient-boosted trees for each class."""

    algorithm: ClassVar[str] = "multiclass_xgboost"

    booster: xgboost.Booster
    numeric: tuple[str, ...]
    known: Categories

    @classmethod
    def fit(cls, training: Training, params: XGBoostParams) -> Self:
        """Adds trees until the log loss on `valid` no longer falls, and keeps the best number of rounds."""
        choice = read_choice(training)
        asked = {"objective": "multi:softprob", "eval_metric": "mlogloss"}
        return cls(choice, *fit_trees(training, params, **asked, num_class=len(choice.classes)))

    def predict_classes(self, frame: pd.DataFrame) -> Floats:
        """The trees' probabilities."""
        return self.ask_trees(frame, len(self.choice.classes))

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the trees and the JSON."""
        choice, content = read_header(files)
        return cls(choice, *read_trees(files, content))
