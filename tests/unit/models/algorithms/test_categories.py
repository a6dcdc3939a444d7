"""Categories that training did not know go the way of missing ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.models.algorithms.base import Categories, numeric_matrix


@pytest.mark.parametrize("name", ["logistic", "xgboost", "torch"])
def test_an_unseen_category_predicts_like_a_missing_one(fitted, fresh, name):
    model = fitted(name)
    unseen, missing = (model.predict(fresh.assign(carrier_id=value)) for value in ("ZZ", None))
    assert np.array_equal(unseen, missing)
    assert not np.array_equal(unseen, model.predict(fresh.assign(carrier_id="B6")))


@pytest.mark.parametrize("name", ["logistic", "xgboost", "torch"])
def test_unseen_categories_and_missing_ones_have_no_code(fitted, fresh, name):
    mixed = fresh.assign(carrier_id=["ZZ", "YY", None, "AA"] * 50)
    known = fitted(name).categories
    codes = dict(zip(known.values, known.codes(mixed).T, strict=True))
    assert codes["carrier_id"].tolist() == [-1, -1, -1, known.values["carrier_id"].index("AA")] * 50
    assert (codes["origin_id"] >= 0).all()


def test_a_heuristic_knows_no_categories(fitted):
    assert fitted("heuristic").categories.values == {}


def test_the_rarest_beyond_the_maximum_are_left_out():
    frame = pd.DataFrame({"c": ["a"] * 3 + ["b"] * 2 + ["d"] * 2 + ["e"] + [None] * 9})
    assert Categories.learn(frame, ["c"], maximum=2).values == {"c": ("a", "b")}


def test_codes_do_not_depend_on_the_order_of_rows():
    frame = pd.DataFrame({"c": ["b", "a", "c"]})
    assert Categories.learn(frame, ["c"], 9) == Categories.learn(frame.iloc[::-1], ["c"], 9)


def test_numbers_of_every_kind_become_the_same_floats():
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "object": pd.Series([True, None], dtype=object),
            "infinite": [np.inf, 2.0],
        }
    )
    matrix = numeric_matrix(frame, list(frame.columns))
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [[1, 1, 1, np.nan], [np.nan, np.nan, np.nan, 2]])
