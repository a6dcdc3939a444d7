"""What a mean over nights can be told to be, when neighbouring nights resemble each other: used wherever nights are.

Nights are few, skewed and correlated; resampling them one by one calls chance significant two to four times as
often as stated. Here the standard error of a mean is that of nights with `ASSUMED_CORRELATION`, the quantile is
Student's for as many degrees of freedom as such nights have, and Hall's transformation takes the skewness off.
`./redeye interval-error` measures what is left: `docs/results/interval-error.md`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

# Of a night with the next. Fourteen nights cannot tell their own correlation, so it is assumed: at 0.45 the
# one-sided error stays below 6 % for correlations of 0 to 0.4, which is what differences of real models show.
ASSUMED_CORRELATION = 0.45
# A t of constant nights is 0 / 0, and its skewness too: below this share of their size, they are constant.
_ROUNDING = 1e-12


def estimate_effective_nights(nights: npt.ArrayLike, correlation: float = ASSUMED_CORRELATION) -> Floats:
    """How many independent nights tell a mean as well, by the nights' own sample variance.

    Args:
        nights: how many there are, at least two; an array gives an array.
        correlation: of a night with the next; it decays geometrically from there.

    Returns:
        `n` such that the sample variance over `n` is the variance of the mean, in expectation.
    """
    count = np.asarray(nights, dtype=np.float64)
    inflation = (1 + correlation) / (1 - correlation) - 2 * correlation * (1 - correlation**count) / (
        count * (1 - correlation) ** 2
    )
    # Correlated nights lie closer together than they lie around the truth.
    shrinkage = (count - inflation) / (count - 1)
    effective: Floats = count * shrinkage / inflation
    return effective


def estimate_degrees_of_freedom(nights: npt.ArrayLike, correlation: float = ASSUMED_CORRELATION) -> Floats:
    """Degrees of freedom of the sample variance of so many nights."""
    freedom: Floats = (np.asarray(nights, dtype=np.float64) - 1) * (1 - correlation**2) / (1 + correlation**2)
    return freedom


def estimate_skewness(values: Floats) -> Floats:
    """The unbiased sample skewness over the last axis; 0 where the values are constant or fewer than three."""
    count = values.shape[-1]
    centred = values - values.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1))
    third = (centred**3).mean(axis=-1)
    if count <= 2:
        return np.zeros_like(third)
    skewness = np.divide(
        third,
        deviation**3,
        out=np.zeros_like(third),
        where=deviation > _ROUNDING * np.abs(values).max(axis=-1),
    )
    corrected: Floats = skewness * np.sqrt(count * (count - 1)) / (count - 2)
    return corrected


def remove_skewness(t: npt.ArrayLike, skewness: npt.ArrayLike, nights: npt.ArrayLike) -> Floats:
    """Hall's transformation: a t of skewed values, as it would be of symmetric ones; it never changes their order.

    Hall, "On the removal of skewness by transformation", Journal of the Royal Statistical Society B 54 (1992).

    Args:
        t: a mean over its standard error, minus the truth's.
        skewness: of the values.
        nights: effective ones.
    """
    a = np.asarray(skewness) / np.sqrt(nights)
    t = np.asarray(t, dtype=np.float64)
    symmetric: Floats = t + a * (t**2 / 3 + 1 / 6) + a**2 * t**3 / 27
    return symmetric


def restore_skewness(t: npt.ArrayLike, skewness: npt.ArrayLike, nights: npt.ArrayLike) -> Floats:
    """The inverse of `remove_skewness`."""
    a = np.asarray(skewness, dtype=np.float64) / np.sqrt(nights)
    x = np.asarray(t, dtype=np.float64) - a / 6
    # (cbrt(1 + a x) - 1) · 3 / a without the cancellation of a skewness near 0.
    root = np.cbrt(1 + a * x)
    skewed: Floats = 3 * x / (root**2 + root + 1)
    return skewed


def bound_mean(
    values: Floats, confidence: float, correlation: float = ASSUMED_CORRELATION
) -> tuple[Floats, Floats]:
    """Bounds of the mean of nights, each at its one-sided confidence, as distances from the mean.

    Args:
        values: one per night, in the last axis; in any order.
        confidence: of each bound.
        correlation: that the nights are taken to have.

    Returns:
        How far the lower bound lies below the mean (0 or less), and the upper above it; NaN of a single night.
    """
    count = values.shape[-1]
    if count <= 1:
        nothing = np.full(values.shape[:-1], np.nan)
        return nothing, nothing
    nights = estimate_effective_nights(count, correlation)
    error = values.std(axis=-1, ddof=1) / np.sqrt(nights)
    quantile = stats.t.ppf(confidence, estimate_degrees_of_freedom(count, correlation))
    skewness = estimate_skewness(values)
    low = -error * restore_skewness(quantile, skewness, nights)
    high = -error * restore_skewness(-quantile, skewness, nights)
    return low, high
