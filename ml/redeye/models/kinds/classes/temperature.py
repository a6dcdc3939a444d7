"""Temperature scaling: one number that makes all probabilities of classes sharper or blunter.

Log probabilities are multiplied by a slope, one over the temperature, and brought to the sum 1 again (Guo, Pleiss, Sun
and Weinberger, "On Calibration of Modern Neural Networks", 2017). Which class is the likeliest does not change. A
version has the slope of the nights that it was stopped by; what it is worth is said of later ones. On served nights it
is found anew, and served where later nights show that it made predictions better.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.kinds.later_nights import judge_by_later_nights
from redeye.models.kinds.scored_probabilities import LOG_LOSS_FLOOR
from redeye.models.logic.night_statistics import Floats
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration

# Beyond these a slope says that something else is wrong.
_LEAST, _MOST = np.log(0.2), np.log(5.0)


def sharpen(predictions: Floats, slope: float) -> Floats:
    """Probabilities of classes to the power of a slope, brought to the sum 1."""
    logs = slope * np.log(np.clip(predictions, LOG_LOSS_FLOOR, 1.0))
    powers = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    # Column by column: a sum over a row of them may round another way in another company.
    total = np.zeros(len(powers))
    for column in powers.T:
        total = total + column
    sharpened: Floats = powers / total[:, None]
    return sharpened


def find_slope(
    predictions: Floats, labels: Floats, weights: Floats | None = None, prior_strength: float = 1.0
) -> float:
    """The most probable slope, by a normal prior of its logarithm around 0; 1 where there are no rows."""
    if not len(labels):
        return 1.0
    counts = np.ones(len(labels)) if weights is None else weights

    def lose(log_slope: float) -> float:
        own = sharpen(predictions, float(np.exp(log_slope)))[np.arange(len(labels)), labels.astype(np.int64)]
        return float(-(counts * np.log(own)).sum() + prior_strength * log_slope**2 / 2)

    return float(np.exp(minimize_scalar(lose, bounds=(_LEAST, _MOST), method="bounded").x))


def recalibrate_classes(raw: Floats, by: Recalibration) -> Floats:
    """Probabilities as served; the raw ones themselves by the identity."""
    return raw if by == IDENTITY else sharpen(raw, by.slope)


def judge_temperature(
    rows: pd.DataFrame,
    raw: Floats,
    night: date,
    rules: RecalibrationRules,
    *,
    maturity: int,
    lag: int,
    confidence: float,
) -> JudgedRecalibration:
    """The slope after `night`, and whether it may be served: as `judge_by_later_nights` has it.

    Args:
        rows: `night` and `label`, of the champion alone, with labels known at the night's cutoff.
        raw: their probabilities as the version gave them.
        night: at whose end it is decided.
        rules: of the spec.
        maturity: nights until a label is final.
        lag: nights from a decision to its effect.
        confidence: of the bound, one-sided.
    """
    labels = rows["label"].to_numpy(dtype=np.float64)

    def fit(is_known: np.ndarray, weights: Floats) -> Recalibration:
        slope = find_slope(raw[is_known], labels[is_known], weights, rules.prior_strength)
        return Recalibration(0.0, slope)

    def lose(is_on: np.ndarray, by: Recalibration) -> float:
        served = recalibrate_classes(raw[is_on], by)
        own = served[np.arange(len(served)), labels[is_on].astype(np.int64)]
        return float(-np.log(np.clip(own, LOG_LOSS_FLOOR, 1.0)).mean())

    return judge_by_later_nights(
        rows["night"], night, rules, fit, lose, maturity=maturity, lag=lag, confidence=confidence
    )
