"""How good predictions are, and how sure one may be of it.

Rows of one night share what happened on it, and nights resemble their neighbours, so intervals come from what each
night adds to a metric, by `night_statistics`: the same everywhere, so that "significant" means one thing. Every
metric is a function of how often each night counts; a plain evaluation counts each once. Which metrics there are,
each kind of target says (`redeye.models.kinds`). Stated rules: what cannot be computed from sound input (AUC with one
class) is None; unsound input (no rows, NaN or what is no prediction of the kind) is a ValueError.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from redeye.models.logic.night_statistics import Floats, bound_mean


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """What a window says about a model of any kind; each kind adds its own, None where one is not defined there.

    Attributes:
        spread: standard deviation of what is predicted.
    """

    rows: int
    nights: int
    spread: float

    def describe(self) -> str:
        """What the rows and the predictions are like, in words."""
        return f"spread {self.spread:.3f}"

    def numbers(self) -> dict[str, float]:
        """All that is a number and defined, by name."""
        return {name: float(value) for name, value in asdict(self).items() if isinstance(value, int | float)}


@dataclass(frozen=True)
class Interval:
    """A point estimate between its bounds; one-sided confidence at each."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Curve:
    """A line of a picture that shows how good predictions are.

    Attributes:
        picture: its title.
        label: what the line is called beside the model's name.
        has_points: whether each of its points is marked.
        has_diagonal: whether both axes are shares, so that what should be equal lies on the diagonal.
        limits: of the vertical axis.
    """

    picture: str
    x: Floats | npt.NDArray[np.datetime64]
    y: Floats
    x_title: str
    y_title: str
    label: str = ""
    has_points: bool = False
    has_diagonal: bool = False
    limits: tuple[float, float] | None = None


class Promise(NamedTuple):
    """A share of labels that predictions promise; equal ones may make it impossible to meet exactly.

    Attributes:
        title: which labels.
        share: that is promised.
        inside: the metric that counts those beyond doubt.
        within: the metric that counts also those on the edge.
    """

    title: str
    share: float
    inside: str
    within: str


class Scored(ABC):
    """Predictions with their labels and nights, prepared for every weighting of the nights.

    Attributes:
        labels: one per row.
        predictions: one per row, or several, as the kind has them.
        nights: that occur, in order.
        night_of_row: the position of each row's night among them.
    """

    TITLES: ClassVar[Mapping[str, str]]
    """The metrics that are recorded, with their titles, in order."""
    LOSS: ClassVar[str]
    """The metric by which two models are compared where no other is named, lower for the better one."""
    MEASURES: ClassVar[tuple[str, ...]]
    """The metrics that a champion is judged by, and that are kept of its first nights."""
    COMPARED: ClassVar[tuple[str, ...]]
    """The metrics on which a champion must not be worse than the heuristic."""
    HIGHER_IS_BETTER: ClassVar[frozenset[str]] = frozenset()
    DISTANCES: ClassVar[frozenset[str]] = frozenset()
    """The metrics that are sums of absolute deviations."""
    PART_METRICS: ClassVar[Mapping[str, str]] = {}
    """What is shown of a part of the rows beside the loss, with its title."""
    WIDTH: tuple[int, ...] = ()
    """The shape of one row's prediction: none of a single number."""

    labels: Floats
    predictions: Floats

    def __init__(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> None:
        """Checks and sorts: per row a label, a prediction, and its night.

        Raises:
            ValueError: on no rows, unequal lengths, a label or a prediction that is none of this kind.
        """
        given = np.asarray(labels, dtype=np.float64)
        told = np.asarray(predictions, dtype=np.float64)
        days = np.asarray(nights, dtype="datetime64[D]")
        if given.ndim != 1 or days.shape != given.shape or told.shape != (*given.shape, *self.WIDTH):
            raise ValueError(
                f"{given.shape} labels, {told.shape} predictions, {days.shape} nights: not one each"
            )
        if not given.size:
            raise ValueError("no rows to evaluate")
        self.check_labels(given)
        if wrong := self.count_invalid(told):
            raise ValueError(f"{wrong} of {given.size} predictions are {self.INVALID}")
        if np.isnat(days).any():
            raise ValueError("a row has no night")
        self._order = order = self._find_order(told)
        self.labels, self.predictions = given[order], told[order]
        self.nights, self.night_of_row = np.unique(days[order], return_inverse=True)

    INVALID: ClassVar[str] = "no numbers"
    """What predictions are that `count_invalid` counts."""

    @staticmethod
    @abstractmethod
    def check_labels(labels: Floats) -> None:
        """Refuse what is no label of this kind.

        Raises:
            ValueError: saying what it is.
        """

    @staticmethod
    @abstractmethod
    def count_invalid(predictions: Floats) -> int:
        """How many rows have no prediction of this kind."""

    @abstractmethod
    def metrics(self) -> Metrics:
        """Every metric on the rows as they are."""

    @abstractmethod
    def resample(self, metric: str, weights: Floats) -> Floats:
        """A metric for each weighting of the nights, NaN where it is not defined.

        Args:
            metric: one of `TITLES` or `MEASURES`.
            weights: one row per weighting, one column per night: how often the night counts.

        Raises:
            ValueError: if there is no such metric.
        """

    @abstractmethod
    def labels_per_night(self) -> Floats:
        """What the labels of each night come to: equal for equal labels."""

    @property
    def promises(self) -> tuple[Promise, ...]:
        """What every part of the rows is held to."""
        return ()

    def draw_curves(self) -> Mapping[str, Curve]:
        """What a picture of each name shows of these predictions."""
        return {}

    def where(self, is_kept: npt.NDArray[np.bool_]) -> Self:
        """Some of the rows; `is_kept` is in the order in which they were given.

        Raises:
            ValueError: if it keeps none, or is not one per row.
        """
        if is_kept.shape != self.labels.shape:
            raise ValueError(f"{is_kept.shape} rows to keep of {self.labels.shape}: not one each")
        kept = is_kept[self._order]
        return self.like(self.labels[kept], self.predictions[kept], self.nights[self.night_of_row[kept]])

    def like(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> Self:
        """Others of the same kind."""
        return type(self)(labels, predictions, nights)

    def answer_alike(self, prediction: npt.ArrayLike) -> Self:
        """The same rows, of each of which the same is predicted."""
        told = np.full(self.predictions.shape, prediction)
        return self.like(self.labels, told, self.nights[self.night_of_row])

    def measure(self, metric: str) -> float:
        """A metric on the rows as they are; NaN where it is not defined."""
        return float(self.resample(metric, np.ones((1, len(self.nights))))[0])

    def list_plain_metrics(self) -> dict[str, float]:
        """The recorded metrics that are defined on the rows, in order."""
        found = {metric: self.measure(metric) for metric in self.TITLES}
        return {metric: value for metric, value in found.items() if np.isfinite(value)}

    def _find_order(self, predictions: Floats) -> npt.NDArray[np.intp]:
        """In which order the rows are kept."""
        return np.arange(len(predictions))

    def _per_night(self, values: Floats) -> Floats:
        return np.bincount(self.night_of_row, values, minlength=len(self.nights)).astype(np.float64)

    def _mean(self, values: Floats, weights: Floats) -> Floats:
        rows = weights @ self._per_night(np.ones_like(values))
        return divide(weights @ self._per_night(values), rows)


def interval(scored: Scored, metric: str, *, confidence: float) -> Interval | None:
    """A metric with its bounds; None if it is not defined, or not without one of the nights."""
    values = scored.resample(metric, _leave_out_each_night(len(scored.nights)))
    over = _estimate_distance_bias(scored, metric)
    return _bound(values, confidence, over, is_distance=metric in scored.DISTANCES)


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
    one, other = (candidate, champion) if metric in candidate.HIGHER_IS_BETTER else (champion, candidate)
    weights = _leave_out_each_night(len(one.nights))
    difference = one.resample(metric, weights) - other.resample(metric, weights)
    over, under = (_estimate_distance_bias(scored, metric) for scored in (one, other))
    return _bound(difference, confidence, over, under, is_distance=metric in candidate.DISTANCES)


def _leave_out_each_night(nights: int) -> Floats:
    """Weights of all nights, then of all but each."""
    return np.vstack([np.ones(nights), 1 - np.eye(nights)])


def _bound(
    values: Floats, confidence: float, over: float = 0.0, under: float = 0.0, *, is_distance: bool
) -> Interval | None:
    """Bounds of a statistic by its values of `_leave_out_each_night`; it may be too high or too low by so much."""
    if not np.isfinite(values).all():
        return None
    count = len(values) - 1
    # The jackknife's pseudo-values (Tukey, 1958): what each night adds, as if the statistic were a mean of nights.
    pseudo_values = count * values[0] - (count - 1) * values[1:]
    if is_distance:
        # Either sign of a deviation makes a distance: near 0 each bound has both tails against it.
        confidence = (1 + confidence) / 2
    low, high = bound_mean(pseudo_values, confidence)
    return Interval(float(values[0]), float(values[0] - over + low), float(values[0] + under + high))


def _estimate_distance_bias(scored: Scored, metric: str) -> float:
    """By how much chance alone makes a distance too large; 0 of another metric.

    A sum of absolute deviations near 0 is too large by c / sqrt(nights), so halves of the nights show c: runs of
    neighbours, that resemble each other as the nights do.
    """
    if metric not in scored.DISTANCES:
        return 0.0
    count = len(scored.nights)
    half, night = max(count // 2, 1), np.arange(count)
    runs = ((night - night[:, None]) % count < half).astype(np.float64)
    whole = scored.resample(metric, np.ones((1, count)))[0]
    rise = float(scored.resample(metric, runs).mean() - whole)
    return max(rise, 0.0) / (np.sqrt(count / half) - 1) if half < count else 0.0


def divide(numerator: Floats, denominator: Floats, otherwise: float = np.nan) -> Floats:
    """A quotient, and something else where the denominator is not above 0."""
    return np.divide(numerator, denominator, out=np.full_like(numerator, otherwise), where=denominator > 0)
