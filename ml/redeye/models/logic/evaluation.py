"""How good probabilities are, and how sure one may be of it.

Rows of one night share what happened on it, and nights resemble their neighbours, so intervals come from what each
night adds to a metric, by `night_statistics`: the same everywhere, so that "significant" means one thing. Every
metric is a function of how often each night counts; a plain evaluation counts each once. Stated
rules: what cannot be computed from sound input (AUC with one class) is None; unsound input (no rows, NaN
or probabilities outside 0 to 1) is a ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import entr

from redeye.models.logic.night_statistics import Floats, bound_mean

METRICS = ("log_loss", "brier", "auc", "pr_auc", "calibration_error")
HIGHER_IS_BETTER = {metric: metric in ("auc", "pr_auc") for metric in METRICS}
# These are sums of absolute deviations.
DISTANCES = ("calibration_error",)
CALIBRATION_BINS = 10
# A probability of exactly 0 or 1 that was wrong would make the log loss infinite.
LOG_LOSS_FLOOR = 1e-6


@dataclass(frozen=True)
class CalibrationBin:
    """One of the bins of equal row counts, by prediction."""

    rows: int
    mean_prediction: float
    observed_rate: float


@dataclass(frozen=True)
class Metrics:
    """What a window says about a model; None where a metric is not defined there."""

    rows: int
    nights: int
    base_rate: float
    mean_prediction: float
    spread: float
    log_loss: float | None
    brier: float | None
    auc: float | None
    pr_auc: float | None
    calibration_error: float | None
    calibration: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class Interval:
    """A point estimate between its bounds; one-sided confidence at each."""

    value: float
    lower: float
    upper: float


class Scored:
    """Predictions with their labels and nights, prepared for every weighting of the nights."""

    def __init__(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> None:
        """Checks and sorts: per row a label 0 or 1, a probability, and its night.

        Raises:
            ValueError: on no rows, unequal lengths, a label that is no class, or no probability.
        """
        given = np.asarray(labels, dtype=np.float64)
        probabilities = np.asarray(predictions, dtype=np.float64)
        days = np.asarray(nights, dtype="datetime64[D]")
        if not given.shape == probabilities.shape == days.shape or given.ndim != 1:
            raise ValueError(
                f"{given.shape} labels, {probabilities.shape} predictions, {days.shape} nights: not one each"
            )
        if not given.size:
            raise ValueError("no rows to evaluate")
        if not np.isin(given, (0.0, 1.0)).all():
            raise ValueError("a label is neither 0 nor 1")
        if not ((probabilities >= 0) & (probabilities <= 1)).all():
            wrong = int((~((probabilities >= 0) & (probabilities <= 1))).sum())
            raise ValueError(f"{wrong} of {given.size} predictions are NaN or outside 0 to 1")
        if np.isnat(days).any():
            raise ValueError("a row has no night")
        self._order = order = np.argsort(-probabilities, kind="stable")
        self.labels, self.predictions = given[order], probabilities[order]
        self.nights, self.night_of_row = np.unique(days[order], return_inverse=True)

    def where(self, is_kept: npt.NDArray[np.bool_]) -> Scored:
        """Some of the rows; `is_kept` is in the order in which they were given.

        Raises:
            ValueError: if it keeps none, or is not one per row.
        """
        if is_kept.shape != self.labels.shape:
            raise ValueError(f"{is_kept.shape} rows to keep of {self.labels.shape}: not one each")
        kept = is_kept[self._order]
        return Scored(self.labels[kept], self.predictions[kept], self.nights[self.night_of_row[kept]])

    def metrics(self) -> Metrics:
        """Every metric on the rows as they are."""
        once = np.ones((1, len(self.nights)))
        found = {metric: float(self.resample(metric, once)[0]) for metric in METRICS}
        values = {metric: value if np.isfinite(value) else None for metric, value in found.items()}
        return Metrics(
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
            metric: one of `METRICS`, or `relative_log_loss`: the log loss over that of the rows' own base
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
                return _divide(self.resample("log_loss", weights), self._base_rate_loss(weights))
        raise ValueError(f"no metric {metric!r}; there are {', '.join(METRICS)} and relative_log_loss")

    def labels_per_night(self) -> Floats:
        """Rows with label 0 and with label 1, by night."""
        return np.vstack([self._per_night(1 - self.labels), self._per_night(self.labels)])

    def _per_night(self, values: Floats) -> Floats:
        return np.bincount(self.night_of_row, values, minlength=len(self.nights)).astype(np.float64)

    def _mean(self, values: Floats, weights: Floats) -> Floats:
        rows = weights @ self._per_night(np.ones_like(values))
        return _divide(weights @ self._per_night(values), rows)

    def _base_rate_loss(self, weights: Floats) -> Floats:
        negative, positive = (weights @ counts for counts in self.labels_per_night())
        rate = _divide(positive, negative + positive)
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
        return _divide(((weights @ won) * weights).sum(axis=1), pairs)

    def _average_precision(self, weights: Floats) -> float:
        row_weights = weights[self.night_of_row]
        # Equal predictions cannot be told apart: they enter together.
        last = np.append(np.flatnonzero(np.diff(self.predictions)), self.predictions.size - 1)
        found = np.cumsum(row_weights * self.labels)[last]
        taken = np.cumsum(row_weights)[last]
        if found[-1] <= 0:
            return float("nan")
        precision = _divide(found, taken, otherwise=0.0)
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
        return _divide(total, weights @ self._per_night(np.ones_like(self.labels)))

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


def interval(scored: Scored, metric: str, *, confidence: float) -> Interval | None:
    """A metric with its bounds; None if it is not defined, or not without one of the nights."""
    values = scored.resample(metric, _leave_out_each_night(len(scored.nights)))
    return _bound(values, metric, confidence, over=_estimate_distance_bias(scored, metric))


def estimate_improvement(
    candidate: Scored, champion: Scored, metric: str, *, confidence: float
) -> Interval | None:
    """How much better the candidate is than the champion on the same rows; positive is better.

    Returns:
        None if the metric is not defined, or not without one of the nights.

    Raises:
        ValueError: if the two were not scored on the same rows.
    """
    if candidate.labels.size != champion.labels.size or not np.array_equal(candidate.nights, champion.nights):
        raise ValueError("candidate and champion were not scored on the same rows")
    labels = [scored.labels_per_night() for scored in (candidate, champion)]
    if not np.array_equal(labels[0], labels[1]):
        raise ValueError("candidate and champion were not scored on rows with the same labels")
    one, other = (candidate, champion) if HIGHER_IS_BETTER[metric] else (champion, candidate)
    weights = _leave_out_each_night(len(one.nights))
    difference = one.resample(metric, weights) - other.resample(metric, weights)
    over, under = (_estimate_distance_bias(scored, metric) for scored in (one, other))
    return _bound(difference, metric, confidence, over, under)


def _leave_out_each_night(nights: int) -> Floats:
    """Weights of all nights, then of all but each."""
    return np.vstack([np.ones(nights), 1 - np.eye(nights)])


def _bound(
    values: Floats, metric: str, confidence: float, over: float = 0.0, under: float = 0.0
) -> Interval | None:
    """Bounds of a statistic by its values of `_leave_out_each_night`; it may be too high or too low by so much."""
    if not np.isfinite(values).all():
        return None
    count = len(values) - 1
    # The jackknife's pseudo-values (Tukey, 1958): what each night adds, as if the statistic were a mean of nights.
    pseudo_values = count * values[0] - (count - 1) * values[1:]
    if metric in DISTANCES:
        # Either sign of a deviation makes a distance: near 0 each bound has both tails against it.
        confidence = (1 + confidence) / 2
    low, high = bound_mean(pseudo_values, confidence)
    return Interval(float(values[0]), float(values[0] - over + low), float(values[0] + under + high))


def _estimate_distance_bias(scored: Scored, metric: str) -> float:
    """By how much chance alone makes a distance too large; 0 of another metric.

    A sum of absolute deviations near 0 is too large by c / sqrt(nights), so halves of the nights show c: runs of
    neighbours, that resemble each other as the nights do.
    """
    if metric not in DISTANCES:
        return 0.0
    count = len(scored.nights)
    half, night = max(count // 2, 1), np.arange(count)
    runs = ((night - night[:, None]) % count < half).astype(np.float64)
    whole = scored.resample(metric, np.ones((1, count)))[0]
    rise = float(scored.resample(metric, runs).mean() - whole)
    return max(rise, 0.0) / (np.sqrt(count / half) - 1) if half < count else 0.0


def _divide(numerator: Floats, denominator: Floats, otherwise: float = np.nan) -> Floats:
    return np.divide(numerator, denominator, out=np.full_like(numerator, otherwise), where=denominator > 0)
