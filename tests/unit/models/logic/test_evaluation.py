"""Metrics equal scikit-learn's, intervals are those of nights, and unsound input is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Interval, estimate_improvement, interval
from redeye.models.logic.night_statistics import bound_mean

FIRST = np.datetime64("2013-03-01")


def drawn(seed: int, rows: int = 400, nights: int = 8, noise: float = 1.0) -> ScoredProbabilities:
    random = np.random.default_rng(seed)
    signal = random.normal(size=rows)
    labels = (random.random(rows) < 1 / (1 + np.exp(-signal))).astype(float)
    predictions = 1 / (1 + np.exp(-(signal + noise * random.normal(size=rows))))
    return ScoredProbabilities(labels, predictions.round(2), FIRST + np.arange(rows) % nights)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_metrics_equal_those_of_scikit_learn_also_with_ties(seed: int):
    one = drawn(seed)
    metrics = one.metrics()
    assert metrics.auc == pytest.approx(roc_auc_score(one.labels, one.predictions))
    assert metrics.pr_auc == pytest.approx(average_precision_score(one.labels, one.predictions))
    assert metrics.brier == pytest.approx(brier_score_loss(one.labels, one.predictions))
    clipped = np.clip(one.predictions, 1e-6, 1 - 1e-6)
    assert metrics.log_loss == pytest.approx(log_loss(one.labels, clipped))


@pytest.mark.parametrize("metric", ScoredProbabilities.TITLES)
def test_a_weighting_equals_repeating_the_nights(metric: str):
    one = drawn(1, nights=5)
    weights = np.array([[2.0, 0.0, 1.0, 3.0, 1.0]])
    rows = np.repeat(np.arange(one.labels.size), weights[0][one.night_of_row].astype(int))
    repeated = ScoredProbabilities(
        one.labels[rows], one.predictions[rows], one.nights[one.night_of_row][rows]
    )
    expected = getattr(repeated.metrics(), metric)
    if metric == "calibration_error":  # its bins are those of the rows as they were
        assert one.resample(metric, weights)[0] == pytest.approx(expected, abs=0.03)
    else:
        assert one.resample(metric, weights)[0] == pytest.approx(expected)


def test_calibration_error_is_the_distance_in_each_bin():
    predictions = np.repeat([0.2, 0.6], 50)
    labels = np.concatenate([np.repeat([1.0, 0.0], [20, 30]), np.repeat([1.0, 0.0], [30, 20])])
    metrics = ScoredProbabilities(labels, predictions, FIRST + np.arange(100) % 4).metrics()
    assert metrics.calibration_error == pytest.approx(0.5 * 0.2)
    assert [(b.rows, b.observed_rate) for b in metrics.calibration] == [(50, 0.4), (50, 0.6)]


def test_one_class_leaves_the_ranking_undefined_and_the_rest_not():
    metrics = ScoredProbabilities(np.zeros(20), np.full(20, 0.1), FIRST + np.arange(20) % 4).metrics()
    assert metrics.auc is None
    assert metrics.pr_auc is None
    assert metrics.brier == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([], [], "no rows"),
        ([1.0, 0.0], [0.5, np.nan], "1 of 2 predictions are NaN"),
        ([1.0, 0.0], [0.5, 1.5], "outside 0 to 1"),
        ([1.0, 0.0], [-0.1, 0.5], "outside 0 to 1"),
        ([1.0, 2.0], [0.5, 0.5], "neither 0 nor 1"),
        ([1.0, np.nan], [0.5, 0.5], "neither 0 nor 1"),
        ([1.0], [0.5, 0.5], "not one each"),
    ],
)
def test_unsound_input_is_refused(labels: list[float], predictions: list[float], message: str):
    nights = FIRST + np.arange(len(predictions))
    with pytest.raises(ValueError, match=message):
        ScoredProbabilities(labels, predictions, nights)


@pytest.mark.parametrize("metric", ["log_loss", "auc", "pr_auc"])
def test_an_interval_is_that_of_what_leaving_each_night_out_by_hand_says(metric: str):
    one = drawn(3, rows=1500, nights=15)
    whole = getattr(one.metrics(), metric)
    others = [
        getattr(one.where(one.nights[one.night_of_row][np.argsort(one._order)] != night).metrics(), metric)
        for night in one.nights
    ]
    low, high = bound_mean(15 * whole - 14 * np.array(others), 0.95)
    found = interval(one, metric, confidence=0.95)
    assert (found.value, found.lower, found.upper) == pytest.approx((whole, whole + low, whole + high))
    assert found.lower < found.value < found.upper


def test_the_interval_of_a_mean_of_equal_nights_is_that_of_their_means():
    random = np.random.default_rng(2)
    labels, predictions = (random.random((14, 50)) < 0.3).astype(float), random.uniform(0.1, 0.6, (14, 50))
    found = interval(
        ScoredProbabilities(labels.ravel(), predictions.ravel(), FIRST + np.repeat(np.arange(14), 50)),
        "brier",
        confidence=0.9,
    )
    by_night = ((labels - predictions) ** 2).mean(axis=1)
    low, high = bound_mean(by_night, 0.9)
    assert found == Interval(*(pytest.approx(by_night.mean() + each) for each in (0, low, high)))


def test_the_order_of_rows_changes_no_interval():
    one = drawn(4, nights=10)
    nights = one.nights[one.night_of_row]
    mixed = np.random.default_rng(1).permutation(one.labels.size)
    other = ScoredProbabilities(one.labels[mixed], one.predictions[mixed], nights[mixed])
    for metric in ScoredProbabilities.TITLES:
        first, again = (interval(each, metric, confidence=0.95) for each in (one, other))
        assert (first.lower, first.upper) == pytest.approx((again.lower, again.upper))


def test_nights_that_agree_less_give_a_wider_interval():
    random = np.random.default_rng(0)
    nights = FIRST + np.repeat(np.arange(20), 100)
    steady, moody = np.full(20, 0.3), np.tile([0.05, 0.55], 10)
    widths = []
    for rates in (steady, moody):
        labels = (random.random(2000) < np.repeat(rates, 100)).astype(float)
        found = interval(ScoredProbabilities(labels, np.full(2000, 0.3), nights), "brier", confidence=0.9)
        widths.append(found.upper - found.lower)
    assert widths[1] > 3 * widths[0]


def test_an_interval_that_hangs_on_one_night_is_none():
    labels = np.array([1.0] + [0.0] * 19)
    lonely = ScoredProbabilities(labels, np.linspace(0, 1, 20), FIRST + np.arange(20))
    assert lonely.metrics().auc == 0
    assert interval(lonely, "auc", confidence=0.9) is None
    for metric in ScoredProbabilities.TITLES:
        assert interval(drawn(1, nights=1), metric, confidence=0.9) is None


# Deviations of the bins: none, all alike, of either sign, and of one bin alone.
@pytest.mark.parametrize("deviation", [[0.0] * 4, [0.03] * 4, [0.05, -0.05] * 2, [0.1, 0.0, 0.0, 0.0]])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_a_calibration_error_is_seldom_sure_to_be_more_or_less_than_it_is(
    deviation: list[float], correlation: float
):
    random, nights, runs, beyond = np.random.default_rng(8), 14, 300, []
    said = np.repeat([0.2, 0.3, 0.4, 0.5], 50)
    truth = said - np.repeat(deviation, 50)
    days = FIRST + np.repeat(np.arange(nights), said.size)
    for _ in range(runs):
        moods = np.zeros(nights + 9)
        for night, shock in enumerate(random.normal(0, 0.07, moods.size)):
            moods[night] = correlation * moods[night - 1] + np.sqrt(1 - correlation**2) * shock
        late = random.random((nights, said.size)) < truth + moods[-nights:, None]
        found = interval(
            ScoredProbabilities(late.ravel().astype(float), np.tile(said, nights), days),
            "calibration_error",
            confidence=0.95,
        )
        error = np.abs(deviation).mean()
        beyond.append((found.lower > error, found.upper < error))
    # Three standard errors of 300 runs above 6 %.
    assert np.mean(beyond, axis=0).max() <= 0.06 + 3 * np.sqrt(0.06 * 0.94 / runs)


def test_the_better_one_is_better_in_every_metric():
    good, bad = drawn(5, rows=4000, nights=14, noise=0.1), drawn(5, rows=4000, nights=14, noise=2.0)
    for metric in ("log_loss", "brier", "auc", "pr_auc"):
        better = estimate_improvement(good, bad, metric, confidence=0.95)
        worse = estimate_improvement(bad, good, metric, confidence=0.95)
        assert better.lower > 0
        assert worse.upper < 0


def test_a_pair_over_other_rows_is_refused():
    one = drawn(1)
    with pytest.raises(ValueError, match="same rows"):
        estimate_improvement(one, drawn(1, nights=7), "auc", confidence=0.9)
    other = ScoredProbabilities(1 - one.labels, one.predictions, one.nights[one.night_of_row])
    with pytest.raises(ValueError, match="same labels"):
        estimate_improvement(one, other, "auc", confidence=0.9)
