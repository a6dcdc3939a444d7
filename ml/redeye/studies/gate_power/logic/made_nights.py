"""Nights made up as a project has them, and two models of which one knows more by a chosen amount."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import root
from scipy.special import expit, logit
from scipy.stats import norm

from redeye.models.algorithms.base import Floats
from redeye.studies.gate_power.logic.hints import give_hint

# What champion and candidate know alike, of what the champion knows: in information, that is in strength squared.
SHARED = 0.5
_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Circumstances:
    """What a project's nights are like.

    Attributes:
        rows: of a night.
        base_rate: share of true labels.
        correlation: of two labels of one night, 0 or more.
        auc: by which the champion ranks within a night; 0.5 knows nothing.
    """

    rows: int
    base_rate: float
    correlation: float = 0.0
    auc: float = 0.6

    def __post_init__(self) -> None:
        """Refuses what no nights are like.

        Raises:
            ValueError: naming the figure.
        """
        if self.rows < 1:
            raise ValueError(f"{self.rows} rows a night are none")
        for name, value, low, high in (
            ("base rate", self.base_rate, 0.0, 1.0),
            ("correlation", self.correlation, -1e-9, 0.9),
            ("AUC", self.auc, 0.5 - 1e-9, 1.0),
        ):
            if not low < value < high:
                raise ValueError(f"a {name} of {value:g} does not lie between {max(low, 0):.3g} and {high:g}")

    @property
    def strength(self) -> float:
        """Of the hint by which labels are ranked with that AUC."""
        return float(np.sqrt(2) * norm.ppf(max(self.auc, 0.5)))

    @cached_property
    def _night(self) -> tuple[float, float]:
        """Mean and standard deviation of a night's log odds, that give base rate and correlation."""
        rate = self.base_rate
        if self.correlation <= 0:
            return float(logit(rate)), 0.0
        variance = self.correlation * rate * (1 - rate)

        def miss(given: Floats) -> list[float]:
            chances = expit(given[0] + np.exp(given[1]) * _POINTS)
            mean = float(_WEIGHTS @ chances)
            return [mean / rate - 1, float(_WEIGHTS @ (chances - mean) ** 2) / variance - 1]

        start = [float(logit(rate)), float(np.log(np.sqrt(variance) / (rate * (1 - rate))))]
        found = root(miss, start)
        return float(found.x[0]), float(np.exp(found.x[1]))

    def draw_labels(self, nights: int, random: np.random.Generator) -> Floats:
        """The labels of so many nights, night by night."""
        mean, deviation = self._night
        chances = expit(mean + deviation * random.normal(size=nights))
        drawn: Floats = (random.random((nights, self.rows)) < chances[:, None]).astype(np.float64).ravel()
        return drawn

    def draw_predictions(
        self, labels: Floats, gained: float, random: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """What the champion and a candidate say of them, who knows more by a hint of that strength.

        With a gain of 0 both know equally much, half of it alike: they differ row by row, and neither is better.
        """
        share = self.strength**2 * SHARED
        own = self.strength**2 - share
        noise = random.normal(size=(3, len(labels)))
        alike = give_hint(np.full(len(labels), self.base_rate), labels, float(np.sqrt(share)), noise[0])
        champion = give_hint(alike, labels, float(np.sqrt(own)), noise[1])
        candidate = give_hint(alike, labels, float(np.sqrt(own + gained**2)), noise[2])
        return champion, candidate


def measure_circumstances(rows: Floats, rates: Floats, auc: float) -> Circumstances:
    """What nights were like, by the number of rows and the share of true labels of each.

    The correlation of two labels of a night is the intraclass one, by the analysis of variance; below 0 it is none.

    Raises:
        ValueError: if there are fewer than two nights with two rows, or all labels are the same.
    """
    is_kept = rows > 1
    rows, rates = rows[is_kept], rates[is_kept]
    total, nights = float(rows.sum()), len(rows)
    if nights < 2:
        raise ValueError("there are not two nights with labels yet")
    mean = float(rows @ rates) / total
    between = float(rows @ (rates - mean) ** 2) / (nights - 1)
    within = float(rows @ (rates * (1 - rates))) / (total - nights)
    size = (total - float(rows @ rows) / total) / (nights - 1)
    correlation = (
        max((between - within) / (between + (size - 1) * within), 0.0) if between + within > 0 else 0.0
    )
    return Circumstances(round(total / nights), mean, min(correlation, 0.8), auc)
