"""Which algorithm a change is tried with, one that both specs fit; and what becomes of a label, whatever it is."""

from __future__ import annotations

from pathlib import Path

import delay_minutes
import made_classes
import numpy as np
import pandas as pd
import pytest
from made_rows import SPEC

from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import Kind, find_kind
from redeye.review.impact_training import compare_labels, find_learner
from redeye.review.logic.impact_gains import LabelDiff


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


def relabel(kind: Kind, old: np.ndarray, new: np.ndarray, told: np.ndarray) -> LabelDiff | None:
    """The labels of both states, where two models of each state say the same of every row."""
    nights = np.datetime64("2013-01-01") + np.arange(len(old)) % 4
    scored = {
        name: [[kind.score(labels, told, nights)] * 2] * 2
        for name, labels in (("label_old", old), ("label_new", new))
    }
    return compare_labels(kind, pd.DataFrame({"label_old": old, "label_new": new}), scored)


def test_a_label_that_is_a_number_is_told_by_its_mean(tmp_path: Path) -> None:
    kind, old = find_kind(delay_minutes.make_spec(tmp_path)), np.arange(8.0)
    told = np.tile([3.0, 1.0, 6.0], (8, 1))
    assert relabel(kind, old, old, told) is None
    found = relabel(kind, old, np.where(old < 6, old, old + 8), told)
    assert found is not None
    assert (found.changed, found.is_flag, found.is_share) == (2, False, False)
    assert found.moves == {"the mean": (3.5, 5.5)}
    loss = kind.score(old, told, np.datetime64("2013-01-01") + np.arange(8) % 4).measure("pinball_loss")
    assert found.fits[0].loss == pytest.approx(loss)
    assert found.fits[0].relative_loss is not None
    assert found.fits[0].others == {}


def test_a_label_of_classes_is_told_by_the_share_of_each(tmp_path: Path) -> None:
    kind, old = find_kind(made_classes.make_spec(tmp_path)), np.array([0.0, 1, 1, 1, 2, 2, 2, 2])
    found = relabel(kind, old, np.where(old == 2, 3.0, old), np.tile([0.1, 0.2, 0.3, 0.4], (8, 1)))
    assert found is not None
    assert (found.changed, found.is_flag, found.is_share) == (4, False, True)
    assert found.moves["the share of late"] == (0.5, 0.0)
    assert found.moves["the share of very late"] == (0.0, 0.5)
    assert found.moves["the share of on time"] == (0.375, 0.375)
    assert found.fits[0].others == {"accuracy": 0.0}
