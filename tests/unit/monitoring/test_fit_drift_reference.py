"""The nights of a drift reference are those that its champion was fitted to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from redeye.declarations.specs import load_spec
from redeye.models.logic.splits import Window, plan_windows
from redeye.monitoring.fit_drift_reference import find_fitted_nights

SPEC = load_spec(Path(__file__).parents[3] / "ml/specs/flight_delay.yaml")


def test_the_split_of_the_training_counts_whatever_the_spec_says_now() -> None:
    trained = plan_windows(date(2013, 6, 30), SPEC.split, maturity=2, first_night=date(2013, 1, 1))
    evidence = {"train": str(trained.train), "seen_until": trained.validation.last.isoformat()}
    other = SPEC.model_copy(update={"split": SPEC.split.model_copy(update={"validation_nights": 28})})
    assert find_fitted_nights(evidence, SPEC) == find_fitted_nights(evidence, other) == trained.train


def test_a_promotion_that_does_not_say_goes_by_the_split_of_now() -> None:
    nights = find_fitted_nights({"seen_until": "2013-05-30"}, SPEC)
    assert nights == Window(date(2012, 5, 15), date(2013, 5, 14))
