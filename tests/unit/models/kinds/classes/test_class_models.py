"""Models of classes: near the truth, the same when loaded again, and whole where a class is lacking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_classes import CLASSES, COLUMNS, INPUTS, find_chances, make_rows, make_spec
from sklearn.metrics import log_loss

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Examples, Model, Training
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.kinds.classes.class_models import Choice, ClassHeuristic, average_classes, count_shares
from redeye.models.kinds.interface import Kind, find_kind

NAMES = ("heuristic", "logistic", "xgboost", "torch", "average")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    few = ("    rounds: 600", "    rounds: 60"), ("learning_rate: 0.04", "learning_rate: 0.2")
    return make_spec(tmp_path_factory.mktemp("spec"), *few)


@pytest.fixture(scope="module")
def kind(spec: Spec) -> Kind:
    return find_kind(spec)


@pytest.fixture(scope="module")
def fitted(kind: Kind, spec: Spec) -> Mapping[str, Any]:
    return fit_all(kind, spec, Training(make_rows(1), make_rows(2), INPUTS, seed=3, threads=1))


def fit_all(kind: Kind, spec: Spec, training: Training) -> dict[str, Any]:
    found = {
        name: kind.fit(name, training, params) for name, params in spec.algorithms.list_declared().items()
    }
    found["average"] = kind.make_average(dict(found))
    return {name: kind.adjust(model, training.valid) for name, model in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_the_same_when_it_is_loaded_again(fitted, tmp_path: Path, name: str) -> None:
    model, rows = fitted[name], make_rows(9).frame
    again: Any = load_model(tmp_path / name, save_model(model, tmp_path / name))
    assert type(again) is type(model)
    assert (again.predict(rows) == model.predict(rows)).all()
    assert again.choice == model.choice
    assert again.columns == COLUMNS
    assert again.categories == model.categories


@pytest.mark.parametrize("name", NAMES)
def test_a_row_alone_gets_what_it_gets_among_others(fitted, name: str) -> None:
    rows = make_rows(9, 300).frame
    told = fitted[name].predict(rows)
    alone = np.vstack([fitted[name].predict(rows.iloc[[at]]) for at in range(0, 300, 7)])
    assert (alone == told[::7]).all()
    assert fitted[name].count_invalid(told) == 0
    assert fitted[name].predict(rows.head(0)).shape == (0, 4)


def test_learners_are_near_the_true_probabilities(fitted) -> None:
    new = make_rows(10, 6000)
    best = log_loss(new.labels, find_chances(10, 6000))
    losses = {name: log_loss(new.labels, fitted[name].predict(new.frame)) for name in NAMES}
    alone = log_loss(new.labels, np.tile(count_shares(new.labels, 4), (6000, 1)))
    assert losses["heuristic"] < alone
    for name in NAMES[1:]:
        assert losses[name] - best < 0.25 * (alone - best), losses


def test_shares_of_groups_are_drawn_towards_those_of_what_they_are_part_of(spec: Spec, kind: Kind) -> None:
    rows = make_rows(1, 400)
    strength = spec.algorithms.heuristic.prior_strength
    model: Any = kind.fit(
        "heuristic", Training(rows, rows, INPUTS, seed=0, threads=1), spec.algorithms.heuristic
    )
    base = count_shares(rows.labels, 4)
    at_origin = (rows.frame["origin_id"] == "EWR").to_numpy()
    of_origin = np.bincount(rows.labels[at_origin].astype(int), minlength=4) + strength * base
    of_origin /= of_origin.sum()
    of_both = at_origin & (rows.frame["carrier_id"] == "AA").to_numpy()
    found = np.bincount(rows.labels[of_both].astype(int), minlength=4) + strength * of_origin
    row = rows.frame[of_both].head(1)
    assert model.predict(row)[0] == pytest.approx(found / found.sum())
    assert model.predict(row.assign(carrier_id="??"))[0] == pytest.approx(of_origin)
    assert model.predict(row.assign(origin_id=None))[0] == pytest.approx(base)
    assert model.importance() == {"origin_id": 1.0, "carrier_id": 1.0}


@pytest.mark.parametrize("name", NAMES)
def test_a_class_that_training_lacks_is_unlikely_and_not_impossible(
    kind: Kind, spec: Spec, name: str
) -> None:
    parts = [make_rows(seed) for seed in (1, 2)]
    lacking = [
        Examples(rows.frame[rows.labels > 0].reset_index(drop=True), rows.labels[rows.labels > 0])
        for rows in parts
    ]
    model = fit_all(kind, spec, Training(lacking[0], lacking[1], INPUTS, seed=3, threads=1))[name]
    told = model.predict(make_rows(9).frame)
    assert (told[:, 0] > 0).all()
    assert told[:, 0].mean() < 0.01
    assert model.count_invalid(told) == 0


def test_weights_count_as_rows_do(kind: Kind, spec: Spec) -> None:
    rows = make_rows(1)
    weights = np.where(rows.labels == 2, 3.0, 1.0)
    heavy = Training(replace(rows, weights=weights), make_rows(2), INPUTS, seed=3, threads=1)
    plain = replace(heavy, train=rows)
    for name, params in spec.algorithms.list_declared().items():
        shares = [kind.fit(name, each, params).predict(rows.frame)[:, 2].mean() for each in (heavy, plain)]
        assert shares[0] > shares[1] + 0.1, name


@pytest.mark.parametrize("name", NAMES[1:4])
def test_rows_of_one_class_teach_nothing(kind: Kind, spec: Spec, name: str) -> None:
    rows = make_rows(1, 50)
    same = Training(Examples(rows.frame, np.ones(50)), rows, INPUTS, seed=3, threads=1)
    with pytest.raises(ValueError, match="are of one class"):
        kind.fit(name, same, spec.algorithms.list_declared()[name])


def test_an_average_is_the_geometric_mean_of_its_members() -> None:
    one, other = np.array([[0.8, 0.1, 0.1]]), np.array([[0.2, 0.2, 0.6]])
    mean = np.sqrt(one * other)
    assert average_classes([one, other]) == pytest.approx(mean / mean.sum())


def test_a_constant_says_the_same_of_every_row() -> None:
    model: Model[Any] = ClassHeuristic(Choice(CLASSES), (0.1, 0.6, 0.2, 0.1))
    assert model.predict(make_rows(1, 5).frame) == pytest.approx(np.tile([0.1, 0.6, 0.2, 0.1], (5, 1)))
    assert model.facts() == {"temperature": 1.0}
