"""Which algorithm a change is tried with: one that the old and the new spec both fit."""

from __future__ import annotations

import pytest
from made_rows import SPEC

from redeye.declarations.specs import Spec
from redeye.review.impact_training import find_learner


def fitting(*kept: str) -> Spec:
    others = dict.fromkeys(SPEC.algorithms.list_declared().keys() - {"heuristic", *kept})
    return SPEC.model_copy(update={"algorithms": SPEC.algorithms.model_copy(update=others)})


ALL = ("logistic", "xgboost", "torch")


@pytest.mark.parametrize(
    ("old", "new", "champion", "learner"),
    [
        pytest.param(ALL, ALL, "torch", "torch", id="the champion's"),
        pytest.param(ALL, ALL, "heuristic", "xgboost", id="a heuristic is not fitted to features"),
        pytest.param(ALL, ALL, "average", "xgboost", id="nor is an average"),
        pytest.param(ALL, ("logistic", "xgboost"), "torch", "xgboost", id="one that the new spec dropped"),
        pytest.param(("logistic",), ALL, "", "logistic", id="a model without trees before"),
        pytest.param(("torch", "logistic"), ("torch", "logistic"), "", "logistic", id="the first declared"),
        pytest.param((), ("xgboost",), "xgboost", None, id="none that both have"),
    ],
)
def test_the_learner_is_one_that_both_specs_fit(
    old: tuple[str, ...], new: tuple[str, ...], champion: str, learner: str | None
) -> None:
    assert find_learner((fitting(*old), fitting(*new)), champion) == learner
