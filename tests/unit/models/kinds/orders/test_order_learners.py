"""What the bare library learns of the same rows: the engine's trees lose at most 2 % more; a line is near the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from delay_minutes import INPUTS
from made_orders import CUT, make_rows, make_spec
from made_projects import take_seed

from redeye.models.algorithms.base import Examples, Model, Training
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.orders.order_logistic import OrderLogistic, draw_pairs
from redeye.models.kinds.orders.order_models import sort_groups

RATIO = 1.02
AVERAGED = ("logistic", "xgboost")


@pytest.fixture(scope="module")
def rows() -> tuple[Examples, ...]:
    seed = 100 * take_seed()
    return tuple(make_rows(seed + step, 6000) for step in (1, 2, 3))


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory, rows: tuple[Examples, ...]):
    spec = make_spec(tmp_path_factory.mktemp("spec"))
    training = Training(rows[0], rows[1], INPUTS, seed=3, threads=1)
    kind = find_kind(spec)

    def fit_one(name: str) -> Model[Any]:
        if name != "average":
            return kind.fit(name, training, getattr(spec.algorithms, name))
        return kind.adjust(kind.make_average({each: fit_one(each) for each in AVERAGED}), training.valid)

    return spec, fit_one


def lose(spec, rows: Examples, scores: np.ndarray) -> float:
    return (
        find_kind(spec).score_frame(rows.frame, rows.labels, scores, rows.frame["night"]).measure("ndcg_loss")
    )


def test_trees_are_as_good_as_bare_xgboost(fit, rows: tuple[Examples, ...]) -> None:
    spec, fit_one = fit
    model, new = fit_one("xgboost"), rows[2]
    params = spec.algorithms.xgboost.model_dump(exclude={"rounds", "early_stopping_rounds"})
    matrices = []
    for each in rows:
        frame = each.frame.assign(label=each.labels).sort_values(["night", "origin_id"], kind="stable")
        matrices.append(
            xgboost.DMatrix(
                frame[["signal", "origin_id", "carrier_id"]].astype(
                    {"origin_id": "category", "carrier_id": "category"}
                ),
                frame["label"],
                qid=frame.groupby(["night", "origin_id"]).ngroup(),
                enable_categorical=True,
            )
        )
    bare = xgboost.train(
        {
            "objective": "rank:ndcg",
            "ndcg_exp_gain": False,
            "eval_metric": f"ndcg@{CUT}",
            "nthread": 1,
            **params,
        },
        matrices[0],
        spec.algorithms.xgboost.rounds,
        evals=[(matrices[1], "valid")],
        early_stopping_rounds=spec.algorithms.xgboost.early_stopping_rounds,
        verbose_eval=False,
    )
    told = bare.predict(matrices[2], iteration_range=(0, bare.best_iteration + 1))
    order = new.frame.reset_index(drop=True).sort_values(["night", "origin_id"], kind="stable").index
    scores = np.empty(len(new.labels))
    scores[order] = told
    assert lose(spec, new, model.predict(new.frame)) < RATIO * lose(spec, new, scores)
    assert model.importance()["signal"] > model.importance()["origin_id"]
    assert model.facts()["rounds"] > 5


def test_a_line_learned_from_pairs_is_near_the_true_order(fit, rows: tuple[Examples, ...]) -> None:
    spec, fit_one = fit
    model, new = fit_one("logistic"), rows[2]
    frame = new.frame.reset_index(drop=True)
    true = (frame["signal"].fillna(0) + (frame["carrier_id"] == "B6")).to_numpy(dtype=float)
    assert lose(spec, new, model.predict(new.frame)) < RATIO * lose(spec, new, true)
    weights = model.importance()
    assert weights["signal"] > weights["carrier_id"] / 2 > weights["origin_id"]


@pytest.mark.parametrize("name", ["heuristic", "logistic", "xgboost", "average"])
def test_a_saved_model_says_the_same_of_each_row_alone(
    fit, rows: tuple[Examples, ...], tmp_path, name
) -> None:
    model, frame = fit[1](name), rows[2].frame.head(50)
    again = load_model(tmp_path / name, save_model(model, tmp_path / name))
    told = model.predict(frame)
    assert again.algorithm == f"ranking_{name}"
    assert again.predict(frame).tolist() == told.tolist()
    alone = [float(model.predict(frame.iloc[[row]])[0]) for row in range(50)]
    assert alone == told.tolist()
    unknown = frame.assign(signal=np.nan, origin_id="XXX", carrier_id=None)
    assert model.count_invalid(model.predict(unknown)) == 0


def test_an_average_gives_each_member_the_same_weight_whatever_its_scale(
    fit, rows: tuple[Examples, ...]
) -> None:
    spec, fit_one = fit
    kind, frame = find_kind(spec), rows[2].frame
    one, other = (fit_one(name) for name in AVERAGED)
    assert isinstance(one, OrderLogistic)
    wide = replace(one, linear=replace(one.linear, coefficients=1000 * one.linear.coefficients))
    found = [
        kind.adjust(kind.make_average({"one": each, "other": other}), rows[1]).predict(frame)
        for each in (one, wide)
    ]
    assert found[1] == pytest.approx(found[0])
    seen = rows[1].frame
    told = pd.DataFrame(
        {name: each.predict(seen) for name, each in zip("ab", (one, other), strict=True)}, seen.index
    )
    apart = (told - told.groupby([seen["night"], seen["origin_id"]]).transform("mean")).std(ddof=0)
    assert found[0] == pytest.approx((one.predict(frame) / apart.a + other.predict(frame) / apart.b) / 2)
    assert lose(spec, rows[2], found[0]) < max(
        lose(spec, rows[2], each.predict(frame)) for each in (one, other)
    )


def test_a_member_that_says_one_number_for_all_adds_nothing_to_an_average(
    fit, rows: tuple[Examples, ...]
) -> None:
    spec, fit_one = fit
    kind, frame = find_kind(spec), rows[2].frame
    line = fit_one("logistic")
    members = {"line": line, "flat": kind.make_constant(kind.learn_base(rows[0].labels))}
    told = kind.adjust(kind.make_average(members), rows[1]).predict(frame)
    assert lose(spec, rows[2], told) == pytest.approx(lose(spec, rows[2], line.predict(frame)))


def test_rows_that_count_more_are_learned_more(fit, rows: tuple[Examples, ...]) -> None:
    spec, _ = fit
    train = rows[0]
    is_late = train.frame["night"] >= train.frame["night"].median()
    turned = Examples(train.frame, np.where(is_late, train.labels.max() - train.labels, train.labels))
    weighted = Examples(turned.frame, turned.labels, np.where(is_late, 1e-3, 1.0))
    for name in ("logistic", "xgboost"):
        each = [
            find_kind(spec).fit(
                name, Training(one, rows[1], INPUTS, seed=3, threads=1), getattr(spec.algorithms, name)
            )
            for one in (turned, weighted)
        ]
        losses = [lose(spec, rows[2], model.predict(rows[2].frame)) for model in each]
        assert losses[1] < losses[0], name


def test_pairs_are_of_one_group_and_differ(rows: tuple[Examples, ...]) -> None:
    found = sort_groups(rows[0], ("night", "origin_id"))
    assert found.groups is not None
    one, other = draw_pairs(found, found.groups, 1)
    assert (found.groups[one] == found.groups[other]).all()
    assert (found.labels[one] != found.labels[other]).all()
    assert 0.4 < (found.labels[one] > found.labels[other]).mean() < 0.6
    again = draw_pairs(found, found.groups, 1)
    assert (again[0] == one).all()


def test_rows_without_an_order_are_refused(fit, rows: tuple[Examples, ...]) -> None:
    spec, _ = fit
    flat = Examples(rows[0].frame, np.ones(len(rows[0].labels)))
    for name in ("logistic", "xgboost"):
        training = Training(flat, rows[1], INPUTS, seed=3, threads=1)
        with pytest.raises(ValueError, match="no group with labels that differ"):
            find_kind(spec).fit(name, training, getattr(spec.algorithms, name))
