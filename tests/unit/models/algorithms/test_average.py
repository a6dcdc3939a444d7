"""The average of fitted models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_rows import made_examples

from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.storage import load_model, save_model


@pytest.fixture
def average(fitted) -> AverageModel:
    return fitted("average")


def test_it_is_the_mean_of_the_members_log_odds(average, fresh):
    odds = [np.log(p / (1 - p)) for p in (each.predict(fresh) for each in average.members.values())]
    expected = 1 / (1 + np.exp(-np.mean(odds, axis=0)))
    assert average.predict(fresh) == pytest.approx(expected, abs=1e-12)


def test_it_is_kept_whole_and_a_member_cannot_be_changed_unseen(average, fresh, tmp_path: Path):
    sha256 = save_model(average, tmp_path / "model")
    again = load_model(tmp_path / "model", sha256)
    assert np.array_equal(again.predict(fresh), average.predict(fresh))
    member = tmp_path / "model" / "xgboost.trees.ubj"
    member.write_bytes(member.read_bytes()[:-1] + b"x")
    with pytest.raises(Exception, match="SHA-256"):
        load_model(tmp_path / "model", sha256)


def test_its_importance_gives_each_member_the_same_say(average):
    weights = average.importance()
    assert sum(weights.values()) == pytest.approx(1)


def test_it_is_continued_member_by_member(average, training, params):
    newer = replace(training, train=made_examples(31), valid=made_examples(32))
    params_by_name = {"xgboost": params.xgboost, "torch": params.torch}
    child = average.continue_training(newer, params_by_name, 0.5)
    assert list(child.members) == list(average.members)
    for name, member in average.members.items():
        own = member.continue_training(newer, params_by_name[name], 0.5) or member
        assert child.members[name].files() == own.files()


def test_without_any_gain_there_is_no_child(average, training, params):
    noise = 1 - np.random.default_rng(5).permutation(training.train.labels)
    noisy = replace(training, train=replace(training.train, labels=noise))
    assert average.continue_training(noisy, {"xgboost": params.xgboost, "torch": params.torch}, 0.5) is None


def test_a_member_that_the_spec_no_longer_has_stays_as_it_is(average, training, params):
    newer = replace(training, train=made_examples(31), valid=made_examples(32))
    child = average.continue_training(newer, {"xgboost": params.xgboost}, 0.5)
    assert child is None or child.members["torch"] is average.members["torch"]
    assert average.continue_training(newer, {}, 0.5) is None


def test_it_is_not_fitted_to_rows(training):
    with pytest.raises(TypeError, match="made of fitted models"):
        AverageModel.fit(training, None)
