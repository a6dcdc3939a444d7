"""Whether a recalibration may be served: decided on nights later than those that it was fitted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.calendar import count_nights_since
from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.logic.night_statistics import Floats, bound_mean
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration

_EPOCH = date(1970, 1, 1)
Rows = npt.NDArray[np.bool_]


def _number(night: date) -> int:
    return count_nights_since(_EPOCH, night)


def judge_by_later_nights(
    nights: pd.Series,
    night: date,
    rules: RecalibrationRules,
    fit: Callable[[Rows, Floats], Recalibration],
    lose: Callable[[Rows, Recalibration], float],
    *,
    maturity: int,
    lag: int,
    confidence: float,
) -> JudgedRecalibration:
    """The recalibration after `night`, and whether it may be served.

    It may where such ones were significantly better than none over at least `minimum_nights` nights, each judged by
    the one that would have been in effect: fitted `maturity` plus `lag` nights before it and earlier.

    Args:
        nights: of each row.
        night: at whose end it is decided.
        rules: of the spec.
        fit: what some rows, with so much weight each, ask for.
        lose: the mean loss of some rows as a recalibration serves them.
        maturity: nights until a label is final.
        lag: nights from a decision to its effect.
        confidence: of the bound, one-sided.
    """
    days, places = np.unique(pd.to_datetime(nights).to_numpy(), return_inverse=True)
    of_row = np.array([_number(each) for each in pd.DatetimeIndex(days).date], dtype=np.int64)[places]

    def fit_by(decided: int) -> Recalibration:
        is_known = of_row <= decided - maturity
        weights = 0.5 ** ((decided - maturity - of_row[is_known]) / rules.half_life_nights)
        return fit(is_known, weights)

    def measure_gain(scored: int) -> float:
        is_on = of_row == scored
        return lose(is_on, IDENTITY) - lose(is_on, fit_by(scored - lag))

    known = np.unique(of_row)
    gains = np.array([measure_gain(each) for each in known if each >= known[0] + maturity + lag])
    improvement = float(gains.mean()) if gains.size else float("nan")
    lower = improvement + float(bound_mean(gains, confidence)[0]) if gains.size else float("nan")
    found = fit_by(_number(night))
    return JudgedRecalibration(
        recalibration=replace(found, night=night),
        nights=known.size,
        rows=len(nights),
        judged_nights=gains.size,
        improvement=improvement,
        lower=lower,
        is_in_use=gains.size >= rules.minimum_nights and lower > 0 and found.slope > 0,
    )
