"""The kind of numbers: how one of them came about, and what its bounds went through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from delay_minutes import INPUTS, make_rows, make_spec

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Examples, Model, Training
from redeye.models.kinds.interface import Kind, find_kind
from redeye.monitoring.logic.quality import measure_window
from redeye.monitoring.logic.verdict import judge as judge_verdict
from redeye.scoring.logic.explanation import contributions

NAMES = ("heuristic", "xgboost", "average")
NOTHING_KNOWN = {"signal": np.nan, "origin_id": None, "carrier_id": None}


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return make_spec(tmp_path_factory.mktemp("spec"), ("    rounds: 600", "    rounds: 40"))


@pytest.fixture(scope="module")
def kind(spec: Spec) -> Kind:
    return find_kind(spec)


@pytest.fixture(scope="module")
def fitted(kind: Kind, spec: Spec) -> Mapping[str, Model[Any]]:
    judged = make_rows(2)
    nights = pd.Timestamp("2013-03-01") + pd.to_timedelta(np.arange(len(judged.labels)) % 14, unit="D")
    dated = Examples(judged.frame.assign(**{spec.population.night: nights}), judged.labels)
    training = Training(make_rows(1), dated, INPUTS, seed=3, threads=1)
    found = {
        name: kind.fit(name, training, params) for name, params in spec.algorithms.list_declared().items()
    }
    found["average"] = kind.make_average(dict(found))
    return {name: kind.adjust(model, training.valid) for name, model in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_effects_of_inputs_add_up_to_the_number_as_it_was_learned(fitted, kind: Kind, name: str) -> None:
    model = fitted[name]
    for position in range(5):
        row = make_rows(7).frame.iloc[[position]].reset_index(drop=True)
        learned = np.sort(model.predict_quantiles(row), axis=1)[0, 1]
        (amount,) = kind.measure_amount(model, row)
        assert amount == learned
        (ignorant,) = kind.measure_amount(model, row.assign(**NOTHING_KNOWN))
        found = contributions(partial(kind.measure_amount, model), row, INPUTS)
        assert sum(each.effect for each in found) == pytest.approx(amount - ignorant, abs=1e-9)
        assert any(each.effect for each in found)
        read = {each.column for each in found if each.effect}
        assert name != "heuristic" or "signal" not in read


@pytest.mark.parametrize("name", NAMES)
def test_the_steps_lead_from_the_learned_quantiles_to_what_was_said(fitted, kind: Kind, name: str) -> None:
    model = fitted[name]
    row = make_rows(8).frame.iloc[[3]].reset_index(drop=True)
    learned, moved, said = kind.trace(model, row)
    margin = model.question.margin
    lower, value, upper = np.sort(model.predict_quantiles(row), axis=1)[0]
    assert learned.values == {"value": value, "lower": lower, "upper": upper}
    assert moved.values == {"value": value, "lower": lower - margin, "upper": upper + margin}
    assert list(said.values.values()) == model.predict(row)[0].tolist()
    assert "0.1 and 0.9" in learned.text
    assert "80% of the 3000 labels of the nights 2013-03-01 to 2013-03-14" in moved.text
    assert ("outwards" in moved.text) == (margin >= 0)
    assert "whole numbers" in said.text


def test_numbers_that_are_not_whole_are_not_rounded(fitted, spec: Spec) -> None:
    target = spec.target.model_copy(update={"integer": False})
    kind = find_kind(spec.model_copy(update={"target": target}))
    training = Training(make_rows(1), make_rows(2), INPUTS, seed=3, threads=1)
    model = kind.adjust(kind.fit("heuristic", training, spec.algorithms.heuristic), training.valid)
    row = make_rows(8).frame.head(1)
    *_, last = kind.trace(model, row)
    assert list(last.values.values()) == model.predict(row)[0].tolist()
    assert "the nights that the model was stopped by" in last.text


@pytest.mark.parametrize("rows", [1, 2, 300])
@pytest.mark.parametrize("label", [0.0, -7.0])
def test_labels_that_are_all_the_same_are_learned_said_and_measured(
    kind: Kind, spec: Spec, rows: int, label: float
) -> None:
    given = make_rows(5, rows)
    same = Examples(given.frame, np.full(rows, label))
    training = Training(same, same, INPUTS, seed=3, threads=1)
    members = {name: kind.fit(name, training, each) for name, each in spec.algorithms.list_declared().items()}
    for model in (*members.values(), kind.make_average(members)):
        told = kind.adjust(model, training.valid).predict(given.frame)
        assert told.tolist() == [[label] * 3] * rows
        scored = kind.score(same.labels, told, np.full(rows, np.datetime64("2013-03-01")))
        metrics = scored.metrics().numbers()
        assert [metrics[name] for name in ("pinball_loss", "coverage", "mean_width")] == [0, 1, 0]
        assert np.isnan(scored.measure("relative_pinball_loss"))
        assert {curve.x.size > 0 for curve in scored.draw_curves().values()} == {True}
        window = measure_window(scored, scored, reference={})
        assert judge_verdict(window, spec.monitor.model_copy(update={"minimum_rows": 1})).verdict
    base = kind.learn_base(same.labels)
    assert kind.make_constant(base).predict(given.frame).tolist() == [[label] * 3] * rows


def test_a_label_or_a_number_that_is_none_is_refused_with_a_sentence(kind: Kind) -> None:
    night, said = [np.datetime64("2013-03-01")], np.array([[1.0, 0.0, 2.0]])
    with pytest.raises(ValueError, match="a label is no number"):
        kind.score([np.nan], said, night)
    with pytest.raises(ValueError, match="1 of 1 predictions are no number between two bounds"):
        kind.score([1.0], said * np.nan, night)
    with pytest.raises(ValueError, match="no rows to evaluate"):
        kind.score([], np.empty((0, 3)), [])
