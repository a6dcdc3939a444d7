"""What the bare libraries learn of the same rows: the engine's models lose at most 2 % more."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from made_classes import INPUTS, make_rows, make_spec
from made_projects import take_seed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from redeye.models.algorithms.base import Training
from redeye.models.kinds.interface import find_kind

RATIO = 1.02


@pytest.fixture(scope="module")
def rows() -> tuple:
    seed = 100 * take_seed()
    return tuple(make_rows(seed + step, 4000) for step in (1, 2, 3))


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory, rows: tuple):
    spec = make_spec(tmp_path_factory.mktemp("spec"), ("    rounds: 600", "    rounds: 300"))
    kind = find_kind(spec)

    def fit_one(name: str):
        training = Training(rows[0], rows[1], INPUTS, seed=3, threads=1)
        return kind.adjust(kind.fit(name, training, getattr(spec.algorithms, name)), training.valid)

    return spec, fit_one


def test_trees_are_as_good_as_bare_xgboost(fit, rows: tuple) -> None:
    spec, fit_one = fit
    model, new = fit_one("xgboost"), rows[2]
    params = spec.algorithms.xgboost.model_dump(exclude={"rounds", "early_stopping_rounds"})
    matrices = [
        xgboost.DMatrix(
            each.frame.astype({"origin_id": "category", "carrier_id": "category"}),
            each.labels,
            enable_categorical=True,
        )
        for each in rows
    ]
    bare = xgboost.train(
        {"objective": "multi:softprob", "num_class": 4, "eval_metric": "mlogloss", "nthread": 1, **params},
        matrices[0],
        spec.algorithms.xgboost.rounds,
        evals=[(matrices[1], "valid")],
        early_stopping_rounds=spec.algorithms.xgboost.early_stopping_rounds,
        verbose_eval=False,
    )
    told = bare.predict(matrices[2], iteration_range=(0, bare.best_iteration + 1))
    assert log_loss(new.labels, model.predict(new.frame)) < RATIO * log_loss(new.labels, told)
    assert model.importance()["signal"] > model.importance()["origin_id"] > 0
    assert model.facts()["rounds"] > 10


def test_the_linear_model_is_as_good_as_bare_scikit_learn(fit, rows: tuple) -> None:
    spec, fit_one = fit
    model, new = fit_one("logistic"), rows[2]
    assert spec.algorithms.logistic is not None

    def encode(frame) -> np.ndarray:
        codes = [(frame["origin_id"] == "EWR"), (frame["carrier_id"] == "B6"), (frame["carrier_id"] == "AA")]
        return np.column_stack([frame["signal"].fillna(0), *codes]).astype(float)

    bare = LogisticRegression(C=spec.algorithms.logistic.regularization, max_iter=300)
    bare.fit(encode(rows[0].frame), rows[0].labels)
    told = bare.predict_proba(encode(new.frame))
    assert log_loss(new.labels, model.predict(new.frame)) < RATIO * log_loss(new.labels, told)
    weights = model.importance()
    assert weights["signal"] > 0
    assert set(weights) == {"signal", "origin_id", "carrier_id"}
