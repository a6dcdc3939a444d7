"""Logistic regression, fitted by scikit-learn, saved as numbers and predicted by numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import LogisticParams
from redeye.models.algorithms.base import (
    Categories,
    Floats,
    Inputs,
    Model,
    Training,
    numeric_matrix,
    require_both_classes,
)

# Counts over all history grow without end; so far out a straight line says nothing sensible.
CLIP_AT = 4.0


@dataclass(frozen=True)
class Encoder:
    """Numbers: imputed with the median, scaled, clipped. Categories: one-hot, unseen as all zeros."""

    numeric: tuple[str, ...]
    medians: Floats
    means: Floats
    scales: Floats
    categories: Categories

    @classmethod
    def learn(cls, frame: pd.DataFrame, inputs: Inputs, maximum_categories: int) -> Encoder:
        """Medians, means and scales of a frame; a column without any value counts as 0."""
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
            categories=Categories.learn(frame, inputs.categorical, maximum_categories),
        )

    @property
    def names(self) -> list[str]:
        """The input column behind each column of the encoded matrix."""
        return [*self.numeric, *(column for column, known in self.categories.values.items() for _ in known)]

    def encode(self, frame: pd.DataFrame) -> Floats:
        """One row per row, one column per number and per known category."""
        numbers = numeric_matrix(frame, self.numeric).astype(np.float64)
        filled = np.where(np.isnan(numbers), self.medians, numbers)
        blocks = [np.clip((filled - self.means) / self.scales, -CLIP_AT, CLIP_AT)]
        codes = self.categories.codes(frame)
        for position, known in enumerate(self.categories.values.values()):
            blocks.append((codes[:, [position]] == np.arange(len(known))).astype(np.float64))
        return np.ascontiguousarray(np.hstack(blocks))


@dataclass(frozen=True)
class LogisticModel(Model[LogisticParams]):
    """Coefficients over the encoded inputs."""

    algorithm: ClassVar[str] = "logistic"

    encoder: Encoder
    coefficients: Floats
    intercept: float

    @classmethod
    def fit(cls, training: Training, params: LogisticParams) -> Self:
        """Fits by L-BFGS; nothing in it is random, and it needs no early stopping."""
        from sklearn.linear_model import LogisticRegression

        train = training.train
        require_both_classes(train, "training")
        encoder = Encoder.learn(train.frame, training.inputs, params.maximum_categories)
        regression = LogisticRegression(C=params.regularization, max_iter=params.maximum_iterations, tol=1e-3)
        regression.fit(encoder.encode(train.frame), train.labels, sample_weight=train.weights)
        return cls(
            encoder, np.asarray(regression.coef_[0], dtype=np.float64), float(regression.intercept_[0])
        )

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The logistic function of the weighted sum."""
        # Summed row by row: a matrix product's rounding would depend on the size of the batch.
        margin = (self.encoder.encode(frame) * self.coefficients).sum(axis=1) + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(margin, -500, 500))), dtype=np.float64)

    @property
    def categories(self) -> Categories:
        """Those with a coefficient."""
        return self.encoder.categories

    def importance(self) -> dict[str, float]:
        """Sum of the absolute coefficients of each input column."""
        weights: dict[str, float] = {}
        for name, coefficient in zip(self.encoder.names, self.coefficients, strict=True):
            weights[name] = weights.get(name, 0.0) + abs(float(coefficient))
        return weights

    def files(self) -> dict[str, bytes]:
        """One file of JSON; a float's text gives exactly that float back."""
        encoder = self.encoder
        content = {
            "numeric": encoder.numeric,
            "medians": encoder.medians.tolist(),
            "means": encoder.means.tolist(),
            "scales": encoder.scales.tolist(),
            "categories": dict(encoder.categories.values),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }
        return {"logistic.json": json.dumps(content).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        content = json.loads(files["logistic.json"])
        encoder = Encoder(
            numeric=tuple(content["numeric"]),
            medians=np.asarray(content["medians"], dtype=np.float64),
            means=np.asarray(content["means"], dtype=np.float64),
            scales=np.asarray(content["scales"], dtype=np.float64),
            categories=Categories({name: tuple(known) for name, known in content["categories"].items()}),
        )
        return cls(
            encoder, np.asarray(content["coefficients"], dtype=np.float64), float(content["intercept"])
        )
