"""Shifts of each kind, made on purpose: each is named as what it is, and none where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.distribution_shift import (
    Shift,
    Sign,
    Signs,
    calibrate_shift,
    classify_signs,
    density_ratio,
    describe_signs,
    measure_signs,
    shift_rows,
)
from redeye.monitoring.logic.drift_calibration import read_thresholds, tabulate

PER_NIGHT = 900


def made(
    seed: int, nights: int, *, shift: float = 0.0, level: float = 0.0, slope: float = 1.0
) -> pd.DataFrame:
    """A calibrated model's scores and labels; `shift` moves the inputs, `level` and `slope` the relation."""
    rng = np.random.default_rng(seed)
    rows = nights * PER_NIGHT
    odds = rng.normal(-1.4 + shift, 0.8, rows)
    true = slope * (odds + 1.4) - 1.4 + level if slope != 1 else odds + level
    return pd.DataFrame(
        {
            "night": np.repeat(pd.date_range("2013-01-01", periods=nights), PER_NIGHT),
            "probability": 1 / (1 + np.exp(-odds)),
            "label": (rng.random(rows) < 1 / (1 + np.exp(-true))).astype(float),
        }
    )


def uneven(rng: np.random.Generator, nights: int, correlation: float, *, slope: float = 1.0) -> pd.DataFrame:
    """Nights whose scores and relation have levels of their own that resemble those of the night before."""
    levels = rng.normal(size=(nights, 2))
    for night in range(1, nights):
        levels[night] = correlation * levels[night - 1] + np.sqrt(1 - correlation**2) * levels[night]
    odds = rng.normal(-1.4, 0.8, (nights, 250)) + 0.2 * levels[:, :1]
    true = slope * (odds + 1.4) - 1.4 + 0.4 * levels[:, 1:]
    return pd.DataFrame(
        {
            "night": np.repeat(pd.date_range("2013-01-01", periods=nights), 250),
            "probability": (1 / (1 + np.exp(-odds))).ravel(),
            "label": (rng.random(odds.shape) < 1 / (1 + np.exp(-true))).ravel().astype(float),
        }
    )


def relabelled(seed: int, rate: float) -> pd.DataFrame:
    """Rows of the same model drawn so that another share is late, each class as it was."""
    rng = np.random.default_rng(seed)
    pool = made(seed, 40)
    late, rest = pool[pool["label"] == 1], pool[pool["label"] == 0]
    rows, count = 7 * PER_NIGHT, int(7 * PER_NIGHT * rate)
    drawn = [
        late.iloc[rng.integers(0, len(late), count)],
        rest.iloc[rng.integers(0, len(rest), rows - count)],
    ]
    return pd.concat(drawn).assign(night=pd.Timestamp("2013-02-01"))


REFERENCE = made(0, 30)
THRESHOLDS = read_thresholds(tabulate(calibrate_shift(REFERENCE, Drift())))


WORDS = {"many": "flights", "positive": "late"}


def beyond(signs: Signs) -> dict[Sign, bool]:
    rows = shift_rows(signs, THRESHOLDS, rows=1, reference_rows=len(REFERENCE))
    return {sign: row.is_drifted for sign, row in rows.items()}


def kinds(week: pd.DataFrame, *, are_inputs_moved: bool) -> tuple[Shift, ...]:
    signs = measure_signs(week, REFERENCE)
    return classify_signs(beyond(signs), are_inputs_moved=are_inputs_moved)


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_week_like_the_others_is_no_shift(seed: int) -> None:
    signs = measure_signs(made(seed, 7), REFERENCE)
    # Of nights that differ by chance alone, a threshold lies near the noise: at most one sign may touch it.
    assert sum(beyond(signs).values()) <= 1
    assert signs.values[Sign.CURVE] < 0.03


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_weeks_of_a_process_that_stays_the_same_fire_at_most_as_often_as_stated(correlation: float) -> None:
    """Nights have a level of their own, of inputs and of relation; 30 of them are the reference, as for a champion."""
    fired = []
    for seed in range(4):
        rng = np.random.default_rng([seed, int(10 * correlation)])
        known = uneven(rng, 30, correlation)
        limits = read_thresholds(tabulate(calibrate_shift(known, Drift())))
        for _ in range(10):
            signs = measure_signs(uneven(rng, 7, correlation), known)
            rows = shift_rows(signs, limits, rows=1, reference_rows=1)
            fired.append(any(row.is_drifted for row in rows.values()))
        turned = measure_signs(uneven(rng, 7, correlation, slope=-1.0), known)
        rows = shift_rows(turned, limits, rows=1, reference_rows=1)
        assert any(row.is_drifted for row in rows.values())
    assert np.mean(fired) <= 1 - Drift().quantile


def test_a_night_that_is_ranked_no_longer_is_a_concept_shift_on_that_night() -> None:
    """The relation turns on the newest night alone: six nights of the week are as they were, and so is the rate."""
    rng = np.random.default_rng(7)
    known = uneven(rng, 30, 0.4)
    limits = read_thresholds(tabulate(calibrate_shift(known, Drift())))
    newest = uneven(rng, 1, 0.4, slope=-1.0).assign(night=pd.Timestamp("2013-01-07"))
    week = pd.concat([uneven(rng, 6, 0.4), newest], ignore_index=True)
    signs = measure_signs(week, known)
    rows = shift_rows(signs, limits, rows=1, reference_rows=1)
    is_beyond = {sign: row.is_drifted for sign, row in rows.items()}
    assert [sign for sign, is_it in is_beyond.items() if is_it] == [Sign.RANKING]
    kinds = classify_signs(is_beyond, are_inputs_moved=False)
    assert kinds == (Shift.CONCEPT,)
    (said,) = describe_signs(kinds, signs, is_beyond, (), **WORDS)
    assert "the newest night's AUC was lower by" in said


def test_the_ranking_is_by_nights_and_without_their_level() -> None:
    known = made(2, 10)
    nightly = [roc_auc_score(rows["label"], rows["probability"]) for _, rows in made(3, 7).groupby("night")]
    before = [roc_auc_score(rows["label"], rows["probability"]) for _, rows in known.groupby("night")]
    found = measure_signs(made(3, 7), known).values[Sign.RANKING]
    assert found == pytest.approx(np.mean(before) - nightly[-1])
    one_class = made(3, 7).assign(label=0.0)
    assert np.isnan(measure_signs(one_class, known).values[Sign.RANKING])


def test_moved_inputs_alone_are_a_covariate_shift_and_explain_the_rate() -> None:
    week = made(50, 7, shift=0.7)
    signs = measure_signs(week, REFERENCE)
    assert kinds(week, are_inputs_moved=True) == (Shift.COVARIATE,)
    assert beyond(signs)[Sign.BASE_RATE]
    assert signs.expected_rate == pytest.approx(signs.rate, abs=0.02)
    assert signs.expected_loss == pytest.approx(signs.loss, abs=0.02)
    said = describe_signs((Shift.COVARIATE,), signs, beyond(signs), ("weather",), **WORDS)
    assert "most in weather" in said[0]
    assert "which the scores followed" in said[1]


def test_another_rate_with_each_class_as_it_was_is_a_label_shift() -> None:
    week = relabelled(51, 0.45)
    assert kinds(week, are_inputs_moved=False) == (Shift.LABEL,)
    signs = measure_signs(week, REFERENCE)
    assert (
        "label shift: the late share went from"
        in describe_signs((Shift.LABEL,), signs, beyond(signs), (), **WORDS)[0]
    )


def test_another_relation_is_a_concept_shift() -> None:
    week = made(52, 7, slope=-0.6)
    assert kinds(week, are_inputs_moved=False) == (Shift.CONCEPT,)
    signs = measure_signs(week, REFERENCE)
    assert signs.loss > signs.expected_loss + 0.05
    said = describe_signs((Shift.CONCEPT,), signs, beyond(signs), (), **WORDS)
    assert "at the same scores" in said[0]


def test_several_at_once_are_named_as_such() -> None:
    week = made(53, 7, shift=0.7, slope=-0.6)
    found = kinds(week, are_inputs_moved=True)
    assert found == (Shift.COVARIATE, Shift.CONCEPT)
    signs = measure_signs(week, REFERENCE)
    said = describe_signs(found, signs, beyond(signs), ("weather",), **WORDS)
    assert said[0] == "several shifts at once: covariate, concept"
    assert not any("; " in each for each in said)


def test_the_density_ratio_makes_the_reference_like_the_week() -> None:
    week = made(54, 7, shift=0.5)
    weights = density_ratio(week["probability"].to_numpy(), REFERENCE["probability"].to_numpy())
    weighted = np.average(REFERENCE["probability"], weights=weights)
    assert weighted == pytest.approx(week["probability"].mean(), abs=0.01)


def test_a_weighted_reference_is_worth_as_many_rows_as_it_has_or_fewer() -> None:
    same = measure_signs(REFERENCE, REFERENCE)
    assert same.effective_rows == pytest.approx(len(REFERENCE), rel=0.01)
    moved = measure_signs(made(55, 7, shift=1.5), REFERENCE)
    assert moved.effective_rows < len(REFERENCE) / 2
    # Kish's formula, by the weights as they are.
    week = made(55, 7, shift=1.5)["probability"].to_numpy()
    weights = density_ratio(week, REFERENCE["probability"].to_numpy())
    assert moved.effective_rows == pytest.approx(len(weights) / (1 + weights.var() / weights.mean() ** 2))


def test_a_reference_that_is_worth_too_few_rows_explains_no_loss() -> None:
    few = made(56, 1).head(150)
    signs = measure_signs(made(57, 7), few)
    assert signs.effective_rows <= 150
    assert np.isnan(signs.values[Sign.UNEXPLAINED_LOSS])
    assert np.isfinite(signs.values[Sign.BASE_RATE])


def test_without_rows_nothing_is_said_and_the_rows_tell_why() -> None:
    signs = measure_signs(REFERENCE.head(0), REFERENCE)
    assert not any(beyond(signs).values())
    rows = shift_rows(signs, THRESHOLDS, rows=0, reference_rows=len(REFERENCE))
    assert {each.note for each in rows.values()} == {"too few matured rows or nights, or one class only"}
    assert all(each.threshold is not None for each in rows.values())


def test_a_week_of_one_class_is_measured_as_far_as_it_goes() -> None:
    signs = measure_signs(made(1, 7).assign(label=0.0), REFERENCE)
    assert np.isnan(signs.values[Sign.WITHIN_CLASS])
    assert beyond(signs)[Sign.BASE_RATE]
