"""The selection between candidates: what validation cannot tell apart is left to the declared preference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.model_selection import select_model

NIGHTS = 14
PER_NIGHT = 300
PREFERENCE = ("trees", "network", "straight")


@dataclass(frozen=True)
class Made:
    name: str
    judged: ScoredProbabilities

    @property
    def preferred_as(self) -> str:
        return self.name


def made(**noise: float) -> list[Made]:
    """Candidates that know the chance of each row but for so much noise in its log odds."""
    random = np.random.default_rng(1)
    rows = NIGHTS * PER_NIGHT
    night = np.repeat(np.arange("2013-03-01", "2013-03-15", dtype="datetime64[D]"), PER_NIGHT)
    weather = np.repeat(random.normal(0, 0.8, NIGHTS), PER_NIGHT)
    odds = random.normal(-1, 1, rows) + weather
    labels = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)
    return [
        Made(
            name, ScoredProbabilities(labels, 1 / (1 + np.exp(-(odds + random.normal(0, much, rows)))), night)
        )
        for name, much in noise.items()
    ]


def test_without_preference_the_best_is_taken():
    choice = select_model(made(trees=0.5, network=0.45), "log_loss", (), confidence=0.95)
    assert choice.name == "network"
    assert "best log_loss" in choice.reason


def test_what_is_level_goes_by_preference_and_says_so():
    choice = select_model(made(network=0.4, trees=0.5), "log_loss", PREFERENCE, confidence=0.95)
    behind = next(each for each in choice.standings if each.name == "trees")
    assert behind.loss_bound <= 0 < behind.behind
    assert choice.name == "trees"
    assert "not sure at 95% confidence" in choice.reason


def test_what_is_significantly_worse_is_not_taken_however_preferred():
    choice = select_model(made(trees=1.5, network=0.1), "log_loss", PREFERENCE, confidence=0.95)
    assert choice.name == "network"
    assert not next(each for each in choice.standings if each.name == "trees").loss_bound <= 0


@pytest.mark.parametrize("metric", ["log_loss", "auc", "brier"])
def test_better_is_better_whatever_the_metrics_sign(metric):
    choice = select_model(made(trees=2.0, network=0.1), metric, PREFERENCE, confidence=0.95)
    assert choice.name == "network"
    assert all(each.behind >= 0 for each in choice.standings)


def test_one_that_nobody_prefers_comes_last_and_the_better_of_them_first():
    level = made(other=0.500, another=0.502, straight=0.503)
    assert select_model(level, "log_loss", PREFERENCE, confidence=0.95).name == "straight"
    best = min(level[:2], key=lambda each: each.judged.metrics().log_loss)
    assert select_model(level[:2], "log_loss", PREFERENCE, confidence=0.95).name == best.name


def test_equals_go_by_their_order():
    one = made(first=0.5)[0]
    assert select_model([one, Made("second", one.judged)], "log_loss", (), confidence=0.95).name == "first"


def test_what_hangs_on_one_night_is_not_surely_behind():
    labels, nights = np.array([1.0, 0, 0, 0]), np.arange("2013-03-01", "2013-03-05", dtype="datetime64[D]")
    good, bad = (
        ScoredProbabilities(labels, given, nights) for given in ([0.9, 0.1, 0.2, 0.3], [0.1, 0.9, 0.8, 0.7])
    )
    choice = select_model([Made("good", good), Made("bad", bad)], "auc", ("bad",), confidence=0.95)
    assert (choice.name, choice.standings[1].loss_bound) == ("bad", 0.0)


def test_a_metric_that_is_not_defined_is_refused_by_name():
    night = np.array(["2013-03-01", "2013-03-02"], dtype="datetime64[D]")
    with pytest.raises(ValueError, match="auc is not defined on the validation window for lonely"):
        select_model(
            [Made("lonely", ScoredProbabilities([0, 0], [0.1, 0.2], night))],
            "auc",
            PREFERENCE,
            confidence=0.95,
        )


def test_none_to_choose_from_is_refused():
    with pytest.raises(ValueError, match="no candidates"):
        select_model([], "auc", PREFERENCE, confidence=0.95)
