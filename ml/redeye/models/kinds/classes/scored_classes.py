"""How good probabilities of classes are: log loss, Brier score, accuracy and calibration.

A label is the position of its class. The Brier score is that of its author (1950), the sum of squared errors over the
classes: 0 to 2, and of two classes twice that of one probability. Calibration is of each class against all others, by
tenths of its probability, and the mean over the classes ("classwise": Kull and others, 2019); of the likeliest class
alone it would say nothing of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import entr

from redeye.models.kinds.scored_probabilities import CALIBRATION_BINS, LOG_LOSS_FLOOR
from redeye.models.logic.evaluation import Curve, Metrics, Scored, divide
from redeye.models.logic.night_statistics import Floats

# Of the sum of a row's probabilities: many float32 may miss 1 by so much.
SUM_TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class ClassMetrics(Metrics):
    """What a window says about probabilities of classes; `shares` and `mean_predictions` are by class."""

    shares: tuple[float, ...]
    mean_predictions: tuple[float, ...]
    log_loss: float
    brier: float
    accuracy: float
    calibration_error: float

    def describe(self) -> str:
        """How much of the rows is of the commonest class, and how often the likeliest one came."""
        return f"{max(self.shares):.1%} are of the commonest class, {self.accuracy:.1%} of the likeliest"


class ScoredClasses(Scored):
    """Probabilities of classes, a column each, with labels that are positions among them."""

    TITLES: ClassVar[Mapping[str, str]] = {
        "log_loss": "log loss",
        "brier": "Brier score",
        "accuracy": "accuracy",
        "calibration_error": "calibration error",
    }
    LOSS: ClassVar[str] = "log_loss"
    MEASURES: ClassVar[tuple[str, ...]] = ("relative_log_loss", "calibration_error")
    COMPARED: ClassVar[tuple[str, ...]] = ("log_loss",)
    HIGHER_IS_BETTER: ClassVar[frozenset[str]] = frozenset({"accuracy"})
    DISTANCES: ClassVar[frozenset[str]] = frozenset({"calibration_error"})
    INVALID: ClassVar[str] = "no probabilities that add up to 1"

    def __init__(
        self,
        labels: npt.ArrayLike,
        predictions: npt.ArrayLike,
        nights: npt.ArrayLike,
        classes: tuple[str, ...],
    ) -> None:
        """As any; `classes` are their names, in order.

        Raises:
            ValueError: also if a label is no position of a class.
        """
        self.classes, self.WIDTH = classes, (len(classes),)
        super().__init__(labels, predictions, nights)
        if (self.labels >= len(classes)).any():
            raise ValueError(f"a label is beyond the {len(classes)} classes")

    @staticmethod
    def check_labels(labels: Floats) -> None:
        """Refuse what is no position.

        Raises:
            ValueError: if there is such a label.
        """
        if not (np.isfinite(labels) & (labels >= 0) & (labels == np.rint(labels))).all():
            raise ValueError("a label is none of the classes: leave rows without outcome out")

    @staticmethod
    def count_invalid(predictions: Floats) -> int:
        """How many rows are no probabilities that add up to 1."""
        is_within = ((predictions >= 0) & (predictions <= 1)).all(axis=1)
        return int((~(is_within & (np.abs(predictions.sum(axis=1) - 1) <= SUM_TOLERANCE))).sum())

    def like(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> Self:
        """Others of the same classes."""
        return type(self)(labels, predictions, nights, self.classes)

    @property
    def came(self) -> Floats:
        """Of each row 1 in the column of its class, 0 in the others."""
        return np.eye(len(self.classes))[self.labels.astype(np.int64)]

    @property
    def likeliest(self) -> npt.NDArray[np.int64]:
        """Of each row the class with the highest probability, of equal ones the first."""
        return self.predictions.argmax(axis=1).astype(np.int64)

    def metrics(self) -> ClassMetrics:
        """Every metric on the rows as they are."""
        return ClassMetrics(
            rows=self.labels.size,
            nights=len(self.nights),
            spread=float(self.predictions.std(axis=0).max()),
            shares=tuple(self.came.mean(axis=0).tolist()),
            mean_predictions=tuple(self.predictions.mean(axis=0).tolist()),
            **{metric: self.measure(metric) for metric in self.TITLES},
        )

    def resample(self, metric: str, weights: Floats) -> Floats:
        """A metric for each weighting of the nights, NaN where it is not defined.

        Args:
            metric: one of `TITLES`, or `relative_log_loss`: the log loss over that of the rows' own shares of the
                classes. At 1 the model is worth no more than these.
            weights: one row per weighting, one column per night: how often the night counts.

        Raises:
            ValueError: if there is no such metric.
        """
        match metric:
            case "log_loss":
                own = (self.predictions * self.came).sum(axis=1)
                return self._mean(-np.log(np.clip(own, LOG_LOSS_FLOOR, 1)), weights)
            case "brier":
                return self._mean(((self.predictions - self.came) ** 2).sum(axis=1), weights)
            case "accuracy":
                return self._mean((self.likeliest == self.labels).astype(np.float64), weights)
            case "calibration_error":
                each = [self.measure_class(place, weights) for place in range(len(self.classes))]
                error: Floats = np.mean(each, axis=0)
                return error
            case "relative_log_loss":
                counts = [weights @ counts for counts in self.labels_per_night()]
                rows: Floats = np.sum(counts, axis=0)
                alone: Floats = np.sum([entr(divide(each, rows)) for each in counts], axis=0)
                return divide(self.resample("log_loss", weights), alone)
        raise ValueError(f"no metric {metric!r}; there are {', '.join(self.TITLES)} and relative_log_loss")

    def measure_class(self, place: int, weights: Floats) -> Floats:
        """The calibration error of one class against all others, for each weighting."""
        told, came = self.predictions[:, place], self.labels == place
        bins = cut_tenths(told)
        total = np.zeros(len(weights))
        for position in np.unique(bins):
            total += np.abs(weights @ self._per_night(np.where(bins == position, told - came, 0.0)))
        return divide(total, weights @ self._per_night(np.ones_like(told)))

    def labels_per_night(self) -> Floats:
        """Rows of each class, by night."""
        return np.vstack([self._per_night(came) for came in self.came.T])

    def draw_curves(self) -> Mapping[str, Curve]:
        """Calibration of the likeliest class, and accuracy by night."""
        top, is_hit = self.predictions.max(axis=1), self.likeliest == self.labels
        bins = cut_tenths(top)
        found = [bins == position for position in np.unique(bins)]
        predicted, observed = (np.array([each[rows].mean() for rows in found]) for each in (top, is_hit))
        by_night = self.resample("accuracy", np.eye(len(self.nights)))
        return {
            "calibration": Curve(
                "Calibration of the likeliest class",
                predicted,
                observed,
                "predicted probability",
                "share that came",
                has_points=True,
                has_diagonal=True,
            ),
            "accuracy": Curve(
                "Accuracy by night",
                self.nights,
                by_night,
                "night",
                "share of rows",
                has_points=True,
                limits=(0, 1),
            ),
        }


def cut_tenths(values: Floats) -> npt.NDArray[np.int64]:
    """The tenth of each value, by how many rows have less; equal values are in one."""
    edges = np.quantile(values, np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1])
    return np.searchsorted(np.unique(edges), values, side="right").astype(np.int64)
