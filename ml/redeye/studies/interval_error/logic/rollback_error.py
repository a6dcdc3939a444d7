"""How often the nightly question whether to roll back errs over a whole reign, and how soon it finds a bad champion."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from redeye.models.logic.night_statistics import Floats
from redeye.monitoring.logic.rollback_evidence import LEVEL, MINIMUM_NIGHTS, find_levels, weigh_evidence
from redeye.studies.interval_error.logic.made_nights import SHOCKS, make_nights

SIX_WEEKS, SEASON = 42, 180
CORRELATIONS = (0.0, 0.4)
# In standard deviations of a night: how much better than the other version a sound champion is, and how much worse
# one is that has to go.
BETTER, WORSE = 0.33, 1.0
RUNS, SEED = 400, 2011


def find_first_night(differences: Floats, level: float = LEVEL) -> int | None:
    """The night after which the evidence is significant for the first time, asked after every one; None if never."""
    for nights in range(MINIMUM_NIGHTS, len(differences) + 1):
        if weigh_evidence(differences[:nights]) >= 1 / level:
            return nights
    return None


def measure_blocked(runs: Floats, level: float = LEVEL) -> float:
    """The share of reigns in which the champion is called worse at some time; `runs` are reigns by nights."""
    return float(np.mean([find_first_night(differences, level) is not None for differences in runs]))


def measure_made_rollbacks(runs: int = RUNS, seed: int = SEED, season: int = SEASON) -> pd.DataFrame:
    """The shares of champions called worse on made-up nights: a row per distribution and correlation.

    Args:
        runs: reigns of each kind.
        seed: of the nights.
        season: nights of the reign of an equal champion.

    Returns:
        `distribution`, `correlation`; `equal_in_a_season` and `equal_in_six_weeks` of champions as good as the one
        other version; `better_in_six_weeks` of those better by `BETTER`; `worse_in_six_weeks` of those worse by
        `WORSE`, compared with one version and the last resort at once.
    """
    of_a_version = find_levels([False, True])[0]
    found = []
    for name, correlation in product(SHOCKS, CORRELATIONS):
        reigns = make_nights(name, correlation, season, runs, seed)
        short = make_nights(name, correlation, SIX_WEEKS, runs, seed)
        firsts = [find_first_night(differences) or np.inf for differences in reigns]
        found.append(
            {
                "distribution": name,
                "correlation": correlation,
                "equal_in_a_season": float(np.mean(np.isfinite(firsts))),
                "equal_in_six_weeks": float(np.mean(np.array(firsts) <= SIX_WEEKS)),
                "better_in_six_weeks": measure_blocked(short - BETTER),
                "worse_in_six_weeks": measure_blocked(short + WORSE, of_a_version),
            }
        )
    return pd.DataFrame(found)
