"""Multinomial logistic regression by scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import LogisticParams
from redeye.models.algorithms.base import Categories, Floats, Training
from redeye.models.algorithms.logistic import LogisticModel
from redeye.models.kinds.classes.class_models import ClassModel, read_choice, read_header
from redeye.models.kinds.classes.temperature import sharpen


@dataclass(frozen=True)
class ClassLogistic(ClassModel[LogisticParams]):
    """Coefficients of each class over encoded inputs.

    Attributes:
        encoder: how inputs are imputed, scaled and encoded; it has no coefficients itself.
        coefficients: a row per class.
        intercepts: one per class.
    """

    algorithm: ClassVar[str] = "multiclass_logistic"

    encoder: LogisticModel
    coefficients: Floats
    intercepts: Floats

    @classmethod
    def fit(cls, training: Training, params: LogisticParams) -> Self:
        """Fits the softmax of all classes by L-BFGS; nothing in it is random, and it needs no early stopping.

        A class that training lacks has one average row, so that it is likely nowhere and possible everywhere.
        """
        from sklearn.linear_model import LogisticRegression

        choice, train = read_choice(training), training.train
        encoder = LogisticModel.learn_encoder(training, params)
        rows, labels = encoder.encode(train.frame), train.labels
        lacking = np.setdiff1d(np.arange(len(choice.classes)), labels)
        added = np.tile(rows.mean(axis=0), (len(lacking), 1))
        weights = np.ones(len(labels)) if train.weights is None else train.weights
        regression = LogisticRegression(C=params.regularization, max_iter=params.maximum_iterations, tol=1e-3)
        regression.fit(
            np.vstack([rows, added]),
            np.r_[labels, lacking],
            sample_weight=np.r_[weights, np.ones(len(lacking))],
        )
        found = (np.asarray(each, dtype=np.float64) for each in (regression.coef_, regression.intercept_))
        return cls(choice, encoder, *found)

    @property
    def categories(self) -> Categories:
        """The encoder's."""
        return self.encoder.known

    def predict_classes(self, frame: pd.DataFrame) -> Floats:
        """The softmax of the weighted sums."""
        rows = self.encoder.encode(frame)
        # Summed row by row: a matrix product's rounding would depend on the size of the batch.
        sums = [(rows * own).sum(axis=1) for own in self.coefficients]
        margins = np.column_stack(sums) + self.intercepts
        return sharpen(np.exp(margins - margins.max(axis=1, keepdims=True, initial=-np.inf)), 1.0)

    def importance(self) -> dict[str, float]:
        """Sum of the absolute coefficients of each input column, over all classes."""
        return self.encoder.weigh(np.abs(self.coefficients).sum(axis=0))

    def files(self) -> dict[str, bytes]:
        """Two files of JSON; a float's text gives exactly that float back."""
        own = {name: getattr(self, name).tolist() for name in ("coefficients", "intercepts")}
        return {**self.write_header(**own), **self.encoder.files()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the files of JSON."""
        choice, content = read_header(files)
        own = (np.asarray(content[name], dtype=np.float64) for name in ("coefficients", "intercepts"))
        return cls(choice, LogisticModel.from_files(files), *own)
