"""How good numbers with bounds are: pinball loss, absolute error and coverage.

Each metric is a mean of what the rows add, so that one resampling by nights serves all. The pinball loss of a quantile
is lowest in expectation for the true one (Koenker and Bassett, "Regression Quantiles", 1978); here it is the mean over
the three of them.

The coverage of whole numbers cannot be met exactly: bounds that are hit often count on neither side. An interval is
as good as promised while the promise lies between the share strictly within its bounds and the share within or on
them; for numbers that hit no bound these are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from redeye.models.logic.evaluation import Curve, Metrics, Promise, Scored, divide
from redeye.models.logic.night_statistics import Floats

BINS = 10
LOWER, VALUE, UPPER = 1, 0, 2
"""Positions in a row's prediction: the number comes first."""
_POSITIONS = {"lower": LOWER, "value": VALUE, "upper": UPPER}


@dataclass(frozen=True, kw_only=True)
class QuantileMetrics(Metrics):
    """What a window says about numbers with bounds.

    Attributes:
        mean_label: of the rows.
        mean_prediction: of the numbers.
        coverage: share of labels within or on the bounds.
        mean_width: between the bounds.
    """

    mean_label: float
    mean_prediction: float
    coverage: float
    mean_width: float
    pinball_loss: float
    absolute_error: float
    coverage_error: float

    def describe(self) -> str:
        """The means, the coverage and the width."""
        return (
            f"mean label {self.mean_label:.3f}, mean prediction {self.mean_prediction:.3f}, {self.coverage:.1%} "
            f"within bounds that are {self.mean_width:.3f} apart"
        )


class ScoredQuantiles(Scored):
    """Numbers with bounds and their labels; a row's prediction is the number, the lower and the upper bound."""

    TITLES: ClassVar[Mapping[str, str]] = {
        "pinball_loss": "pinball loss",
        "absolute_error": "absolute error",
        "coverage_error": "coverage error",
        "mean_width": "width of the interval",
    }
    LOSS: ClassVar[str] = "pinball_loss"
    MEASURES: ClassVar[tuple[str, ...]] = ("relative_pinball_loss", "coverage_error")
    COMPARED: ClassVar[tuple[str, ...]] = ("pinball_loss",)
    DISTANCES: ClassVar[frozenset[str]] = frozenset({"coverage_error"})
    PART_METRICS: ClassVar[Mapping[str, str]] = {"bias": "above the label by"}
    WIDTH: tuple[int, ...] = (3,)
    INVALID: ClassVar[str] = "no number between two bounds"

    def __init__(
        self,
        labels: npt.ArrayLike,
        predictions: npt.ArrayLike,
        nights: npt.ArrayLike,
        levels: tuple[float, float, float],
    ) -> None:
        """As any; `levels` are the shares of labels below the lower bound, the number and the upper bound."""
        super().__init__(labels, predictions, nights)
        self.levels = levels

    @staticmethod
    def check_labels(labels: Floats) -> None:
        """Refuse what is no finite number.

        Raises:
            ValueError: if there is such a label.
        """
        if not np.isfinite(labels).all():
            raise ValueError("a label is no number: leave rows without outcome out")

    @staticmethod
    def count_invalid(predictions: Floats) -> int:
        """How many rows are no finite number between two bounds."""
        value, lower, upper = predictions.T
        is_ordered = (lower <= value) & (value <= upper) & np.isfinite(predictions).all(axis=1)
        return int((~is_ordered).sum())

    def like(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> Self:
        """Others of the same levels."""
        return type(self)(labels, predictions, nights, self.levels)

    @property
    def promises(self) -> tuple[Promise, ...]:
        """How many labels lie within the bounds, and how many up to the number."""
        lower, middle, upper = self.levels
        return (
            Promise("within the bounds", upper - lower, "inside", "within"),
            Promise("up to the number", middle, "below_value", "up_to_value"),
        )

    @property
    def quantile_promises(self) -> tuple[Promise, ...]:
        """How many labels lie up to each quantile, from the lowest."""
        return tuple(
            Promise(f"up to {name}", level, f"below_{name}", f"up_to_{name}")
            for name, level in zip(_POSITIONS, self.levels, strict=True)
        )

    def _list_shares(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Of each row what shares are made of."""
        labels, (lower, upper) = self.labels, (self.predictions[:, at] for at in (LOWER, UPPER))
        found = {
            "within": (lower <= labels) & (labels <= upper),
            "inside": (lower < labels) & (labels < upper),
        }
        for name, at in _POSITIONS.items():
            found |= {
                f"below_{name}": labels < self.predictions[:, at],
                f"up_to_{name}": labels <= self.predictions[:, at],
            }
        return found

    def metrics(self) -> QuantileMetrics:
        """Every metric on the rows as they are."""
        value, lower, upper = self.predictions.T
        return QuantileMetrics(
            rows=self.labels.size,
            nights=len(self.nights),
            spread=float(value.std()),
            mean_label=float(self.labels.mean()),
            mean_prediction=float(value.mean()),
            coverage=float(((lower <= self.labels) & (self.labels <= upper)).mean()),
            **{metric: self.measure(metric) for metric in self.TITLES},
        )

    def resample(self, metric: str, weights: Floats) -> Floats:
        """A metric for each weighting of the nights.

        Args:
            metric: one of `TITLES`, or `relative_pinball_loss`: the pinball loss over that of the rows' own
                quantiles, said of every row. At 1 the model is worth no more than three numbers. Or `bias`: by how
                much the number lies above the label on average. Or a share that a promise names.
            weights: one row per weighting, one column per night: how often the night counts.

        Raises:
            ValueError: if there is no such metric.
        """
        value, lower, upper = self.predictions.T
        match metric:
            case "pinball_loss":
                return self._mean(self._lose(self.predictions), weights)
            case "absolute_error":
                return self._mean(np.abs(value - self.labels), weights)
            case "mean_width":
                return self._mean(upper - lower, weights)
            case "coverage_error":
                promised = self.levels[2] - self.levels[0]
                within, inside = (self.resample(name, weights) for name in ("within", "inside"))
                error: Floats = np.maximum(np.maximum(promised - within, inside - promised), 0.0)
                return error
            case "bias":
                return self._mean(value - self.labels, weights)
            case "relative_pinball_loss":
                # Of all rows alike, whichever nights count: their own quantiles for each weighting would be sorted
                # anew for each, and differ by less than the nights do.
                alone = np.tile(order_quantiles(np.quantile(self.labels, self.levels)), (len(self.labels), 1))
                return divide(self.resample("pinball_loss", weights), self._mean(self._lose(alone), weights))
        if (rows := self._list_shares().get(metric)) is not None:
            return self._mean(rows.astype(np.float64), weights)
        raise ValueError(
            f"no metric {metric!r}; there are {', '.join(self.TITLES)} and relative_pinball_loss"
        )

    def labels_per_night(self) -> Floats:
        """Rows, sum and sum of squares of the labels, by night."""
        return np.vstack([self._per_night(self.labels**power) for power in range(3)])

    def draw_curves(self) -> Mapping[str, Curve]:
        """Predicted and observed by tenths of the number, labels up to each quantile, coverage, width and residuals."""
        value = self.predictions[:, VALUE]
        order = np.array_split(np.argsort(value, kind="stable"), min(BINS, len(value)))
        predicted, observed = (
            np.array([each[rows].mean() for rows in order]) for each in (value, self.labels)
        )
        each_night = np.eye(len(self.nights))
        residuals = self.labels - value
        places = np.linspace(0.01, 0.99, 99)
        below = [float((self.labels <= self.predictions[:, at]).mean()) for at in (LOWER, VALUE, UPPER)]
        return {
            "values": Curve(
                "What came of what was predicted",
                predicted,
                observed,
                "mean prediction",
                "mean label",
                has_points=True,
            ),
            "calibration": Curve(
                "Calibration",
                np.array(self.levels),
                np.array(below),
                "quantile",
                "share of labels up to it",
                has_points=True,
                has_diagonal=True,
            ),
            **{
                name: Curve(
                    title, self.nights, self.resample(metric, each_night), "night", below_it, has_points=True
                )
                for name, title, metric, below_it in (
                    ("coverage", "Coverage by night", "within", "share of labels within the bounds"),
                    ("width", "Width of the interval by night", "mean_width", "mean distance of the bounds"),
                )
            },
            "residuals": Curve(
                "Residuals", places, np.quantile(residuals, places), "share of rows", "label less number"
            ),
        }

    def _lose(self, predictions: Floats) -> Floats:
        """The pinball loss of each row, the mean over its quantiles."""
        loss = np.zeros(len(self.labels))
        for at, level in zip((LOWER, VALUE, UPPER), self.levels, strict=True):
            above = self.labels - predictions[:, at]
            loss += np.maximum(level * above, (level - 1) * above)
        return loss / len(self.levels)


def order_quantiles(ascending: Floats) -> Floats:
    """Quantiles in the order of a prediction: the number, the lower and the upper bound."""
    return ascending[..., [1, 0, 2]]
