"""The parameters of algorithms: bounds, and which algorithms a spec has."""

from __future__ import annotations

import pytest
from made_rows import SPEC
from pydantic import ValidationError

from redeye.declarations.spec_algorithms import Algorithms


def test_algorithms_are_those_with_parameters_in_order_of_declaration():
    assert list(SPEC.algorithms.list_declared()) == ["heuristic", "logistic", "xgboost", "torch"]
    fewer = SPEC.algorithms.model_copy(update={"logistic": None, "torch": None})
    assert list(fewer.list_declared()) == ["heuristic", "xgboost"]
    assert fewer.list_declared()["xgboost"] is SPEC.algorithms.xgboost


def test_no_algorithm_but_the_heuristic_must_be_there():
    declared = SPEC.algorithms.model_dump()
    alone = Algorithms.model_validate({"heuristic": declared.pop("heuristic")})
    assert list(alone.list_declared()) == ["heuristic"]
    with pytest.raises(ValidationError, match="heuristic"):
        Algorithms.model_validate(declared)


@pytest.mark.parametrize(
    ("algorithm", "field", "bad", "edge"),
    [
        ("heuristic", "prior_strength", 0, 0.1),
        ("logistic", "regularization", 0, 1e-6),
        ("logistic", "maximum_categories", 0, 1),
        ("xgboost", "rounds", 0, 1),
        ("xgboost", "learning_rate", 1.01, 1),
        ("xgboost", "learning_rate", 0, 0.001),
        ("xgboost", "max_depth", 17, 16),
        ("xgboost", "max_depth", 0, 1),
        ("xgboost", "min_child_weight", -1, 0),
        ("xgboost", "subsample", 0, 1),
        ("xgboost", "subsample", 1.01, 1),
        ("xgboost", "colsample_bytree", 0, 0.001),
        ("xgboost", "colsample_bytree", 1.01, 1),
        ("xgboost", "reg_lambda", -0.1, 0),
        ("xgboost", "max_bin", 1, 2),
        ("torch", "pieces", 65, 64),
        ("torch", "pieces", 1, 2),
        ("torch", "layers", 9, 8),
        ("torch", "layers", 0, 1),
        ("torch", "dropout", 1, 0),
        ("torch", "column_dropout", 1, 0),
        ("torch", "category_dropout", -0.1, 0),
        ("torch", "learning_rate", 0, 1),
        ("torch", "weight_decay", -1, 0),
        ("torch", "patience", 0, 1),
    ],
)
def test_a_parameter_outside_its_bounds_is_refused(algorithm: str, field: str, bad: float, edge: float):
    params = getattr(SPEC.algorithms, algorithm)
    given = params.model_dump()
    assert getattr(type(params).model_validate({**given, field: edge}), field) == edge
    with pytest.raises(ValidationError, match=field):
        type(params).model_validate({**given, field: bad})
