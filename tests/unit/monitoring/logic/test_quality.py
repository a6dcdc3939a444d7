"""What a verdict is made of: figures of the champion's own rows, with intervals that mean something."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Interval, Scored
from redeye.monitoring.logic.quality import (
    measure_quality,
    measure_window,
    rise,
)

NIGHTS = np.repeat(np.arange("2013-04-01", "2013-04-15", dtype="datetime64[D]"), 400)


def sound(rate: float, *, seed: int = 1, over: float = 0.0) -> Scored:
    """Calibrated predictions around a base rate, with `over` added to every probability."""
    generator = np.random.default_rng(seed)
    truth = np.clip(generator.normal(rate, rate / 3, NIGHTS.size), 0.01, 0.95)
    labels = (generator.random(NIGHTS.size) < truth).astype(float)
    return ScoredProbabilities(labels, np.clip(truth + over, 0, 1), NIGHTS)


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.35])
def test_the_relative_log_loss_does_not_move_with_the_base_rate(rate: float) -> None:
    now = measure_quality(sound(rate))["relative_log_loss"]
    assert now is not None
    assert 0.94 < now.value < 1.0


def test_a_wrong_level_is_worse_than_the_base_rate_alone() -> None:
    now = measure_quality(sound(0.12, over=0.12))
    loss, error = now["relative_log_loss"], now["calibration_error"]
    assert loss is not None
    assert error is not None
    assert loss.lower > 1
    assert 0.1 < error.lower < error.value < error.upper


def test_sound_predictions_are_not_significantly_miscalibrated() -> None:
    # The error itself is above 0 by noise alone: the bound must know.
    for seed in range(20):
        error = measure_quality(sound(0.2, seed=seed))["calibration_error"]
        assert error is not None
        assert error.lower < 0.012 < error.upper + 0.012


def test_one_class_leaves_the_auc_out_and_the_rest_in() -> None:
    now = measure_quality(ScoredProbabilities(np.zeros(NIGHTS.size), np.full(NIGHTS.size, 0.1), NIGHTS))
    assert now["auc"] is None
    assert now["relative_log_loss"] is None
    assert now["calibration_error"] is not None


def test_a_rise_is_as_unsure_as_both_its_ends() -> None:
    found = rise(Interval(0.5, 0.46, 0.53), Interval(0.4, 0.37, 0.44))
    assert found.value == pytest.approx(0.1)
    assert found.lower == pytest.approx(0.1 - np.hypot(0.04, 0.04))
    assert found.upper == pytest.approx(0.1 + np.hypot(0.03, 0.03))


def test_the_plain_metrics_are_those_that_are_defined_on_the_rows() -> None:
    whole = sound(0.2)
    assert whole.list_plain_metrics() == {
        name: getattr(whole.metrics(), name) for name in ScoredProbabilities.TITLES
    }
    one_class = ScoredProbabilities(np.zeros(NIGHTS.size), np.full(NIGHTS.size, 0.1), NIGHTS)
    assert one_class.list_plain_metrics().keys() == {"log_loss", "brier", "calibration_error"}


def test_a_window_holds_each_models_own_figures_and_by_how_much_the_champion_is_better() -> None:
    champion = sound(0.2)
    heuristic = ScoredProbabilities(
        champion.labels, np.full(NIGHTS.size, 0.5), champion.nights[champion.night_of_row]
    )
    window = measure_window(champion, heuristic, reference={})
    assert (window.rows, window.nights) == (NIGHTS.size, 14)
    assert window.champion == champion.list_plain_metrics()
    assert window.heuristic == heuristic.list_plain_metrics()
    better = window.over_heuristic["log_loss"]
    assert better is not None
    assert better.value == pytest.approx(window.heuristic["log_loss"] - window.champion["log_loss"])


def test_no_rows_are_an_empty_window() -> None:
    window = measure_window(None, None, reference={})
    assert (window.rows, window.nights, window.measured) == (0, 0, {})
