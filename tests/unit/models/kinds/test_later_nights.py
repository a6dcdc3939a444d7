"""A recalibration is judged by nights that come after all that it was fitted to."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.kinds.later_nights import judge_by_later_nights
from redeye.models.logic.recalibration import IDENTITY, Recalibration

MATURITY, LAG, NIGHTS = 2, 3, 20
DAYS = pd.Series(pd.Timestamp("2013-01-01") + pd.to_timedelta(np.arange(3 * NIGHTS) // 3, unit="D"))
LAST = date(2013, 1, NIGHTS)


def judge(gain: float, asked: list | None = None, minimum: int = 10):
    tried = asked if asked is not None else []

    def fit(is_known: np.ndarray, weights: np.ndarray) -> Recalibration:
        tried.append(("fit", int(is_known.sum()), weights.tolist()))
        return Recalibration(0.0, 2.0)

    def lose(is_on: np.ndarray, by: Recalibration) -> float:
        noise = 0.01 * np.sin(np.flatnonzero(is_on)[0])
        tried.append(("lose", int(np.flatnonzero(is_on)[0]), by))
        return 1.0 if by == IDENTITY else 1.0 - gain + noise

    rules = RecalibrationRules(minimum_nights=minimum, half_life_nights=2)
    return judge_by_later_nights(DAYS, LAST, rules, fit, lose, maturity=MATURITY, lag=LAG, confidence=0.95)


def test_each_night_is_judged_by_what_would_have_been_in_effect() -> None:
    asked: list = []
    found = judge(0.5, asked)
    assert found.judged_nights == NIGHTS - MATURITY - LAG
    assert asked[0] == ("lose", 3 * (MATURITY + LAG), IDENTITY)
    # The first night judged knows the labels of one night alone.
    assert asked[1] == ("fit", 3, [1.0, 1.0, 1.0])
    assert asked[-1][1] == 3 * (NIGHTS - MATURITY)
    assert asked[-1][2][-4:] == pytest.approx([0.5**0.5, 1.0, 1.0, 1.0])


def test_it_is_served_where_it_was_better_on_enough_nights() -> None:
    assert judge(0.5).is_in_use
    assert judge(0.5).recalibration == Recalibration(0.0, 2.0, LAST)
    assert not judge(0.5, minimum=16).is_in_use
    assert not judge(-0.5).is_in_use
    assert not judge(0.0).is_in_use
