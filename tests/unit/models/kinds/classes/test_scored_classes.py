"""How good probabilities of classes are, against what scikit-learn makes of the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from made_classes import CLASSES, find_chances, make_nights, make_rows
from sklearn.metrics import accuracy_score, log_loss

from redeye.models.kinds.classes.scored_classes import ScoredClasses
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import estimate_improvement

ROWS = 2800
DAYS = np.datetime64("2013-01-01") + np.arange(ROWS) % 28


@pytest.fixture(scope="module")
def scored() -> ScoredClasses:
    return ScoredClasses(make_rows(1, ROWS).labels, find_chances(1, ROWS), DAYS, CLASSES)


def test_metrics_are_those_of_scikit_learn(scored: ScoredClasses) -> None:
    labels, told = scored.labels, scored.predictions
    assert scored.measure("log_loss") == pytest.approx(log_loss(labels, told))
    assert scored.measure("accuracy") == pytest.approx(accuracy_score(labels, told.argmax(axis=1)))
    squares = [((told[row] - np.eye(4)[int(label)]) ** 2).sum() for row, label in enumerate(labels)]
    assert scored.measure("brier") == pytest.approx(np.mean(squares))
    shares = np.bincount(labels.astype(int)) / len(labels)
    alone = -(shares * np.log(shares)).sum()
    assert scored.measure("relative_log_loss") == pytest.approx(log_loss(labels, told) / alone)
    found = scored.metrics()
    assert found.shares == pytest.approx(shares)
    assert found.numbers()["log_loss"] == scored.measure("log_loss")
    assert "of the commonest class" in found.describe()


def test_the_calibration_error_is_the_mean_over_each_class_against_all_others(scored: ScoredClasses) -> None:
    each = [
        ScoredProbabilities(scored.labels == place, scored.predictions[:, place], DAYS).measure(
            "calibration_error"
        )
        for place in range(len(CLASSES))
    ]
    assert scored.measure("calibration_error") == pytest.approx(np.mean(each))
    assert scored.measure("calibration_error") < 0.03
    blunt = scored.like(scored.labels, (scored.predictions + 0.25) / 2, DAYS)
    assert blunt.measure("calibration_error") > 2 * scored.measure("calibration_error")


def test_what_is_said_of_every_row_alike_is_worth_one(scored: ScoredClasses) -> None:
    shares = np.bincount(scored.labels.astype(int)) / ROWS
    assert scored.answer_alike(shares).measure("relative_log_loss") == pytest.approx(1)
    assert scored.measure("relative_log_loss") < 0.95


def test_each_night_counts_as_often_as_it_is_weighed(scored: ScoredClasses) -> None:
    weights = np.eye(28)[[3]] * 2
    own = scored.where(scored.nights[3] == DAYS)
    for metric in (*scored.TITLES, "relative_log_loss"):
        if metric != "calibration_error":  # whose tenths are of all rows
            assert scored.resample(metric, weights)[0] == pytest.approx(own.measure(metric)), metric
    with pytest.raises(ValueError, match="no metric 'auc'"):
        scored.measure("auc")


@pytest.mark.parametrize(
    ("labels", "told", "said"),
    [
        ([4.0], [[0.25] * 4], "beyond the 4 classes"),
        ([0.5], [[0.25] * 4], "none of the classes"),
        ([np.nan], [[0.25] * 4], "none of the classes"),
        ([1.0], [[0.5] * 4], "no probabilities that add up to 1"),
        ([1.0], [[0.25, 0.25, 0.5, np.nan]], "no probabilities that add up to 1"),
        ([1.0], [[1.25, -0.25, 0, 0]], "no probabilities that add up to 1"),
        ([1.0], [[0.5, 0.5]], "not one each"),
    ],
)
def test_what_is_no_label_or_no_prediction_is_refused(labels: list, told: list, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ScoredClasses(labels, told, [np.datetime64("2013-01-01")], CLASSES)


def test_curves_say_how_often_the_likeliest_class_came(scored: ScoredClasses) -> None:
    curves = scored.draw_curves()
    assert np.abs(curves["calibration"].x - curves["calibration"].y).max() < 0.1
    assert curves["accuracy"].y.mean() == pytest.approx(scored.measure("accuracy"))


@pytest.mark.parametrize("metric", ["log_loss", "brier", "accuracy"])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_of_equal_models_one_is_called_better_no_more_often_than_stated(
    metric: str, correlation: float
) -> None:
    runs = 300
    wrong = 0
    for seed in range(runs):
        one, other = make_nights(seed, nights=21, rows=40, correlation=correlation, blur=0.4)
        wrong += estimate_improvement(one, other, metric, confidence=0.95).lower > 0
    # At 95 % confidence 15 are allowed; of 300, 8 more are within two standard errors of that.
    assert wrong <= 23
