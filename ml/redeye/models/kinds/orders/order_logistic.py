"""A linear score, learned from pairs: logistic regression by scikit-learn of which of two rows has more of the label.

It is the linear case of RankNet (Burges and others, "Learning to rank using gradient descent", 2005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import LogisticParams
from redeye.models.algorithms.base import Categories, Examples, Floats, Training
from redeye.models.algorithms.logistic import LogisticModel
from redeye.models.kinds.orders.order_models import OrderModel, require_orders
from redeye.models.kinds.orders.scored_orders import Ints

# What two rows say of the coefficients repeats itself: more pairs change the order little and take memory.
MAXIMUM_PAIRS = 100_000


@dataclass(frozen=True)
class OrderLogistic(OrderModel[LogisticParams]):
    """The weighted sum of encoded inputs, whose differences are log odds of coming first."""

    algorithm: ClassVar[str] = "ranking_logistic"

    linear: LogisticModel

    @classmethod
    def fit(cls, training: Training, params: LogisticParams) -> Self:
        """Fits by L-BFGS on drawn pairs of a group, each weighted by how far their labels are apart."""
        from sklearn.linear_model import LogisticRegression

        train = training.train
        groups = require_orders(train, "training")
        encoder = LogisticModel.learn_encoder(training, params)
        one, other = draw_pairs(train, groups, training.seed)
        # Only rows of a pair: all of them would be encoded for nothing.
        sides = [encoder.encode(train.frame.iloc[rows]) for rows in (one, other)]
        gap = train.labels[one] - train.labels[other]
        weights = np.abs(gap) * (1.0 if train.weights is None else train.weights[one])
        regression = LogisticRegression(
            C=params.regularization, max_iter=params.maximum_iterations, tol=1e-3, fit_intercept=False
        )
        regression.fit(sides[0] - sides[1], gap > 0, sample_weight=weights / weights.mean())
        coefficients = np.asarray(regression.coef_[0], dtype=np.float64)
        return cls(replace(encoder, coefficients=coefficients))

    @property
    def categories(self) -> Categories:
        """The encoder's."""
        return self.linear.known

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The weighted sum."""
        # Summed row by row: a matrix product's rounding would depend on the size of the batch.
        score: Floats = (self.linear.encode(frame) * self.linear.coefficients).sum(axis=1)
        return score

    def importance(self) -> dict[str, float]:
        """Sum of the absolute coefficients of each input column."""
        return self.linear.importance()

    def files(self) -> dict[str, bytes]:
        """One file of JSON, as of a logistic regression."""
        return self.linear.files()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        return cls(LogisticModel.from_files(files))


def draw_pairs(rows: Examples, groups: Ints, seed: int) -> tuple[Ints, Ints]:
    """Rows of one group whose labels differ, two by two: in each round every row with the next of a random order."""
    random = np.random.default_rng(seed)
    found, missing = [], MAXIMUM_PAIRS
    # A group of equal labels gives no pair in any round.
    for _ in range(20):
        shuffled = random.permutation(len(groups))
        order = shuffled[np.argsort(groups[shuffled], kind="stable")]
        one, other = order[:-1], order[1:]
        is_pair = (groups[one] == groups[other]) & (rows.labels[one] != rows.labels[other])
        drawn = np.column_stack([one, other])[is_pair]
        found.append(random.permutation(drawn)[:missing])
        missing -= len(found[-1])
        if missing <= 0:
            break
    pairs = np.vstack(found)
    return pairs[:, 0], pairs[:, 1]
