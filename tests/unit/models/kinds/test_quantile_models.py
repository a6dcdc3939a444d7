"""Models of quantiles: near the true ones, the same when loaded again, and covered as promised on new rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from delay_minutes import INPUTS, make_rows, make_spec

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Model, Training
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.kinds.quantile_models import QuantileHeuristic, Question


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return make_spec(tmp_path_factory.mktemp("spec"), ("    rounds: 600", "    rounds: 60"))


@pytest.fixture(scope="module")
def kind(spec: Spec) -> Kind:
    return find_kind(spec)


@pytest.fixture(scope="module")
def fitted(kind: Kind, spec: Spec) -> Mapping[str, Model]:
    training = Training(make_rows(1), make_rows(2), INPUTS, seed=3, threads=1)
    found = {
        name: kind.fit(name, training, params) for name, params in spec.algorithms.list_declared().items()
    }
    found["average"] = kind.make_average(dict(found))
    return {name: kind.adjust(model, training.valid) for name, model in found.items()}


NAMES = ("heuristic", "xgboost", "average")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_the_same_when_it_is_loaded_again(fitted, tmp_path: Path, name: str) -> None:
    model, rows = fitted[name], make_rows(9).frame
    again: Any = load_model(tmp_path / name, save_model(model, tmp_path / name))
    assert type(again) is type(model)
    assert (again.predict(rows) == model.predict(rows)).all()
    assert again.question == model.question


@pytest.mark.parametrize("name", NAMES)
def test_bounds_cover_new_rows_as_promised(fitted, kind: Kind, name: str) -> None:
    new = make_rows(10, 6000)
    found = kind.score(
        new.labels, fitted[name].predict(new.frame), np.full(6000, np.datetime64("2013-03-01"))
    )
    assert found.measure("coverage_error") < 0.02, found.metrics()


def test_trees_are_nearer_than_groups(fitted, kind: Kind) -> None:
    new = make_rows(11)
    nights = np.full(3000, np.datetime64("2013-03-01"))
    losses = [
        kind.score(new.labels, fitted[name].predict(new.frame), nights).measure("pinball_loss")
        for name in ("xgboost", "heuristic")
    ]
    assert losses[0] < 0.8 * losses[1]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_gets_whole_numbers_between_bounds_whatever_it_lacks(fitted, name: str) -> None:
    rows = make_rows(12, 50).frame
    empty = rows.assign(signal=np.nan, origin_id=None, carrier_id="never seen")
    for frame in (rows, empty, rows.assign(signal=1e9), rows.head(0)):
        told = fitted[name].predict(frame)
        assert told.shape == (len(frame), 3)
        assert fitted[name].count_invalid(told) == 0
        assert (told == np.rint(told)).all()


def test_a_group_is_drawn_towards_what_it_is_part_of(kind: Kind, spec: Spec) -> None:
    rows = make_rows(1)
    params = spec.algorithms.heuristic
    found: Any = kind.fit("heuristic", Training(rows, rows, INPUTS, seed=1, threads=1), params)
    own = np.quantile(rows.labels[rows.frame["origin_id"] == "EWR"], 0.5)
    count, whole = int((rows.frame["origin_id"] == "EWR").sum()), np.quantile(rows.labels, 0.5)
    strength = params.prior_strength
    (cell,) = [quantiles for quantiles in found.cells[0].values() if quantiles[1] > whole]
    assert cell[1] == pytest.approx((count * own + strength * whole) / (count + strength))


def test_bounds_of_whole_numbers_leave_out_no_label_when_they_are_rounded() -> None:
    constant = QuantileHeuristic(Question((0.1, 0.5, 0.9)), (2.3, 2.5, 2.7))
    rows = pd.DataFrame(index=range(1))
    assert constant.predict(rows).tolist() == [[2.5, 2.3, 2.7]]
    whole = replace(constant, question=replace(constant.question, is_integer=True))
    assert whole.predict(rows).tolist() == [[2, 2, 2]]
    crossed = replace(whole, base=(4.2, 2.0, 1.1))
    assert crossed.predict(rows).tolist() == [[2, 2, 4]]


def test_a_training_that_names_no_quantiles_teaches_none(spec: Spec) -> None:
    rows = make_rows(1, 20)
    with pytest.raises(TypeError, match="which quantiles"):
        QuantileHeuristic.fit(Training(rows, rows, INPUTS, seed=1, threads=1), spec.algorithms.heuristic)
