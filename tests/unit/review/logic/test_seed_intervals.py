"""Bounds over nights and seeds: of equal models no more are told apart than is stated, whatever seeds do to a fit."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Scored, estimate_improvement
from redeye.models.logic.night_statistics import Floats, bound_mean
from redeye.review.logic.seed_intervals import bound_mean_of_seeds, estimate_improvement_of_seeds

RUNS, NIGHTS, CONFIDENCE = 6000, 14, 0.95


def make_nights(correlation: float) -> Floats:
    """Runs of nights around 0 with deviation 1, each as correlated with the one before as is said."""
    drawn = np.random.default_rng(5).standard_normal((RUNS, NIGHTS + 30))
    for night in range(1, NIGHTS + 30):
        drawn[:, night] = correlation * drawn[:, night - 1] + np.sqrt(1 - correlation**2) * drawn[:, night]
    return drawn[:, 30:]


def make_seeds(correlation: float, of_seed: float, of_both: float, seeds: int) -> Floats:
    """Nights by each seed; the deviations of a seed, and of a seed's night, are in those of a night."""
    random = np.random.default_rng([7, seeds])
    nights = make_nights(correlation)[:, np.newaxis, :]
    of_seeds = of_seed * random.standard_normal((RUNS, seeds, 1))
    return nights + of_seeds + of_both * random.standard_normal((RUNS, seeds, NIGHTS))


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("correlation", [0.0, 0.4])
@pytest.mark.parametrize("of_both", [0.0, 0.5])
@pytest.mark.parametrize("of_seed", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_at_most_five_percent_of_equal_models_are_told_apart_to_either_side(
    of_seed: float, of_both: float, correlation: float, seeds: int
) -> None:
    made = make_seeds(correlation, of_seed, of_both, seeds)
    low, high = bound_mean_of_seeds(made, CONFIDENCE)
    assert (made.mean(axis=(1, 2)) + low > 0).mean() <= 0.05
    assert (made.mean(axis=(1, 2)) + high < 0).mean() <= 0.05


def test_the_nights_of_one_seed_alone_err_up_to_a_third_of_the_time() -> None:
    """What several seeds are fitted for."""
    made = make_seeds(0.2, of_seed=2.0, of_both=0.0, seeds=1)[:, 0]
    low, _ = bound_mean(made, CONFIDENCE)
    assert (made.mean(axis=1) + low > 0).mean() > 0.3


def test_seeds_that_agree_leave_the_bounds_of_the_nights() -> None:
    nights = make_nights(0.2)
    alike = np.repeat(nights[:, np.newaxis, :], 3, axis=1)
    pairs = zip(bound_mean_of_seeds(alike, CONFIDENCE), bound_mean(nights, CONFIDENCE), strict=True)
    assert all(np.allclose(found, expected) for found, expected in pairs)


def make_scored(seed: int, sharpness: float) -> Scored:
    """The same 1,400 rows whatever the seed, which blurs the predictions only."""
    random = np.random.default_rng(1)
    truth = random.uniform(0.05, 0.95, 1400)
    labels = random.random(1400) < truth
    blur = np.random.default_rng(seed).normal(scale=0.3, size=1400)
    logits = sharpness * np.log(truth / (1 - truth)) + blur
    return ScoredProbabilities(
        labels, 1 / (1 + np.exp(-logits)), np.repeat(np.arange(14), 100).astype("datetime64[D]")
    )


def test_the_value_is_the_mean_of_the_seeds_and_the_bounds_are_wider_than_the_nights_alone() -> None:
    sharp, dull = ([make_scored(10 * place + kind, kind) for place in range(3)] for kind in (1, 0))
    alone = [
        estimate_improvement(*pair, "log_loss", confidence=0.95) for pair in zip(sharp, dull, strict=True)
    ]
    found = estimate_improvement_of_seeds(sharp, dull, "log_loss", confidence=0.95)
    assert found is not None
    assert found.value == pytest.approx(np.mean([each.value for each in alone if each]))
    assert found.lower > 0
    one = estimate_improvement_of_seeds(sharp[:1], dull[:1], "log_loss", confidence=0.95)
    assert one == alone[0]
    auc = estimate_improvement_of_seeds(sharp, dull, "auc", confidence=0.95)
    assert auc is not None
    assert auc.lower > 0


def test_seeds_that_fit_alike_have_the_interval_of_one() -> None:
    sharp, dull = make_scored(1, 1), make_scored(2, 0)
    for metric in ("log_loss", "auc"):
        found = estimate_improvement_of_seeds([sharp] * 3, [dull] * 3, metric, confidence=0.95)
        one = estimate_improvement(sharp, dull, metric, confidence=0.95)
        assert found is not None
        assert one is not None
        assert (found.value, found.lower, found.upper) == pytest.approx((one.value, one.lower, one.upper))


def test_a_distance_and_other_rows_are_refused() -> None:
    fits = [make_scored(1, 1), make_scored(2, 1)]
    with pytest.raises(ValueError, match="is a distance"):
        estimate_improvement_of_seeds(fits, fits, "calibration_error", confidence=0.95)
    fewer = fits[0].where(np.arange(1400) > 5)
    with pytest.raises(ValueError, match="not scored on the same rows"):
        estimate_improvement_of_seeds(fits, [fits[0], fewer], "log_loss", confidence=0.95)
