"""Whether another version is better than the champion, asked after every night of its reign.

An interval of the last nights holds its error once. Asked night after night it would call a sound champion worse in a
third of all seasons, so the question is answered by an e-value: evidence that may be looked at as often as one likes,
since its mean is at most 1 at any stopping time where the other version is no better. Over `1 / level` it is
significant at that level for the whole reign (Ville's inequality). The evidence is that of a t test whose effect has
a half-normal prior (Wang & Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown
variance", Sequential Analysis 44 (2025)), with what `night_statistics` says of correlated and skewed nights, and it is
a mixture over nights at which the champion may have become worse (the e-detector's idea of Shin, Ramdas & Rinaldo).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_ndtr, logsumexp

from redeye.models.logic.night_statistics import (
    Floats,
    estimate_degrees_of_freedom,
    estimate_effective_nights,
    estimate_skewness,
    remove_skewness,
)

LEVEL = 0.05
"""Share of champions equal to every version they are compared with that may be called worse in their whole reign."""
LAST_RESORT_LEVEL = 0.01
"""Of it, the heuristic's part where there are others: it is seldom close."""
MINIMUM_NIGHTS = 10
CORRELATION = 0.4
# The prior's scale, in standard deviations of a night. A champion that is worse by one of them has to be found in six
# weeks; a smaller scale finds it later, a larger one does not find it sooner.
_EFFECT = 0.8
_WEEK = 7


def find_levels(is_last_resort: Sequence[bool]) -> list[float]:
    """The level of each comparison, `LEVEL` in all: the last resort's, and the others' in equal parts."""
    others = list(is_last_resort).count(False)
    if others in (0, len(is_last_resort)):
        return [LEVEL / len(is_last_resort) for _ in is_last_resort]
    return [LAST_RESORT_LEVEL if each else (LEVEL - LAST_RESORT_LEVEL) / others for each in is_last_resort]


def weigh_evidence(differences: Sequence[float] | Floats) -> float:
    """The e-value for "the other version is better", against "it is no better".

    Half of the weight lies on the whole reign, the rest on a change after so many weeks: `1 / (2 k (k + 1))` on week
    `k`, which sums to the other half over any reign.

    Args:
        differences: the champion's log loss minus the other version's, one per night, the oldest first.

    Returns:
        The evidence; 1 is none. 1 as well while there are fewer than `MINIMUM_NIGHTS`.
    """
    nights = np.asarray(differences, dtype=np.float64)
    if len(nights) < MINIMUM_NIGHTS:
        return 1.0
    # What has not begun, and what has no weight yet, has an e-value of 1.
    logs, weights = [_log_evidence(nights)], [0.5]
    for week in range(1, (len(nights) - MINIMUM_NIGHTS) // _WEEK + 1):
        logs.append(_log_evidence(nights[week * _WEEK :]))
        weights.append(0.5 / (week * (week + 1)))
    rest = 1.0 - sum(weights)
    return float(np.exp(min(logsumexp([*logs, 0.0], b=[*weights, rest]), 700.0)))


def _log_evidence(nights: Floats) -> float:
    deviation = nights.std(ddof=1)
    if deviation <= 1e-12 * np.abs(nights).max() or not np.abs(nights).max():
        # The same on every night: a difference of rounding, or of two equal versions.
        return 0.0
    effective = float(estimate_effective_nights(len(nights), CORRELATION))
    freedom = float(estimate_degrees_of_freedom(len(nights), CORRELATION))
    t = nights.mean() / deviation * np.sqrt(effective)
    t = float(remove_skewness(t, estimate_skewness(nights), effective))
    spread = 1 + effective * _EFFECT**2
    two_sided = -0.5 * np.log(spread) + (freedom + 1) / 2 * (
        np.log1p(t**2 / freedom) - np.log1p(t**2 / (freedom * spread))
    )
    # Of a half-normal prior: twice the part of the posterior above 0.
    return float(two_sided + np.log(2) + log_ndtr(t * np.sqrt(1 - 1 / spread)))
