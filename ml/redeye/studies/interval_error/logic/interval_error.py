"""How often a bound is wrong where nothing is to be found, and how often it finds what there is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from redeye.models.kinds.scored_probabilities import LOG_LOSS_FLOOR
from redeye.models.logic.evaluation import interval
from redeye.models.logic.night_statistics import Floats, bound_mean
from redeye.studies.interval_error.logic.made_nights import SHOCKS, make_deviating, make_nights

CONFIDENCE = 0.95
LENGTHS = (14, 21, 28, 42)
WEEK = 7
CORRELATIONS = (0.0, 0.2, 0.4)
# In standard deviations of a night.
EFFECTS = (0.25, 0.5, 1.0)
RUNS, SEED = 20_000, 2001
CALIBRATION_RUNS, MOOD = 400, 0.07
DEVIATIONS = {
    "none": (0.0,) * 4,
    "all 0.03 too high": (0.03,) * 4,
    "0.05 to either side": (0.05, -0.05) * 2,
    "one level 0.10 too high": (0.1, 0.0, 0.0, 0.0),
}


def measure_errors(nights: Floats) -> tuple[float, float]:
    """The share of runs significantly above 0 and significantly below 0; `nights` are runs by nights around 0."""
    (low, high), mean = bound_mean(nights, CONFIDENCE), nights.mean(axis=-1)
    return float((mean + low > 0).mean()), float((mean + high < 0).mean())


def measure_made_errors(runs: int = RUNS, seed: int = SEED) -> pd.DataFrame:
    """The error to the worse side of each distribution: a row per length and correlation, a column per distribution."""
    return pd.DataFrame(
        [
            {
                "nights": nights,
                "correlation": correlation,
                **{
                    name: max(measure_errors(make_nights(name, correlation, nights, runs, seed)))
                    for name in SHOCKS
                },
            }
            for nights, correlation in product(LENGTHS, CORRELATIONS)
        ]
    )


def measure_power(runs: int = RUNS, seed: int = SEED) -> pd.DataFrame:
    """The share of runs of normal nights that are significantly better: a row per length, correlation and effect."""
    found = []
    for nights, correlation in product(LENGTHS, CORRELATIONS):
        made = make_nights("normal", correlation, nights, runs, seed)
        found += [
            {
                "nights": nights,
                "correlation": correlation,
                "effect": effect,
                "power": measure_errors(made + effect)[0],
            }
            for effect in EFFECTS
        ]
    return pd.DataFrame(found)


def measure_calibration_errors(runs: int = CALIBRATION_RUNS, seed: int = SEED) -> pd.DataFrame:
    """The same for a calibration error of 14 nights, whose truth is known: a row per deviation and correlation."""
    found = []
    for (name, deviations), correlation in product(DEVIATIONS.items(), CORRELATIONS):
        truth = float(np.abs(deviations).mean())
        moods = MOOD * make_nights("normal", correlation, LENGTHS[0], runs, seed)
        spans = [
            interval(
                make_deviating(deviations, moods[run], seed + run), "calibration_error", confidence=CONFIDENCE
            )
            for run in range(runs)
        ]
        found.append(
            {
                "deviation": name,
                "correlation": correlation,
                "too_high": np.mean([span is not None and span.lower > truth for span in spans]),
                "too_low": np.mean([span is not None and span.upper < truth for span in spans]),
            }
        )
    return pd.DataFrame(found)


def find_nightly_gains(rows: pd.DataFrame, one: str, other: str) -> Floats:
    """By how much the mean log loss of `one` is lower than that of `other`, night by night in their order.

    `rows` have night, label, and a column of probabilities for each.
    """
    losses = {}
    for name in (one, other):
        p = rows[name].clip(LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR)
        losses[name] = -np.log(np.where(rows["label"] > 0, p, 1 - p))
    gains = pd.Series(losses[other] - losses[one], index=rows.index).groupby(rows["night"]).mean()
    return gains.sort_index().to_numpy(dtype=np.float64)


def measure_real_errors(gains: Floats, runs: int = RUNS, seed: int = SEED) -> pd.DataFrame:
    """The errors on real nights, after the mean of all is taken off: a row per length.

    Windows are taken in two ways: all of consecutive nights, in which seasons differ from the mean of all; and of
    weeks drawn from anywhere, whose truth is 0, as skewed and as correlated within the week as real nights are.

    Args:
        gains: by night; without the longest lengths if they are few.
        runs: of drawn weeks.
        seed: of the draw.

    Returns:
        `nights`; `apart`, how many windows share no night; shares that are significantly so: `better_in_order`,
        `worse_in_order`, `better_of_weeks`, `worse_of_weeks`.
    """
    centred, found = gains - gains.mean(), []
    for nights in (each for each in LENGTHS if each <= len(centred)):
        windows = np.lib.stride_tricks.sliding_window_view(centred, nights)
        starts = np.random.default_rng([seed, nights]).integers(
            0, len(centred) - WEEK + 1, (runs, nights // WEEK)
        )
        drawn = centred[starts[..., None] + np.arange(WEEK)].reshape(runs, nights)
        row: dict[str, float] = {"nights": nights, "apart": len(centred) // nights}
        row["better_in_order"], row["worse_in_order"] = measure_errors(windows)
        row["better_of_weeks"], row["worse_of_weeks"] = measure_errors(drawn)
        found.append(row)
    return pd.DataFrame(found)


def estimate_correlation(gains: Floats) -> float:
    """Of a night with the next."""
    centred = gains - gains.mean()
    return float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())
