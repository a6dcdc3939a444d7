"""The heuristic: a smoothed rate of the past. First champion and last resort."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.declarations.spec_fields import name_column
from redeye.models.algorithms.base import Categories, Floats, Model, Training, numeric_matrix


@dataclass(frozen=True)
class HeuristicModel(Model[HeuristicParams]):
    """(successes + strength * prior) / (trials + strength), with the prior learned in training."""

    algorithm: ClassVar[str] = "heuristic"

    successes: str
    trials: str
    prior: float
    prior_strength: float

    @classmethod
    def fit(cls, training: Training, params: HeuristicParams) -> Self:
        """Learns the prior: the share of late rows in training, kept off 0 and 1 by one row of each."""
        labels = training.train.labels
        if not len(labels):
            raise ValueError("there are no training rows: widen the window")
        weights = training.train.weights
        late = float((labels if weights is None else labels * weights / weights.mean()).sum())
        prior = (late + 1.0) / (len(labels) + 2.0)
        return cls(name_column(params.successes), name_column(params.trials), prior, params.prior_strength)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The smoothed rate; where the past is missing, the prior."""
        counts = numeric_matrix(frame, (self.successes, self.trials)).astype(np.float64)
        successes, trials = np.where(np.isnan(counts).any(axis=1, keepdims=True), 0.0, counts).T
        rate = (successes + self.prior_strength * self.prior) / (trials + self.prior_strength)
        return np.asarray(np.clip(rate, 0.0, 1.0), dtype=np.float64)

    @property
    def categories(self) -> Categories:
        """None: it reads no category."""
        return Categories({})

    def importance(self) -> dict[str, float]:
        """Both counts weigh the same."""
        return {self.successes: 1.0, self.trials: 1.0}

    def files(self) -> dict[str, bytes]:
        """One file of JSON."""
        return {"heuristic.json": json.dumps(asdict(self), sort_keys=True).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the one file of JSON."""
        return cls(**json.loads(files["heuristic.json"]))
