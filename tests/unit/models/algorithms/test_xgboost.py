"""The boosted trees: stopped early, and refused without both classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from redeye.models.algorithms.base import Examples
from redeye.models.algorithms.xgboost import XGBoostModel


def test_it_keeps_the_best_number_of_trees(training, params):
    long = params.xgboost.model_copy(
        update={"rounds": 300, "early_stopping_rounds": 10, "learning_rate": 0.3}
    )
    model = XGBoostModel.fit(training, long)
    kept = model.booster.num_boosted_rounds()
    assert 1 <= kept < 200
    patient = long.model_copy(update={"rounds": kept + 5, "early_stopping_rounds": 300})
    longer = XGBoostModel.fit(training, patient)
    assert np.array_equal(longer.predict(training.valid.frame), model.predict(training.valid.frame))


def test_another_seed_gives_another_model(training, params):
    other = XGBoostModel.fit(replace(training, seed=4), params.xgboost)
    assert other.files() != XGBoostModel.fit(training, params.xgboost).files()


@pytest.mark.parametrize("which", ["train", "valid"])
def test_one_class_only_is_refused(training, params, which):
    one = getattr(training, which)
    with pytest.raises(ValueError, match="do not hold both classes"):
        XGBoostModel.fit(
            replace(training, **{which: Examples(one.frame, np.zeros(len(one.labels)))}), params.xgboost
        )


def test_a_label_that_is_no_number_is_refused(training):
    with pytest.raises(ValueError, match="a label is no number"):
        Examples(training.train.frame, np.full(len(training.train.labels), np.nan))
