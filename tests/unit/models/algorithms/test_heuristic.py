"""The heuristic: a rate, smoothed towards the prior."""

from __future__ import annotations

import pandas as pd
import pytest

from redeye.models.algorithms.heuristic import HeuristicModel

MODEL = HeuristicModel("late", "flights", prior=0.2, prior_strength=50.0)


def test_the_rate_is_smoothed_towards_the_prior():
    frame = pd.DataFrame({"late": [0, 30, 3000], "flights": [0, 50, 5000]})
    assert MODEL.predict(frame) == pytest.approx([0.2, 40 / 100, 3010 / 5050])


def test_a_missing_past_gives_the_prior():
    frame = pd.DataFrame({"late": [None, 3.0, None], "flights": [None, None, 9.0]})
    assert MODEL.predict(frame) == pytest.approx([0.2, 0.2, 0.2])


def test_the_prior_is_the_share_in_training(fitted, training):
    assert fitted("heuristic").prior == pytest.approx(training.train.labels.mean(), abs=0.001)
