"""The kind of classes: labels in SQL, columns, what an answer is, explained, judged by gates and watched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from made_classes import CLASSES, COLUMN, COLUMNS, INPUTS, make_rows, make_spec
from prediction_frames import make_flights

from redeye.declarations.project import project
from redeye.declarations.spec_rules import RecalibrationRules
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Examples, Model, Training
from redeye.models.kinds.interface import Kind, fill_raw, find_kind
from redeye.models.logic.distinct_outcomes import describe_sameness
from redeye.models.logic.recalibration import Recalibration
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gates import GateInput, judge
from redeye.scoring.logic.explanation import contributions
from redeye.scoring.logic.outcomes import judge as judge_outcome
from redeye.scoring.logic.predictions import Lineage, assemble, derive_predictions, list_recalibration
from redeye.serving.logic.queries import describe_columns

NAMES = ("heuristic", "logistic", "xgboost", "torch", "average")
NOTHING_KNOWN = {"signal": np.nan, "origin_id": None, "carrier_id": None}
NIGHT = date(2013, 3, 1)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    few = ("    rounds: 600", "    rounds: 60"), ("learning_rate: 0.04", "learning_rate: 0.2")
    return make_spec(tmp_path_factory.mktemp("spec"), *few)


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


def read_labels(kind: Kind, values: str) -> list[float | None]:
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT {kind.select_label('fate')} FROM (VALUES {values}) AS t(fate)"
        ).fetchall()
    return [row[0] for row in found]


def test_a_label_is_the_position_of_its_class_and_another_is_none(kind: Kind) -> None:
    assert read_labels(kind, "('late'), ('cancelled'), ('lost'), (NULL)") == [2.0, 0.0, None, None]
    assert kind.select_learned(COLUMN) == kind.select_label(COLUMN)
    assert [kind.read_outcome(place) for place in (0.0, 3.0)] == ["cancelled", "very late"]


def test_an_undeclared_class_counts_as_the_declared_one(tmp_path: Path) -> None:
    named = f"[{', '.join(CLASSES)}]\n"
    other = find_kind(make_spec(tmp_path, (named, '[3, 5, "it\'s"]\n  unseen_class: 5\n')))
    assert read_labels(other, "(3), (4), (NULL)") == [0.0, 1.0, None]
    assert read_labels(other, "('it''s'), ('x')") == [2.0, 1.0]


def test_labels_of_no_class_are_refused(kind: Kind) -> None:
    kind.check_labels(np.array([0.0, 3.0]))
    with pytest.raises(ValueError, match="none of the 4 classes"):
        kind.check_labels(np.array([4.0]))
    assert describe_sameness(np.ones(5), kind) == "every one of the 5 outcomes is on time"


def make_night(kind: Kind, told: np.ndarray, by: Recalibration | None = None) -> pd.DataFrame:
    lineage = Lineage(
        "flight_fate", NIGHT, "r1", 2, "multiclass_xgboost", "s", "run", recalibration=by or Recalibration()
    )
    return assemble(make_flights().head(len(told)), told, told[::-1], lineage, project().subject, kind)


def test_a_night_has_a_column_for_each_class_and_the_likeliest_by_name(kind: Kind) -> None:
    told = np.array([[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.1, 0.1], [0.1, 0.4, 0.4, 0.1]])
    rows = make_night(kind, told)
    assert rows["probability_cancelled"].tolist() == [0.6, 0.1, 0.1]
    assert sorted(rows["predicted_class"]) == ["cancelled", "on time", "very late"]
    assert rows["rank"].tolist() == [1, 2, 3]
    assert list(kind.columns) == list(COLUMNS)
    assert list_recalibration(kind) == [*(f"raw_{name}" for name in COLUMNS), "recalibration_night"]
    checked = derive_predictions(
        rows.assign(scheduled_rows=3, night=pd.Timestamp(NIGHT)), project().subject, kind
    )
    assert checked["sum_error"].max() < 1e-9
    assert checked["commonest_share"].iloc[0] == pytest.approx(1 / 3)
    assert checked["rank_error"].max() == 0


def test_served_probabilities_are_the_raw_ones_sharpened(kind: Kind) -> None:
    told = np.array([[0.1, 0.2, 0.3, 0.4]])
    (row,) = make_night(kind, told, Recalibration(0.0, 2.0, NIGHT)).to_dict("records")
    powers = told[0] ** 2 / (told[0] ** 2).sum()
    assert [row[name] for name in COLUMNS] == pytest.approx(powers)
    assert [row[f"raw_{name}"] for name in COLUMNS] == told[0].tolist()
    assert "0.4 for very late as the version gave it" in kind.describe_recalibration(
        Recalibration(0.0, 2.0, NIGHT), row
    )
    before = pd.DataFrame([row]).drop(columns=[f"raw_{name}" for name in COLUMNS])
    assert fill_raw(before, kind)["raw_probability_late"].iloc[0] == row["probability_late"]


def test_an_outcome_is_a_hit_where_the_likeliest_class_came(kind: Kind) -> None:
    row = dict(zip(COLUMNS, (0.1, 0.2, 0.3, 0.4), strict=True))
    assert judge_outcome(row, "very late", kind)["result"] == "hit"
    assert judge_outcome(row, "late", kind)["result"] == "miss"
    assert judge_outcome(row, None, kind)["result"] is None


def test_consumers_get_every_column_with_its_meaning(kind: Kind) -> None:
    found = describe_columns(project().subject, kind, "fate")
    assert found["predicted_class"][0] == "text"
    assert found["probability_very_late"] == ("number", "That fate of the flight will be very late, 0 to 1.")
    assert found["outcome"][0] == "text"
    assert {"baseline_probability_late", "result"} <= set(found)


@pytest.mark.parametrize("name", NAMES)
def test_effects_of_inputs_add_up_to_the_probability_of_the_likeliest_class(
    fitted, kind: Kind, name: str
) -> None:
    model = fitted[name]
    for position in range(4):
        row = make_rows(7).frame.iloc[[position]].reset_index(drop=True)
        measure = kind.choose_amount(model, row)
        (amount,) = measure(row)
        assert amount == model.predict(row).max()
        (ignorant,) = measure(row.assign(**NOTHING_KNOWN))
        found = contributions(measure, row, INPUTS)
        assert sum(each.effect for each in found) == pytest.approx(amount - ignorant, abs=1e-9)
        assert any(each.effect for each in found)


@pytest.mark.parametrize("name", NAMES)
def test_the_steps_lead_from_what_was_learned_to_what_was_said(fitted, kind: Kind, name: str) -> None:
    model = fitted[name]
    row = make_rows(8).frame.iloc[[3]].reset_index(drop=True)
    learned, said = kind.trace(model, row)
    assert list(learned.values.values()) == pytest.approx(model.predict_classes(row)[0])
    assert list(said.values.values()) == model.predict(row)[0].tolist()
    assert "the 3000 labels of the nights 2013-03-01 to 2013-03-14" in said.text


def judge_pair(kind: Kind, ours: np.ndarray, theirs: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    nights = np.datetime64("2013-03-01") + np.arange(len(labels)) % 28
    one, other = (kind.score(labels, each, nights) for each in (ours, theirs))
    base = kind.learn_base(labels)
    report = judge(
        GateInput("candidate", one, date(2013, 2, 20), before=one, base=base),
        GateInput("champion", other, date(2013, 2, 20), before=other),
        Window(date(2013, 3, 1), date(2013, 3, 28)),
        kind,
        groups={column: np.tile(["a", "b"], len(labels) // 2) for column in kind.spec.gates.slices.columns},
    )
    return {str(each.gate): each for each in report.results}


def test_gates_prefer_the_better_model_and_refuse_what_knows_the_outcome(fitted, kind: Kind) -> None:
    rows = make_rows(11, 5600)
    good, poor = (fitted[name].predict(rows.frame) for name in ("xgboost", "heuristic"))
    found = judge_pair(kind, good, poor, rows.labels)
    assert "ranking" not in found
    own = ("accuracy", "plausibility")
    for gate in ("sample", "base_rate", "improvement", "consistency", "calibration", "slices", *own):
        assert found[gate].is_passed, found[gate].reason
    assert "cancelled" in found["base_rate"].reason
    back = judge_pair(kind, poor, good, rows.labels)
    assert not back["improvement"].is_passed
    assert not back["accuracy"].is_passed
    knowing = 0.97 * np.eye(4)[rows.labels.astype(int)] + 0.0075
    assert not judge_pair(kind, knowing, poor, rows.labels)["plausibility"].is_passed
    sharp = good**4 / (good**4).sum(axis=1, keepdims=True)
    assert not judge_pair(kind, sharp, good, rows.labels)["calibration"].is_passed


def test_drift_is_measured_of_which_class_is_the_likeliest(kind: Kind) -> None:
    rows = pd.DataFrame([[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.1, 0.1]], columns=list(COLUMNS))
    column, is_number = kind.told
    assert not is_number
    assert kind.tell(rows)[column].tolist() == ["very late", "cancelled"]
    assert kind.lists_outcomes
    assert not kind.has_classes


def test_recalibration_is_judged_only_where_the_spec_asks_for_it(kind: Kind) -> None:
    asked = find_kind(kind.spec.model_copy(update={"recalibration": RecalibrationRules(prior_strength=5)}))
    rows = pd.DataFrame(np.tile([0.1, 0.2, 0.3, 0.4], (60, 1)), columns=list(COLUMNS)).assign(
        label=np.arange(60) % 4,
        night=[pd.Timestamp("2013-03-01") + pd.Timedelta(days=at // 4) for at in range(60)],
    )
    judged = asked.judge_recalibration(rows, date(2013, 3, 15))
    assert judged is not None
    assert judged.recalibration.slope < 1
    assert kind.judge_recalibration(rows, date(2013, 3, 15)) is None
