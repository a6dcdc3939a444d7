"""Nights that are made up, as correlated and as skewed as is asked for, around a truth that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import ndtri

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.night_statistics import Floats

# Until the first night no longer shows in the next ones.
_WARM_UP = 30
_FIRST = np.datetime64("2001-01-01")

# From independent shares between 0 and 1 to shocks of mean 0 and deviation 1.
SHOCKS: Mapping[str, Callable[[Floats], Floats]] = {
    "normal": ndtri,
    "uniform": lambda share: (share - 0.5) * np.sqrt(12),
    "t with 4 degrees": lambda share: _take_t4(share) / np.sqrt(2),
    "skewed to the right": lambda share: -np.log(1 - share) - 1,
    "skewed to the left": lambda share: 1 + np.log(1 - share),
    "lognormal": lambda share: (np.exp(ndtri(share)) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e),
}


def make_nights(shocks: str, correlation: float, nights: int, runs: int, seed: int) -> Floats:
    """Runs of nights of mean 0 and deviation 1: an autoregression of the first order.

    Args:
        shocks: one of `SHOCKS`.
        correlation: of a night with the next.
        nights: in a run.
        runs: independent ones.
        seed: of all of them.

    Returns:
        Runs by nights.
    """
    shares = np.random.default_rng([seed, nights]).random((runs, nights + _WARM_UP))
    made = SHOCKS[shocks](shares)
    for night in range(1, made.shape[1]):
        made[:, night] = correlation * made[:, night - 1] + np.sqrt(1 - correlation**2) * made[:, night]
    return made[:, _WARM_UP:]


def make_deviating(deviations: tuple[float, ...], moods: Floats, seed: int, rows: int = 50) -> Scored:
    """Predictions of as many levels as there are deviations, each too high by its own.

    Args:
        deviations: by level, how far the predictions lie above the truth.
        moods: by night, how much more likely every row is than the truth.
        seed: of the labels.
        rows: of each level and night.
    """
    said = np.repeat(0.2 + 0.1 * np.arange(len(deviations)), rows)
    truth = said - np.repeat(deviations, rows)
    late = np.random.default_rng(seed).random((len(moods), said.size)) < truth + moods[:, None]
    return ScoredProbabilities(
        late.ravel().astype(float),
        np.tile(said, len(moods)),
        _FIRST + np.repeat(np.arange(len(moods)), said.size),
    )


def _take_t4(share: Floats) -> Floats:
    # The quantile in closed form (Shaw, 2006): the library's takes a hundred times as long.
    a = 4 * share * (1 - share)
    quantile: Floats = (
        np.sign(share - 0.5) * 2 * np.sqrt(np.maximum(np.cos(np.arccos(np.sqrt(a)) / 3) / np.sqrt(a) - 1, 0))
    )
    return quantile
