"""Recalibration: an intercept and a slope on the log odds of a champion's own probabilities, by nights that matured.

A base rate that halves within a month is in the labels of a few nights, and in a new training only much later. Two
parameters can be fitted to those nights, by a prior that holds them at the identity until the nights say otherwise.
Whether they are served is decided on nights later than those they were fitted on, as for a candidate.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.kinds.later_nights import judge_by_later_nights
from redeye.models.kinds.scored_probabilities import LOG_LOSS_FLOOR
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration

Floats = npt.NDArray[np.float64]

# Newton's method on a strictly convex function of two parameters: a handful is enough, a fixed number repeats exactly.
_STEPS = 12


def move_odds(raw: Floats, by: Recalibration) -> Floats:
    """Probabilities as served; the raw ones themselves by the identity."""
    if by == IDENTITY:
        return raw
    served: Floats = expit(by.intercept + by.slope * _log_odds(raw))
    return served


def fit_recalibration(raw: Floats, labels: Floats, weights: Floats, prior_strength: float) -> Recalibration:
    """The most probable intercept and slope; the identity where there are no rows.

    Args:
        raw: probabilities, one per row.
        labels: 0 or 1.
        weights: of each row.
        prior_strength: precision of the normal prior of both, around intercept 0 and slope 1. A row counts with its
            weight times p (1 - p), so 900 rows at a rate of 0.2 carry 144.
    """
    design = np.column_stack([np.ones_like(raw), _log_odds(raw)])
    prior = np.array([0.0, 1.0])
    found = prior
    for _ in range(_STEPS):
        fitted = expit(design @ found)
        gradient = design.T @ (weights * (fitted - labels)) + prior_strength * (found - prior)
        information = weights * fitted * (1 - fitted)
        curvature = design.T @ (design * information[:, None]) + prior_strength * np.eye(2)
        found = found - np.linalg.solve(curvature, gradient)
    return Recalibration(float(found[0]), float(found[1]))


def judge_recalibration(
    rows: pd.DataFrame, night: date, rules: RecalibrationRules, *, maturity: int, lag: int, confidence: float
) -> JudgedRecalibration:
    """The parameters after `night`, and whether they may be served: as `judge_by_later_nights` has it.

    Args:
        rows: `night`, `raw_probability`, `label`: of the champion alone, with labels known at the night's cutoff.
        night: at whose end it is decided.
        rules: of the spec.
        maturity: nights until a label is final.
        lag: nights from a decision to its effect.
        confidence: of the bound, one-sided.
    """
    raw, labels = (rows[name].to_numpy(dtype=np.float64) for name in ("raw_probability", "label"))

    def fit(is_known: npt.NDArray[np.bool_], weights: Floats) -> Recalibration:
        return fit_recalibration(raw[is_known], labels[is_known], weights, rules.prior_strength)

    def lose(is_on: npt.NDArray[np.bool_], by: Recalibration) -> float:
        return _measure_loss(move_odds(raw[is_on], by), labels[is_on])

    return judge_by_later_nights(
        rows["night"], night, rules, fit, lose, maturity=maturity, lag=lag, confidence=confidence
    )


def _log_odds(raw: Floats) -> Floats:
    odds: Floats = logit(np.clip(raw, LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR))
    return odds


def _measure_loss(probabilities: Floats, labels: Floats) -> float:
    p = np.clip(probabilities, LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR)
    return float(-np.where(labels > 0, np.log(p), np.log1p(-p)).mean())
