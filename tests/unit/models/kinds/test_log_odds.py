"""Two parameters follow a base rate that moved, stay at nothing where it did not, and are served on evidence alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.kinds.log_odds import fit_recalibration, judge_recalibration, move_odds
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration

RULES = RecalibrationRules(half_life_nights=14, prior_strength=300)
FIRST = date(2013, 8, 1)


def made_nights(
    seed: int, nights: int = 26, *, shift: float = 0.0, slope: float = 1.0, of: int = 400
) -> pd.DataFrame:
    """Rows whose log odds are `shift` plus `slope` times those that were said; nights differ among themselves."""
    random = np.random.default_rng(seed)
    odds = random.normal(-1.2, 0.8, nights * of)
    own = np.repeat(random.normal(0, 0.3, nights), of)
    labels = random.random(nights * of) < expit(shift + slope * odds + own)
    return pd.DataFrame(
        {
            "night": np.repeat(pd.date_range(FIRST, periods=nights), of),
            "raw_probability": expit(odds),
            "label": labels.astype(float),
        }
    )


def judge(rows: pd.DataFrame, rules: RecalibrationRules = RULES) -> JudgedRecalibration:
    night = rows["night"].max().date() + timedelta(days=2)
    return judge_recalibration(rows, night, rules, maturity=2, lag=2, confidence=0.95)


def test_the_identity_gives_back_the_very_probabilities() -> None:
    raw = np.array([0.1, 0.3, 0.9999999])
    assert move_odds(raw, IDENTITY) is raw


def test_an_intercept_shifts_the_log_odds_and_a_slope_multiplies_them() -> None:
    raw = np.array([0.2, 0.5])
    assert move_odds(raw, Recalibration(0.3, 2.0)) == pytest.approx(expit(0.3 + 2 * logit(raw)))
    extreme = move_odds(np.array([0.0, 1.0]), Recalibration(-1.0, 1.0))
    assert ((extreme > 0) & (extreme < 1)).all()


def test_with_a_weak_prior_it_is_a_logistic_regression() -> None:
    rows = made_nights(1, shift=-0.7, slope=1.4)
    raw, labels = rows["raw_probability"].to_numpy(), rows["label"].to_numpy()
    weights = np.random.default_rng(2).random(raw.size)
    found = fit_recalibration(raw, labels, weights, 1e-6)
    peer = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000)
    peer.fit(logit(raw)[:, None], labels, sample_weight=weights)
    assert found.intercept == pytest.approx(peer.intercept_[0], abs=1e-5)
    assert found.slope == pytest.approx(peer.coef_[0, 0], abs=1e-5)


def test_the_prior_holds_it_at_nothing_until_rows_say_otherwise() -> None:
    rows = made_nights(3, shift=-0.8)
    raw, labels = rows["raw_probability"].to_numpy(), rows["label"].to_numpy()
    shifts = [
        fit_recalibration(raw[:count], labels[:count], np.ones(count), RULES.prior_strength).intercept
        for count in (0, 400, raw.size)
    ]
    assert shifts[0] == 0
    assert shifts[2] < shifts[1] < 0
    nothing = fit_recalibration(raw[:0], labels[:0], np.ones(0), RULES.prior_strength)
    assert (nothing.intercept, nothing.slope) == (0, 1)


def test_newer_nights_count_more() -> None:
    old, new = made_nights(4, 13, shift=0.5), made_nights(5, 13, shift=-0.5)
    rows = pd.concat([old, new.assign(night=new["night"] + pd.Timedelta(days=13))], ignore_index=True)
    quick, slow = (
        judge(rows, RULES.model_copy(update={"half_life_nights": nights})).recalibration
        for nights in (2, 10_000)
    )
    middle = expit(-1.2)
    assert move_odds(np.array([middle]), quick)[0] < move_odds(np.array([middle]), slow)[0] - 0.05


def test_a_base_rate_that_halved_is_followed_and_served() -> None:
    found = judge(made_nights(6, shift=-0.8))
    assert found.is_in_use
    assert (found.nights, found.judged_nights, found.rows) == (26, 22, 26 * 400)
    assert found.recalibration.night == FIRST + timedelta(days=27)
    assert 0 < found.lower < found.improvement
    raw = made_nights(7, shift=-0.8)
    served = move_odds(raw["raw_probability"].to_numpy(), found.recalibration)
    assert served.mean() == pytest.approx(raw["label"].mean(), abs=0.03)


def test_a_night_is_judged_by_what_was_known_and_in_effect_before_it() -> None:
    rows = made_nights(8, 15, shift=-0.8)
    before = judge(rows)
    # The last four nights are judged, and no judged night is fitted on: their labels move their own gains alone.
    is_last = rows["night"] > pd.Timestamp(FIRST + timedelta(days=10))
    turned = rows.assign(label=np.where(is_last, 1 - rows["label"], rows["label"]))
    gains = [
        judge(each[each["night"] <= pd.Timestamp(FIRST + timedelta(days=10))]).improvement
        for each in (rows, turned)
    ]
    assert gains[0] == gains[1]
    assert judge(turned).improvement < before.improvement


def test_too_few_later_nights_are_no_evidence() -> None:
    rows = made_nights(6, shift=-0.8)
    needing = [judge(rows, RULES.model_copy(update={"minimum_nights": nights})) for nights in (22, 23)]
    assert [each.is_in_use for each in needing] == [True, False]
    assert {each.judged_nights for each in needing} == {22}
    one = judge(made_nights(9, 1))
    assert (one.judged_nights, one.is_in_use) == (0, False)
    assert np.isnan(one.improvement)


def test_a_reversed_ranking_is_never_served() -> None:
    found = judge(made_nights(10, slope=-2.0))
    assert found.recalibration.slope < 0
    assert not found.is_in_use


def test_where_nothing_moved_it_is_hardly_ever_served() -> None:
    served = [judge(made_nights(seed, of=150)).is_in_use for seed in range(100, 160)]
    assert sum(served) <= 3
