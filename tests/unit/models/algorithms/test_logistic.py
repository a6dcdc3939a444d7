"""The logistic model in numpy is the one that scikit-learn's own pipeline gives."""

from __future__ import annotations

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


def test_predictions_equal_those_of_a_scikit_learn_pipeline(fitted, training, params, fresh):
    inputs, train = training.inputs, training.train
    numbers = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), FunctionTransformer(lambda x: np.clip(x, -4, 4))
    )
    known = [["AA", "B6", "UA"], ["EWR", "JFK"]]
    pipeline = make_pipeline(
        ColumnTransformer(
            [
                ("numbers", numbers, list(inputs.numeric)),
                (
                    "categories",
                    OneHotEncoder(categories=known, handle_unknown="ignore"),
                    list(inputs.categorical),
                ),
            ]
        ),
        LogisticRegression(
            C=params.logistic.regularization, max_iter=params.logistic.maximum_iterations, tol=1e-3
        ),
    )
    dtypes = dict.fromkeys(inputs.numeric, np.float32)
    pipeline.fit(train.frame.astype(dtypes), train.labels)
    rows = fresh.assign(carrier_id=fresh["carrier_id"].where(fresh.index % 5 != 0, "ZZ"))
    expected = pipeline.predict_proba(rows.astype(dtypes))[:, 1]
    np.testing.assert_allclose(fitted("logistic").predict(rows), expected, atol=1e-6)


def test_a_count_far_beyond_training_does_not_run_away(fitted, fresh):
    model = fitted("logistic")
    far, further = (
        model.predict(fresh.assign(carrier_origin_hour_delays__flights_all=count)) for count in (1e4, 1e9)
    )
    assert np.array_equal(far, further)
