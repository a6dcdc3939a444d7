"""How sure one may be of what a change gains, when another seed of the same training would have gained another amount.

The nights' own interval (`redeye.models.logic.night_statistics`) is that of two fits as they are. What a change does to
a training is a mean over seeds too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from redeye.models.logic.evaluation import (
    Interval,
    Scored,
    estimate_improvement,
)
from redeye.models.logic.night_statistics import ASSUMED_CORRELATION, Floats, bound_mean


def bound_mean_of_seeds(
    values: Floats, confidence: float, correlation: float = ASSUMED_CORRELATION
) -> tuple[Floats, Floats]:
    """Bounds of the mean of nights and seeds, each at its one-sided confidence, as distances from the mean.

    The seeds' average of each night bounds the mean over nights; the seeds' own means bound it over seeds, by Student's
    t. The distances are added as squares: Howe, "Approximate confidence limits on the mean of X + Y", Journal of the
    American Statistical Association 69 (1974). What a seed does to one night alone counts in both: on the safe side.

    Args:
        values: in the last two axes one per seed and night; at least two seeds.
        confidence: of each bound.
        correlation: that the nights are taken to have.

    Returns:
        As `bound_mean`.
    """
    low, high = bound_mean(values.mean(axis=-2), confidence, correlation)
    seeds = values.shape[-2]
    error = values.mean(axis=-1).std(axis=-1, ddof=1) / np.sqrt(seeds)
    margin = stats.t.ppf(confidence, seeds - 1) * error
    return -np.hypot(low, margin), np.hypot(high, margin)


def estimate_improvement_of_seeds(
    candidates: Sequence[Scored], champions: Sequence[Scored], metric: str, *, confidence: float
) -> Interval | None:
    """How much better fits of one kind are than those of another on the same rows, whatever their seeds.

    Args:
        candidates: one per seed.
        champions: one per seed, as many.
        metric: one that is no distance.
        confidence: of each bound.

    Returns:
        The mean of the seeds between bounds that take in nights and seeds, of one seed nights alone; None as
        `estimate_improvement`.

    Raises:
        ValueError: if two were not scored on the same rows, or the metric is a distance.
    """
    if any(metric in each.DISTANCES for each in candidates):
        raise ValueError(f"{metric} is a distance: chance alone makes it larger with each seed")
    pairs = list(zip(candidates, champions, strict=True))
    # It refuses what cannot be compared, and says where there is no interval.
    found = [estimate_improvement(*pair, metric, confidence=confidence) for pair in pairs]
    if len(pairs) == 1 or any(each is None for each in found):
        return found[0] if len(pairs) == 1 else None
    values = np.vstack([_list_night_values(candidate, metric) for candidate in candidates])
    values -= np.vstack([_list_night_values(champion, metric) for champion in champions])
    values *= 1 if metric in candidates[0].HIGHER_IS_BETTER else -1
    low, high = bound_mean_of_seeds(values, confidence)
    value = float(np.mean([each.value for each in found if each]))
    return Interval(value, value + float(low), value + float(high))


def _list_night_values(scored: Scored, metric: str) -> Floats:
    """What each night adds, as if the metric were a mean of nights: the jackknife's pseudo-values (Tukey, 1958)."""
    count = len(scored.nights)
    values = scored.resample(metric, np.vstack([np.ones(count), 1 - np.eye(count)]))
    nights: Floats = count * values[0] - (count - 1) * values[1:]
    return nights
