"""Counts: how many are to be expected of a row, by groups or by a log-linear regression."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from redeye.models.algorithms.base import Categories, Floats, Model, Training, numeric_matrix
from redeye.models.kinds.interface import Check, GateCase, Kind
from redeye.models.logic.evaluation import Metrics, Scored


class ScoredCounts(Scored):
    """Expected counts with the counts that came."""

    TITLES: ClassVar[Mapping[str, str]] = {"poisson_deviance": "Poisson deviance"}
    LOSS: ClassVar[str] = "poisson_deviance"
    MEASURES: ClassVar[tuple[str, ...]] = ("poisson_deviance",)
    COMPARED: ClassVar[tuple[str, ...]] = ("poisson_deviance",)

    @staticmethod
    def check_labels(labels: Floats) -> None:
        """Refuse what counts nothing."""
        if not (np.isfinite(labels) & (labels >= 0)).all():
            raise ValueError("a label is no count: leave rows without outcome out")

    @staticmethod
    def count_invalid(predictions: Floats) -> int:
        """How many are no number from 0 up."""
        return int((~(np.isfinite(predictions) & (predictions >= 0))).sum())

    def metrics(self) -> Metrics:
        """Rows and spread."""
        return Metrics(rows=self.labels.size, nights=len(self.nights), spread=float(self.predictions.std()))

    def resample(self, metric: str, weights: Floats) -> Floats:
        """The mean deviance, but for what hangs on the labels alone."""
        if metric != "poisson_deviance":
            raise ValueError(f"no metric {metric!r}")
        expected = np.maximum(self.predictions, 1e-9)
        return self._mean(2 * (expected - self.labels * np.log(expected)), weights)

    def labels_per_night(self) -> Floats:
        """Their sum by night."""
        return self._per_night(self.labels)


@dataclass(frozen=True)
class _CountModel(Model[Any]):
    answer: ClassVar[str] = "expectation"
    columns: ClassVar[tuple[str, ...]] = ("expected",)

    mean: float
    known: Categories

    def count_invalid(self, predictions: Floats) -> int:
        """As of its kind."""
        return ScoredCounts.count_invalid(predictions)

    def importance(self) -> dict[str, float]:
        """Nothing that weighs."""
        return {}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From one file of JSON."""
        content = json.loads(files["count.json"])
        return cls(known=Categories({}), **content)

    def files(self) -> dict[str, bytes]:
        """One file of JSON."""
        content = {name: value for name, value in vars(self).items() if name != "known"}
        return {"count.json": json.dumps(content).encode()}


@dataclass(frozen=True)
class MeanCount(_CountModel):
    """The mean of all."""

    algorithm: ClassVar[str] = "count_heuristic"

    @classmethod
    def fit(cls, training: Training, params: Any) -> Self:
        """Learns one number."""
        del params
        return cls(float(training.train.labels.mean()), Categories({}))

    def predict(self, frame: pd.DataFrame) -> Floats:
        """It, of every row."""
        return np.full(len(frame), self.mean)


@dataclass(frozen=True)
class LogLinearCount(_CountModel):
    """The mean times what one input says."""

    algorithm: ClassVar[str] = "count_logistic"

    column: str
    slope: float

    @classmethod
    def fit(cls, training: Training, params: Any) -> Self:
        """Learns a slope by the likelihood of some."""
        del params
        column, labels = training.inputs.numeric[0], training.train.labels
        values = training.train.frame[column].to_numpy(dtype=np.float64)

        def lose(slope: float) -> float:
            shape = np.exp(slope * values)
            mean = labels.sum() / shape.sum()
            return float((mean * shape - labels * np.log(mean * shape)).sum())

        slope = min(np.linspace(-2, 2, 81).tolist(), key=lose)
        mean = float(labels.sum() / np.exp(slope * values).sum())
        return cls(mean, Categories({}), column, slope)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The mean times an exponential; of a missing input the mean."""
        values = np.nan_to_num(numeric_matrix(frame, (self.column,)).astype(np.float64)[:, 0])
        return self.mean * np.exp(self.slope * np.clip(values, -10, 10))


class Count(Kind):
    """Expected counts."""

    name: ClassVar[str] = "count"
    scored: ClassVar[type[Scored]] = ScoredCounts
    columns: ClassVar[tuple[str, ...]] = ("expected",)
    meanings: ClassVar[Mapping[str, str]] = {
        "expected": "How many are to be expected.",
        "baseline_expected": "The same from the heuristic.",
    }
    plural: ClassVar[str] = "expectations"
    hit: ClassVar[str] = "it is the nearest count"
    base_metrics: ClassVar[tuple[str, ...]] = ("poisson_deviance",)
    algorithms: ClassVar[Mapping[str, str]] = {
        "heuristic": "made_counts:MeanCount",
        "logistic": "made_counts:LogLinearCount",
    }

    @property
    def own_gates(self) -> Mapping[str, Callable[[GateCase], Check]]:
        """That as many come as are expected in all."""
        return {"total": self._check_total}

    def score(self, labels: Any, predictions: Any, nights: Any) -> Scored:
        """Expected counts with labels."""
        return ScoredCounts(labels, predictions, nights)

    def check_labels(self, labels: Floats) -> None:
        """As they are scored."""
        ScoredCounts.check_labels(labels)

    def select_label(self, column: str) -> str:
        """A number from 0 up."""
        return f"CASE WHEN {column} >= 0 THEN CAST({column} AS DOUBLE) END"

    def learn_base(self, labels: Floats) -> Floats:
        """The mean."""
        return np.array(labels.mean())

    def describe_base(self, base: Floats) -> str:
        """The mean."""
        return f"the mean of its training, {float(base):.3f}"

    def make_constant(self, base: Floats) -> MeanCount:
        """The mean of every row."""
        return MeanCount(float(base), Categories({}))

    def read_outcome(self, label: float) -> float:
        """The count."""
        return label

    def is_hit(self, row: Mapping[str, Any], outcome: bool | float) -> bool:
        """Whether it is the next whole number."""
        return bool(round(row["expected"]) == outcome)

    def _check_total(self, case: GateCase) -> Check:
        came, told = case.ours.labels.mean(), case.ours.predictions.mean()
        gates: Any = self.spec.gates
        error, bound = float(abs(told / came - 1)), gates.maximum_total_error
        return Check(error <= bound, error, bound, f"mean count {told:.3f} of {came:.3f}")
