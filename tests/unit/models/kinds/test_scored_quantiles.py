"""Numbers with bounds: each metric against its definition, and an honest measure of whole numbers' coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from redeye.models.kinds.scored_quantiles import ScoredQuantiles
from redeye.models.logic.evaluation import estimate_improvement, interval

LEVELS = (0.1, 0.5, 0.9)
NIGHTS = np.datetime64("2013-03-01") + np.arange(3000) % 20
random = np.random.default_rng(4)
LABELS = random.normal(size=3000)
Z = 1.2815515655446004


def scored(
    value: float = 0.0, half_width: float = Z, labels: np.ndarray = LABELS, shift: float = 0.0
) -> ScoredQuantiles:
    middle = np.full(labels.size, value + shift)
    told = np.column_stack([middle, middle - half_width, middle + half_width])
    return ScoredQuantiles(labels, told, NIGHTS, LEVELS)


def test_metrics_are_what_their_names_say() -> None:
    found = scored(0.3).metrics()
    lower, upper = 0.3 - Z, 0.3 + Z
    losses = [
        np.where(at <= LABELS, level * (LABELS - at), (1 - level) * (at - LABELS)).mean()
        for at, level in ((lower, 0.1), (0.3, 0.5), (upper, 0.9))
    ]
    assert found.pinball_loss == pytest.approx(np.mean(losses))
    assert found.absolute_error == pytest.approx(np.abs(LABELS - 0.3).mean())
    assert found.mean_width == pytest.approx(2 * Z)
    assert found.coverage == pytest.approx(((lower <= LABELS) & (upper >= LABELS)).mean())
    assert found.coverage_error == pytest.approx(abs(found.coverage - 0.8))
    assert "within bounds" in found.describe()


def test_the_true_quantiles_have_the_lowest_loss() -> None:
    best = scored().measure("pinball_loss")
    for worse in (scored(0.3), scored(-0.3), scored(half_width=0.7), scored(half_width=2.0)):
        assert worse.measure("pinball_loss") > best
    assert scored().measure("relative_pinball_loss") == pytest.approx(1, abs=0.01)


def test_whole_numbers_at_their_own_quantiles_have_no_coverage_error() -> None:
    """Labels of 0 to 3: the tightest bounds that cover 80 % cover far more."""
    labels = random.binomial(3, 0.3, 3000).astype(float)
    lower, upper = binom.ppf((0.1, 0.9), 3, 0.3)
    told = np.tile([1.0, lower, upper], (3000, 1))
    made = ScoredQuantiles(labels, told, NIGHTS, LEVELS)
    assert made.metrics().coverage > 0.9
    assert made.measure("coverage_error") == 0
    too_wide = ScoredQuantiles(labels, np.tile([1.0, -2.0, 5.0], (3000, 1)), NIGHTS, LEVELS)
    assert too_wide.measure("coverage_error") == pytest.approx(0.2)


def test_a_difference_is_bounded_by_nights() -> None:
    found = estimate_improvement(scored(), scored(0.5), "pinball_loss", confidence=0.95)
    assert found.lower > 0
    error = interval(scored(), "coverage_error", confidence=0.95)
    assert error.lower <= error.value <= error.upper


def test_rows_of_other_labels_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same labels"):
        estimate_improvement(scored(), scored(labels=LABELS + 1), "pinball_loss", confidence=0.95)


@pytest.mark.parametrize(
    "told", [[0.0, 1.0, 2.0], [0.0, -1.0, -0.5], [np.nan, -1.0, 1.0], [0.0, -1.0, np.inf]]
)
def test_what_is_no_number_between_bounds_is_refused(told: list[float]) -> None:
    predictions = np.tile([0.0, -1.0, 1.0], (3000, 1))
    predictions[7] = told
    with pytest.raises(ValueError, match="1 of 3000 predictions are no number between two bounds"):
        ScoredQuantiles(LABELS, predictions, NIGHTS, LEVELS)


def test_some_rows_are_of_the_same_levels() -> None:
    kept = scored().where(LABELS > 0)
    assert kept.levels == LEVELS
    assert kept.labels.min() > 0


def test_curves_show_what_came_and_how_often_each_quantile_held() -> None:
    curves = scored().draw_curves()
    assert curves["calibration"].y == pytest.approx(np.array(LEVELS), abs=0.03)
    assert len(curves["values"].x) == 10
