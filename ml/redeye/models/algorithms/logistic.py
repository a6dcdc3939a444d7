"""Logistic regression, fitted by scikit-learn, saved as numbers and predicted by numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import LogisticParams
from redeye.models.algorithms.base import (
    Categories,
    Floats,
    Model,
    Training,
    numeric_matrix,
    require_both_classes,
)

# Counts over all history grow without end; so far out a straight line says nothing sensible.
CLIP_AT = 4.0


@dataclass(frozen=True)
class LogisticModel(Model[LogisticParams]):
    """Coefficients over encoded inputs.

    Numbers are imputed with the median, scaled and clipped; categories are one-hot, unseen ones all zeros.
    """

    algorithm: ClassVar[str] = "logistic"

    numeric: tuple[str, ...]
    medians: Floats
    means: Floats
    scales: Floats
    known: Categories
    coefficients: Floats
    intercept: float

    @classmethod
    def fit(cls, training: Training, params: LogisticParams) -> Self:
        """Fits by L-BFGS; nothing in it is random, and it needs no early stopping.

        A column without any value counts as 0.
        """
        from sklearn.linear_model import LogisticRegression

        train = training.train
        require_both_classes(train, "training")
        encoder = cls.learn_encoder(training, params)
        regression = LogisticRegression(C=params.regularization, max_iter=params.maximum_iterations, tol=1e-3)
        regression.fit(encoder.encode(train.frame), train.labels, sample_weight=train.weights)
        coefficients = np.asarray(regression.coef_[0], dtype=np.float64)
        return replace(encoder, coefficients=coefficients, intercept=float(regression.intercept_[0]))

    @classmethod
    def learn_encoder(cls, training: Training, params: LogisticParams) -> Self:
        """How inputs are imputed, scaled and encoded; without coefficients."""
        frame, inputs = training.train.frame, training.inputs
        numbers = numeric_matrix(frame, inputs.numeric).astype(np.float64)
        is_known = ~np.isnan(numbers).all(axis=0)
        medians = np.zeros(numbers.shape[1])
        medians[is_known] = np.nanmedian(numbers[:, is_known], axis=0)
        filled = np.where(np.isnan(numbers), medians, numbers)
        scales = filled.std(axis=0)
        return cls(
            numeric=inputs.numeric,
            medians=medians,
            means=filled.mean(axis=0),
            scales=np.where(scales > 0, scales, 1.0),
            known=Categories.learn(frame, inputs.categorical, params.maximum_categories),
            coefficients=np.empty(0),
            intercept=0.0,
        )

    def encode(self, frame: pd.DataFrame) -> Floats:
        """One row per row, one column per number and per known category."""
        numbers = numeric_matrix(frame, self.numeric).astype(np.float64)
        filled = np.where(np.isnan(numbers), self.medians, numbers)
        blocks = [np.clip((filled - self.means) / self.scales, -CLIP_AT, CLIP_AT)]
        codes = self.known.codes(frame)
        for position, known in enumerate(self.known.values.values()):
            blocks.append((codes[:, [position]] == np.arange(len(known))).astype(np.float64))
        return np.ascontiguousarray(np.hstack(blocks))

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The logistic function of the weighted sum."""
        # Summed row by row: a matrix product's rounding would depend on the size of the batch.
        margin = (self.encode(frame) * self.coefficients).sum(axis=1) + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(margin, -500, 500))), dtype=np.float64)

    def importance(self) -> dict[str, float]:
        """Sum of the absolute coefficients of each input column."""
        return self.weigh(np.abs(self.coefficients))

    def weigh(self, encoded: Floats) -> dict[str, float]:
        """The sum over the encoded columns of each input column."""
        names = [*self.numeric, *(column for column, known in self.known.values.items() for _ in known)]
        weights: dict[str, float] = {}
        for name, weight in zip(names, encoded, strict=True):
            weights[name] = weights.get(name, 0.0) + float(weight)
        return weights

    def files(self) -> dict[str, bytes]:
        """One file of JSON; a float's text gives exactly that float back."""
        content = {
            "numeric": self.numeric,
            **{name: getattr(self, name).tolist() for name in ("medians", "means", "scales")},
            "categories": dict(self.known.values),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }
        return {"logistic.json": json.dumps(content).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        content = json.loads(files["logistic.json"])
        arrays = ("medians", "means", "scales", "coefficients")
        return cls(
            numeric=tuple(content["numeric"]),
            known=Categories({name: tuple(known) for name, known in content["categories"].items()}),
            intercept=float(content["intercept"]),
            **{name: np.asarray(content[name], dtype=np.float64) for name in arrays},
        )
