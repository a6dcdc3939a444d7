"""Models continued on newer rows, and rows that count more than others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_rows import made_examples

from redeye.models.algorithms.base import Examples, Inputs, Training
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import algorithm, load_model, save_model
from redeye.models.algorithms.torch_network import ONNX

RATE = "route_delays__late_rate_7n"
CONTINUABLE = ("xgboost", "torch")
SHARE = 0.5


def changed(seed: int, rows: int = 1500) -> Examples:
    """Rows of a world in which one airport has become late and another carrier flies."""
    one = made_examples(seed, rows)
    random = np.random.default_rng(seed + 100)
    is_ewr = (one.frame["origin_id"] == "EWR").to_numpy()
    chance = np.where(is_ewr, 0.75, np.nan_to_num(one.frame[RATE].to_numpy(), nan=0.2))
    labels = (random.random(rows) < chance).astype(float)
    return Examples(one.frame.assign(carrier_id=one.frame["carrier_id"].replace("UA", "WN")), labels)


@pytest.fixture
def newer(training: Training) -> Training:
    return replace(training, train=changed(11), valid=changed(12))


def log_loss(model, rows: Examples) -> float:
    p = np.clip(model.predict(rows.frame), 1e-6, 1 - 1e-6)
    return float(-np.where(rows.labels > 0, np.log(p), np.log1p(-p)).mean())


@pytest.mark.parametrize("name", CONTINUABLE)
def test_a_continued_model_follows_the_newer_rows(fitted, params, newer, name):
    parent = fitted(name)
    child = parent.continue_training(newer, getattr(params, name), SHARE)
    later = changed(13)
    assert log_loss(child, later) < log_loss(parent, later) - 0.02


@pytest.mark.parametrize("name", CONTINUABLE)
def test_the_parent_stays_as_it_is(fitted, params, newer, name):
    parent = fitted(name)
    before = parent.files()
    assert parent.continue_training(newer, getattr(params, name), SHARE) is not None
    assert parent.files() == before


@pytest.mark.parametrize("name", CONTINUABLE)
def test_it_gives_the_same_bytes_twice(fitted, params, newer, name):
    parent = fitted(name)
    one, two = (parent.continue_training(newer, getattr(params, name), SHARE) for _ in range(2))
    assert one.files() == two.files()
    # As the training reads it: from its files, in a process that has drawn otherwise.
    restored = algorithm(name).from_files(parent.files())
    assert restored.continue_training(newer, getattr(params, name), SHARE).files() == one.files()


@pytest.mark.parametrize("name", CONTINUABLE)
def test_its_columns_mean_what_they_meant_to_the_parent(fitted, params, newer, name):
    parent = fitted(name)
    child = parent.continue_training(newer, getattr(params, name), SHARE)
    assert child.categories == parent.categories
    place = list(child.categories.values).index("carrier_id")
    carriers = newer.train.frame["carrier_id"]
    assert (child.categories.codes(newer.train.frame)[carriers.notna(), place] < 0).any()


@pytest.mark.parametrize("name", CONTINUABLE)
def test_nothing_gained_is_no_model(fitted, params, training, name):
    # The newer labels are noise, those it is stopped by are as ever.
    noise = np.random.default_rng(5).permutation(training.train.labels)
    noisy = replace(training, train=replace(training.train, labels=1 - noise))
    assert fitted(name).continue_training(noisy, getattr(params, name), SHARE) is None


@pytest.mark.parametrize("name", CONTINUABLE)
def test_other_inputs_are_not_continued(fitted, params, newer, name):
    other = replace(newer, inputs=Inputs(newer.inputs.numeric[1:], newer.inputs.categorical))
    assert fitted(name).continue_training(other, getattr(params, name), SHARE) is None


@pytest.mark.parametrize("name", ["heuristic", "logistic"])
def test_others_cannot_be_continued(fitted, params, newer, name):
    assert fitted(name).continue_training(newer, getattr(params, name), SHARE) is None


def test_trees_are_added_to_those_that_are_there(fitted, params, newer):
    parent = fitted("xgboost")
    child = parent.continue_training(newer, params.xgboost, SHARE)
    kept = child.booster[: parent.booster.num_boosted_rounds()]
    assert child.facts()["trees"] > parent.facts()["trees"]
    assert trees(kept) == trees(parent.booster)


def trees(booster) -> list:
    return json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]


def test_a_continued_network_is_kept_and_exported_like_any_other(fitted, params, newer, tmp_path: Path):
    child = fitted("torch").continue_training(newer, params.torch, SHARE)
    sha256 = save_model(child, tmp_path / "model")
    again = load_model(tmp_path / "model", sha256)
    assert np.array_equal(again.predict(newer.valid.frame), child.predict(newer.valid.frame))
    # The export compares itself with the network.
    assert len(child.exports()[ONNX]) > 1000
    assert child.facts()["steps"] > fitted("torch").facts()["steps"]


def two_worlds() -> tuple[Examples, np.ndarray]:
    old, new = made_examples(21), changed(22)
    frame = pd.concat([old.frame, new.frame], ignore_index=True)
    is_new = np.arange(len(frame)) >= len(old.frame)
    return Examples(frame, np.concatenate([old.labels, new.labels])), is_new


@pytest.mark.parametrize("name", ["logistic", *CONTINUABLE])
def test_rows_that_count_more_are_followed_more(training, params, name):
    rows, is_new = two_worlds()
    valid = changed(23)
    plain = replace(training, train=rows, valid=valid)
    weighted = replace(plain, train=replace(rows, weights=np.where(is_new, 10.0, 0.1)))
    models = [algorithm(name).fit(each, getattr(params, name)) for each in (plain, weighted)]
    later = changed(24)
    assert log_loss(models[1], later) < log_loss(models[0], later)
    assert models[1].files() == algorithm(name).fit(weighted, getattr(params, name)).files()


def test_the_heuristics_prior_follows_the_weights(training, params):
    late = training.train.labels > 0
    weighted = replace(training, train=replace(training.train, weights=np.where(late, 3.0, 1.0)))
    plain = HeuristicModel.fit(training, params.heuristic).prior
    odds = 3 * plain / (3 * plain + 1 - plain)
    assert HeuristicModel.fit(weighted, params.heuristic).prior == pytest.approx(odds, abs=0.002)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_a_weight_that_is_not_above_zero_is_refused(training, weight):
    weights = np.full(len(training.train.labels), 1.0)
    weights[3] = weight
    with pytest.raises(ValueError, match="weight"):
        replace(training.train, weights=weights)
