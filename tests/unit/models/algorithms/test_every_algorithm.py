"""What every algorithm must do alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from redeye.champions.serving_versions import find_input_columns
from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.base import Examples
from redeye.models.algorithms.storage import ALGORITHMS, algorithm

pytestmark = pytest.mark.parametrize("name", list(ALGORITHMS))


def test_predictions_are_probabilities(fitted, fresh, name):
    predictions = fitted(name).predict(fresh)
    assert predictions.dtype == np.float64
    assert ((predictions > 0) & (predictions < 1)).all()
    assert predictions.std() > 0.02


def test_predictions_find_the_signal(fitted, training, name):
    from sklearn.metrics import roc_auc_score

    assert roc_auc_score(training.valid.labels, fitted(name).predict(training.valid.frame)) > 0.6


def test_a_row_alone_gets_exactly_what_it_gets_in_a_batch(fitted, fresh, name):
    model = fitted(name)
    whole = model.predict(fresh)
    alone = np.concatenate([model.predict(fresh.iloc[[row]]) for row in range(len(fresh))])
    assert np.array_equal(whole, alone)
    assert np.array_equal(model.predict(fresh.iloc[::-1]), whole[::-1])


def test_no_rows_give_no_predictions(fitted, fresh, name):
    assert fitted(name).predict(fresh.iloc[:0]).shape == (0,)


def test_missing_everything_still_gives_a_probability(fitted, fresh, name):
    nothing = pd.DataFrame({column: [None] * 3 for column in fresh.columns}, dtype=object)
    predictions = fitted(name).predict(nothing)
    assert np.isfinite(predictions).all()
    assert len(set(predictions)) == 1


def test_columns_in_another_order_and_more_of_them_change_nothing(fitted, fresh, name):
    model = fitted(name)
    other = fresh.assign(flight_id="x")[["flight_id", *reversed(fresh.columns)]]
    assert np.array_equal(model.predict(other), model.predict(fresh))


def test_the_columns_that_a_model_is_said_to_read_are_all_it_needs(fitted, fresh, name):
    model = fitted(name)
    read = sorted(find_input_columns(model))
    assert np.array_equal(model.predict(fresh[read]), model.predict(fresh))
    assert all("__" in each or each in fresh for each in read)


def test_an_absent_column_is_named(fitted, fresh, name):
    with pytest.raises(ValueError, match="lacks the input columns carrier_origin_hour_delays__flights_all"):
        fitted(name).predict(fresh.drop(columns="carrier_origin_hour_delays__flights_all"))


def test_text_where_numbers_belong_is_refused(fitted, fresh, name):
    with pytest.raises(
        ValueError, match="carrier_origin_hour_delays__flights_all holds something that is no number"
    ):
        fitted(name).predict(fresh.assign(carrier_origin_hour_delays__flights_all="many"))


def test_the_same_seed_gives_the_same_bytes(fitted, name):
    assert fitted(name).files() == fitted(name).files()


def test_files_give_the_same_model_back(fitted, fresh, name):
    model = fitted(name)
    again = algorithm(name).from_files(model.files())
    assert np.array_equal(again.predict(fresh), model.predict(fresh))
    assert again.files() == model.files()


def test_importance_is_of_the_input_columns(fitted, fresh, name):
    importance = fitted(name).importance()
    assert set(importance) <= set(fresh.columns)
    assert max(importance.values()) > 0


def test_no_rows_to_learn_from_are_refused(training, params, name):
    if name == AverageModel.algorithm:
        pytest.skip("it is made of fitted models")
    empty = Examples(training.train.frame.iloc[:0], training.train.labels[:0])
    with pytest.raises(ValueError, match="widen the window"):
        algorithm(name).fit(replace(training, train=empty), getattr(params, name))
