"""How good probabilities are: log loss, Brier score, ranking and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import entr

from redeye.models.logic.evaluation import Curve, Metrics, Scored, divide
from redeye.models.logic.night_statistics import Floats

CALIBRATION_BINS = 10
# A probability of exactly 0 or 1 that was wrong would make the log loss infinite.
LOG_LOSS_FLOOR = 1e-6


@dataclass(frozen=True)
class CalibrationBin:
    """One of the bins of equal row counts, by prediction."""

    rows: int
    mean_prediction: float
    observed_rate: float


@dataclass(frozen=True, kw_only=True)
class ProbabilityMetrics(Metrics):
    """What a window says about probabilities; None where a metric is not defined there."""

    base_rate: float
    mean_prediction: float
    log_loss: float | None
    brier: float | None
    auc: float | None
    pr_auc: float | None
    calibration_error: float | None
    calibration: tuple[CalibrationBin, ...]

    def describe(self) -> str:
        """The base rate and the mean prediction."""
        return f"base rate {self.base_rate:.3f}, mean prediction {self.mean_prediction:.3f}"


class ScoredProbabilities(Scored):
    """Probabilities with labels 0 or 1, sorted from the highest down."""

    TITLES: ClassVar[Mapping[str, str]] = {
        "log_loss": "log loss",
        "brier": "Brier score",
        "auc": "AUC",
        "pr_auc": "PR-AUC",
        "calibration_error": "calibration error",
    }
    LOSS: ClassVar[str] = "log_loss"
    MEASURES: ClassVar[tuple[str, ...]] = ("auc", "relative_log_loss", "calibration_error")
    COMPARED: ClassVar[tuple[str, ...]] = ("log_loss", "auc")
    HIGHER_IS_BETTER: ClassVar[frozenset[str]] = frozenset({"auc", "pr_auc"})
    DISTANCES: ClassVar[frozenset[str]] = frozenset({"calibration_error"})
    INVALID: ClassVar[str] = "NaN or outside 0 to 1"

    @staticmethod
    def check_labels(labels: Floats) -> None:
        """Refuse what is neither 0 nor 1.

        Raises:
            ValueError: if there is such a label.
        """
        if not np.isin(labels, (0.0, 1.0)).all():
            raise ValueError("a label is neither 0 nor 1: leave rows without outcome out")

    @staticmethod
    def count_invalid(predictions: Floats) -> int:
        """How many are NaN or outside 0 to 1."""
        return int((~((predictions >= 0) & (predictions <= 1))).sum())

    def _find_order(self, predictions: Floats) -> npt.NDArray[np.intp]:
        return np.argsort(-predictions, kind="stable")

    def metrics(self) -> ProbabilityMetrics:
        """Every metric on the rows as they are."""
        found = {metric: self.measure(metric) for metric in self.TITLES}
        values = {metric: value if np.isfinite(value) else None for metric, value in found.items()}
        return ProbabilityMetrics(
            rows=self.labels.size,
            nights=len(self.nights),
            base_rate=float(self.labels.mean()),
            mean_prediction=float(self.predictions.mean()),
            spread=float(self.predictions.std()),
            calibration=self._calibration_bins(),
            **values,
        )

    def resample(self, metric: str, weights: Floats) -> Floats:
        """A metric for each weighting of the nights, NaN where it is not defined.

        Args:
            metric: one of `TITLES`, or `relative_log_loss`: the log loss over that of the rows' own base
                rate. It does not move with the base rate alone; at 1 the model is worth no more than one number.
            weights: one row per weighting, one column per night: how often the night counts.

        Raises:
            ValueError: if there is no such metric.
        """
        match metric:
            case "log_loss":
                p = np.clip(self.predictions, LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR)
                return self._mean(-np.where(self.labels > 0, np.log(p), np.log1p(-p)), weights)
            case "brier":
                return self._mean((self.predictions - self.labels) ** 2, weights)
            case "auc":
                return self._auc(weights)
            case "pr_auc":
                return np.array([self._average_precision(row) for row in weights])
            case "calibration_error":
                return self._calibration_error(weights)
            case "relative_log_loss":
                return divide(self.resample("log_loss", weights), self._base_rate_loss(weights))
        raise ValueError(f"no metric {metric!r}; there are {', '.join(self.TITLES)} and relative_log_loss")

    def draw_curves(self) -> Mapping[str, Curve]:
        """ROC, precision and recall, and calibration."""
        negatives, positives = np.cumsum(1 - self.labels), np.cumsum(self.labels)
        predicted, observed = (
            np.array([getattr(one, name) for one in self._calibration_bins()])
            for name in ("mean_prediction", "observed_rate")
        )
        return {
            "roc": Curve(
                "Ranking",
                negatives / max(negatives[-1], 1),
                positives / max(positives[-1], 1),
                "false positive rate",
                "true positive rate",
                label=f" (AUC {self.metrics().auc or 0:.3f})",
                has_diagonal=True,
            ),
            "precision_recall": Curve(
                "Precision and recall", *self.trace_precision(), "recall", "precision", limits=(0, 1)
            ),
            "calibration": Curve(
                "Calibration",
                predicted,
                observed,
                "predicted probability",
                "observed rate",
                has_points=True,
                has_diagonal=True,
            ),
        }

    def trace_precision(self) -> tuple[Floats, Floats]:
        """Recall and precision from the highest probability down; equal probabilities enter together.

        It begins where the first positive is found: before, precision is 0 and says nothing.
        """
        last = np.append(np.flatnonzero(np.diff(self.predictions)), self.predictions.size - 1)
        found, taken = np.cumsum(self.labels)[last], last + 1
        is_some = found > 0
        return found[is_some] / max(found[-1], 1), found[is_some] / taken[is_some]

    def labels_per_night(self) -> Floats:
        """Rows with label 0 and with label 1, by night."""
        return np.vstack([self._per_night(1 - self.labels), self._per_night(self.labels)])

    def _base_rate_loss(self, weights: Floats) -> Floats:
        negative, positive = (weights @ counts for counts in self.labels_per_night())
        rate = divide(positive, negative + positive)
        loss: Floats = entr(rate) + entr(1 - rate)
        return loss

    def _auc(self, weights: Floats) -> Floats:
        # Won pairs between the positives of each night and the negatives of each other night: with them,
        # a weighting is a quadratic form and needs no sorting again.
        count = len(self.nights)
        is_late = self.labels > 0
        won = np.zeros((count, count))
        positives, owner = self.predictions[is_late], self.night_of_row[is_late]
        for column in range(count):
            negatives = np.sort(self.predictions[~is_late & (self.night_of_row == column)])
            below = np.searchsorted(negatives, positives, side="left")
            up_to = np.searchsorted(negatives, positives, side="right")
            won[:, column] = np.bincount(owner, (below + up_to) / 2, minlength=count)
        pairs = (weights @ self._per_night(self.labels)) * (weights @ self._per_night(1 - self.labels))
        return divide(((weights @ won) * weights).sum(axis=1), pairs)

    def _average_precision(self, weights: Floats) -> float:
        row_weights = weights[self.night_of_row]
        # Equal predictions cannot be told apart: they enter together.
        last = np.append(np.flatnonzero(np.diff(self.predictions)), self.predictions.size - 1)
        found = np.cumsum(row_weights * self.labels)[last]
        taken = np.cumsum(row_weights)[last]
        if found[-1] <= 0:
            return float("nan")
        precision = divide(found, taken, otherwise=0.0)
        return float((np.diff(found, prepend=0.0) * precision).sum() / found[-1])

    def _bin_of_row(self) -> npt.NDArray[np.int64]:
        edges = np.quantile(self.predictions, np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1])
        return np.searchsorted(np.unique(edges), self.predictions, side="right").astype(np.int64)

    def _calibration_error(self, weights: Floats) -> Floats:
        bins = self._bin_of_row()
        total = np.zeros(len(weights))
        for position in np.unique(bins):
            excess = np.where(bins == position, self.predictions - self.labels, 0.0)
            total += np.abs(weights @ self._per_night(excess))
        return divide(total, weights @ self._per_night(np.ones_like(self.labels)))

    def _calibration_bins(self) -> tuple[CalibrationBin, ...]:
        bins = self._bin_of_row()
        return tuple(
            CalibrationBin(
                rows=int((bins == position).sum()),
                mean_prediction=float(self.predictions[bins == position].mean()),
                observed_rate=float(self.labels[bins == position].mean()),
            )
            for position in np.unique(bins)
        )
