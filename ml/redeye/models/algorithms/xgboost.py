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
    Inputs,
    Model,
    Training,
    measure_log_loss,
    numeric_matrix,
    require_both_classes,
)


@dataclass(frozen=True)
class XGBoostModel(Model[XGBoostParams]):
    """Trees over float32 numbers and category codes; unseen categories go the way of missing ones."""

    algorithm: ClassVar[str] = "xgboost"
    packages: ClassVar[tuple[str, ...]] = ("xgboost-cpu",)

    booster: xgboost.Booster
    numeric: tuple[str, ...]
    known: Categories

    @classmethod
    def fit(cls, training: Training, params: XGBoostParams) -> Self:
        """Adds trees until the log loss on `valid` no longer falls, and keeps the best number of them."""
        train, valid, inputs = training.train, training.valid, training.inputs
        require_both_classes(train, "training")
        require_both_classes(valid, "validation")
        categories = Categories.learn(train.frame, inputs.categorical, MAXIMUM_CATEGORIES)

        def describe(rows: Examples) -> dict[str, Any]:
            return describe_rows(rows, inputs, categories, training.threads)

        learned = xgboost.QuantileDMatrix(**describe(train), max_bin=params.max_bin)
        judged = xgboost.QuantileDMatrix(**describe(valid), max_bin=params.max_bin, ref=learned)
        booster = grow_trees(build_settings(training, params), learned, judged, params)
        return cls(booster, inputs.numeric, categories)

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
        if frame.empty:
            return np.empty(0, dtype=np.float64)
        matrix = make_matrix(frame, self.numeric, self.categories)
        return np.asarray(self.booster.inplace_predict(matrix, validate_features=False), dtype=np.float64)

    def importance(self) -> dict[str, float]:
        """Total gain of each input column, 0 for those never split on."""
        gains = cast("dict[str, float]", self.booster.get_score(importance_type="total_gain"))
        return {name: gains.get(name, 0.0) for name in (*self.numeric, *self.categories.values)}

    def facts(self) -> dict[str, float]:
        """How many trees there are."""
        return {"trees": float(self.booster.num_boosted_rounds())}

    def files(self) -> dict[str, bytes]:
        """The trees in XGBoost's binary JSON, the names and categories in JSON."""
        columns = {"numeric": self.numeric, "categories": dict(self.categories.values)}
        return {
            "trees.ubj": bytes(self.booster.save_raw("ubj")),
            "columns.json": json.dumps(columns).encode(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the trees and the columns."""
        columns = json.loads(files["columns.json"])
        booster = xgboost.Booster()
        booster.load_model(bytearray(files["trees.ubj"]))
        categories = Categories({name: tuple(known) for name, known in columns["categories"].items()})
        return cls(booster, tuple(columns["numeric"]), categories)


def describe_rows(rows: Examples, inputs: Inputs, categories: Categories, threads: int) -> dict[str, Any]:
    """The arguments of a matrix of rows with their labels."""
    return {
        "data": make_matrix(rows.frame, inputs.numeric, categories),
        "label": rows.labels,
        "weight": rows.weights,
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
