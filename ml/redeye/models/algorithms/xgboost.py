"""Gradient-boosted trees by XGBoost, with categories as it knows them and early stopping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost

from redeye.declarations.spec_algorithms import XGBoostParams
from redeye.models.algorithms.base import (
    MAXIMUM_CATEGORIES,
    Categories,
    Examples,
    Floats,
    HeadedModel,
    Inputs,
    Training,
    measure_log_loss,
    numeric_matrix,
    require_both_classes,
)


class BoostedTrees(HeadedModel[XGBoostParams]):
    """What all trees have in common, whatever they answer; unseen categories go the way of missing ones."""

    packages: ClassVar[tuple[str, ...]] = ("xgboost-cpu",)

    booster: xgboost.Booster
    numeric: tuple[str, ...]

    def ask_trees(self, frame: pd.DataFrame, *columns: int) -> Floats:
        """The trees' answer per row: a number, or so many columns."""
        if frame.empty:
            return np.empty((0, *columns), dtype=np.float64)
        matrix = make_matrix(frame, self.numeric, self.categories)
        answers = self.booster.inplace_predict(matrix, validate_features=False)
        return np.asarray(answers, dtype=np.float64).reshape(len(frame), *columns)

    def importance(self) -> dict[str, float]:
        """Total gain of each input column, 0 for those never split on."""
        gains = cast("dict[str, float]", self.booster.get_score(importance_type="total_gain"))
        return {name: gains.get(name, 0.0) for name in (*self.numeric, *self.categories.values)}

    def facts(self) -> dict[str, float]:
        """How many rounds there are."""
        return {"rounds": float(self.booster.num_boosted_rounds())}

    def files(self) -> dict[str, bytes]:
        """The trees in XGBoost's binary JSON, the rest in JSON."""
        header = self.write_header(numeric=self.numeric, categories=dict(self.categories.values))
        return {"trees.ubj": bytes(self.booster.save_raw("ubj")), **header}


@dataclass(frozen=True)
class XGBoostModel(BoostedTrees):
    """Trees over float32 numbers and category codes that say a probability."""

    algorithm: ClassVar[str] = "xgboost"

    booster: xgboost.Booster
    numeric: tuple[str, ...]
    known: Categories

    @classmethod
    def fit(cls, training: Training, params: XGBoostParams) -> Self:
        """Adds trees until the log loss on `valid` no longer falls, and keeps the best number of them."""
        require_both_classes(training.train, "training")
        require_both_classes(training.valid, "validation")
        return cls(*fit_trees(training, params))

    def continue_training(
        self, training: Training, params: XGBoostParams, learning_rate_share: float
    ) -> XGBoostModel | None:
        """Adds trees on the newer rows to those that are there, while the log loss on `valid` falls."""
        inputs = Inputs(self.numeric, tuple(self.known.values))
        if inputs != training.inputs:
            return None
        require_both_classes(training.train, "newer")
        require_both_classes(training.valid, "validation")
        # No quantized ones: the trees that are there split between their bins too, and would predict another margin.
        learned, judged = (
            xgboost.DMatrix(**describe_rows(rows, inputs, self.known, training.threads))
            for rows in (training.train, training.valid)
        )
        settings = build_settings(training, params)
        settings["learning_rate"] = params.learning_rate * learning_rate_share
        # XGBoost's draws are the process's own and a model that is loaded does not begin them anew: each tree does.
        settings["seed_per_iteration"] = True
        grown = grow_trees(settings, learned, judged, params, self.booster)
        here, there = (
            measure_log_loss(each.predict(judged), training.valid.labels) for each in (self.booster, grown)
        )
        return type(self)(grown, self.numeric, self.known) if there < here else None

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The trees' probability."""
        return self.ask_trees(frame)

    def facts(self) -> dict[str, float]:
        """How many trees there are."""
        return {"trees": float(self.booster.num_boosted_rounds())}

    def write_header(self, **more: Any) -> dict[str, bytes]:  # noqa: ANN401  whatever JSON holds
        """The names and categories of the columns."""
        return {"columns.json": json.dumps(more).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the trees and the columns."""
        return cls(*read_trees(files, json.loads(files["columns.json"])))


def fit_trees(
    training: Training, params: XGBoostParams, **objective: object
) -> tuple[xgboost.Booster, tuple[str, ...], Categories]:
    """Trees on the rows to learn from, stopped by those to judge by, and the columns that they read.

    Args:
        training: the rows.
        params: of the spec.
        objective: XGBoost's settings of what is learned; a probability if nothing is said.
    """
    inputs = training.inputs
    categories = Categories.learn(training.train.frame, inputs.categorical, MAXIMUM_CATEGORIES)
    train, valid = (
        describe_rows(rows, inputs, categories, training.threads) for rows in (training.train, training.valid)
    )
    learned = xgboost.QuantileDMatrix(**train, max_bin=params.max_bin)
    judged = xgboost.QuantileDMatrix(**valid, max_bin=params.max_bin, ref=learned)
    booster = grow_trees(build_settings(training, params) | objective, learned, judged, params)
    return booster, inputs.numeric, categories


def read_trees(
    files: Mapping[str, bytes], columns: Mapping[str, Any]
) -> tuple[xgboost.Booster, tuple[str, ...], Categories]:
    """What `fit_trees` gave, as `BoostedTrees` writes it."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(files["trees.ubj"]))
    categories = Categories({name: tuple(known) for name, known in columns["categories"].items()})
    return booster, tuple(columns["numeric"]), categories


def describe_rows(rows: Examples, inputs: Inputs, categories: Categories, threads: int) -> dict[str, Any]:
    """The arguments of a matrix of rows with their labels; what has groups is weighed by group."""
    weights, groups = rows.weights, {}
    if rows.groups is not None:
        groups = {"qid": rows.groups}
        first = np.unique(rows.groups, return_index=True)[1]
        weights = None if weights is None else weights[first]
    return {
        **groups,
        "data": make_matrix(rows.frame, inputs.numeric, categories),
        "label": rows.labels,
        "weight": weights,
        "feature_names": [*inputs.numeric, *inputs.categorical],
        "feature_types": ["q"] * len(inputs.numeric) + ["c"] * len(inputs.categorical),
        "enable_categorical": True,
        "nthread": threads,
    }


def grow_trees(
    settings: dict[str, Any],
    learned: xgboost.DMatrix,
    judged: xgboost.DMatrix,
    params: XGBoostParams,
    before: xgboost.Booster | None = None,
) -> xgboost.Booster:
    """Add trees until what is judged no longer gets better, and keep the best number of them."""
    booster = xgboost.train(
        settings,
        learned,
        num_boost_round=params.rounds,
        evals=[(judged, "valid")],
        early_stopping_rounds=params.early_stopping_rounds,
        verbose_eval=False,
        xgb_model=before,
    )
    return booster[: booster.best_iteration + 1]


def build_settings(training: Training, params: XGBoostParams) -> dict[str, Any]:
    """The settings of a fit of probabilities."""
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "device": "cpu",
        "seed": training.seed,
        "nthread": training.threads,
        **params.model_dump(exclude={"rounds", "early_stopping_rounds"}),
    }


def make_matrix(
    frame: pd.DataFrame, numeric: tuple[str, ...], categories: Categories
) -> npt.NDArray[np.float32]:
    """The inputs of rows: numbers and category codes, NaN where one is missing or unseen."""
    numbers, codes = numeric_matrix(frame, numeric), categories.codes(frame)
    matrix = np.empty((len(frame), numbers.shape[1] + codes.shape[1]), dtype=np.float32)
    matrix[:, : numbers.shape[1]] = numbers
    matrix[:, numbers.shape[1] :] = np.where(codes < 0, np.nan, codes)
    return matrix
