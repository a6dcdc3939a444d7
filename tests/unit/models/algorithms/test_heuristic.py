"""The heuristic: a rate, smoothed towards the prior."""

from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.models.algorithms.base import Examples, Inputs, Training
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


def fit(frame: pd.DataFrame, labels: list[float], **params: object) -> HeuristicModel:
    examples = Examples(frame, np.array(labels))
    given = HeuristicParams(prior_strength=2.0, **params)
    return HeuristicModel.fit(Training(examples, examples, Inputs((), ()), seed=0, threads=1), given)


FLOWN = pd.DataFrame({"carrier": ["AA", "AA", "AA", "AA", "UA", "UA", None], "origin": list("JJEEJEJ")})
CANCELLED = [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]


def test_the_rate_of_a_group_is_the_labels_own_smoothed_towards_what_it_is_part_of():
    model = fit(FLOWN, CANCELLED, groups=("carrier", "origin"))
    prior = 4 / 9
    aa, ua = (3 + 2 * prior) / 6, (2 * prior) / 4
    rows = pd.DataFrame(
        {"carrier": ["AA", "AA", "UA", "AA", "new", None], "origin": ["J", "E", "J", "new", "J", "J"]}
    )
    expected = [(2 + 2 * aa) / 4, (1 + 2 * aa) / 4, (2 * ua) / 3, aa, prior, prior]
    assert model.predict(rows) == pytest.approx(expected)
    assert model.importance() == {"carrier": 1.0, "origin": 1.0}


def test_groups_come_back_from_the_files():
    model = fit(FLOWN, CANCELLED, groups=("carrier", "origin"))
    again = HeuristicModel.from_files(model.files())
    assert again == model
    assert np.array_equal(again.predict(FLOWN), model.predict(FLOWN))


def test_a_version_of_before_groups_comes_back_and_keeps_its_bytes():
    said = {"prior": 0.2, "prior_strength": 50.0, "successes": "late", "trials": "flights"}
    files = {"heuristic.json": json.dumps(said, sort_keys=True).encode()}
    assert HeuristicModel.from_files(files) == MODEL
    assert MODEL.files() == files


def test_counts_of_another_outcome_are_left_out_with_a_warning(caplog):
    """Flights are late five times in ten and cancelled once in fifty: the counts of the one misstate the other."""
    late = pd.DataFrame({"carrier_delays__late": np.full(100, 50), "carrier_delays__flights": 100})
    labels = [1.0, 0.0] + [0.0] * 98
    counts = {"successes": "carrier_delays:late", "trials": "carrier_delays:flights"}
    with caplog.at_level(logging.WARNING):
        model = fit(late, labels, **counts)
    assert model.predict(late) == pytest.approx(np.full(100, 2 / 102))
    assert model.importance() == {}
    assert "say less of the label than its rate alone" in caplog.text


def test_counts_of_the_target_itself_stay():
    flown = pd.DataFrame({"carrier_delays__late": [90] * 50 + [5] * 50, "carrier_delays__flights": 100})
    labels = [1.0] * 45 + [0.0] * 5 + [1.0] * 3 + [0.0] * 47
    model = fit(flown, labels, successes="carrier_delays:late", trials="carrier_delays:flights")
    assert (model.successes, model.trials) == ("carrier_delays__late", "carrier_delays__flights")
    assert model.predict(flown)[[0, -1]] == pytest.approx(
        [(90 + 2 * 49 / 102) / 102, (5 + 2 * 49 / 102) / 102]
    )
