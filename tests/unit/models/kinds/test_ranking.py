"""The kind of orders: labels in SQL, ranks in groups, what an answer is, explained, judged by gates and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from delay_minutes import INPUTS
from made_orders import COLUMN, CUT, make_rows, make_spec
from prediction_frames import make_flights

from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Examples, Model, Training
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.blocks import Cut, Picture, Table
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gates import GateInput, judge
from redeye.scoring.logic.explanation import contributions
from redeye.scoring.logic.outcomes import judge as judge_outcome
from redeye.scoring.logic.predictions import Lineage, assemble, derive_predictions
from redeye.serving.logic.queries import describe_columns

NIGHT = date(2013, 3, 1)
NOTHING_KNOWN = {"signal": np.nan, "origin_id": None, "carrier_id": None}


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    few = ("    rounds: 600", "    rounds: 60"), ("learning_rate: 0.04", "learning_rate: 0.2")
    return make_spec(tmp_path_factory.mktemp("spec"), *few)


@pytest.fixture(scope="module")
def kind(spec: Spec) -> Kind:
    return find_kind(spec)


@pytest.fixture(scope="module")
def fitted(kind: Kind, spec: Spec) -> Mapping[str, Model[Any]]:
    training = Training(make_rows(1), make_rows(2), INPUTS, seed=3, threads=1)
    declared = spec.algorithms.list_declared()
    return {name: kind.fit(name, training, params) for name, params in declared.items()}


def test_a_label_is_a_number_of_0_or_more(kind: Kind) -> None:
    values = "('12.5'), ('0'), ('-1'), ('inf'), ('late'), (NULL)"
    with duckdb.connect() as con:
        found = con.execute(f"SELECT {kind.select_label('m')} FROM (VALUES {values}) AS t(m)").fetchall()
    assert [row[0] for row in found] == [12.5, 0.0, None, None, None, None]
    with pytest.raises(ValueError, match="no number of 0 or more"):
        kind.check_labels(np.array([1.0, -0.5]))


def make_night(kind: Kind, told: np.ndarray, baseline: np.ndarray | None = None) -> pd.DataFrame:
    lineage = Lineage("flight_order", NIGHT, "r1", 2, "ranking_xgboost", "s", "run")
    flights = (
        make_flights().head(len(told)).assign(origin_id=["EWR", "JFK", "EWR", "JFK", "EWR"][: len(told)])
    )
    return assemble(flights, told, told if baseline is None else baseline, lineage, project().subject, kind)


def test_ranks_are_those_of_each_group(kind: Kind) -> None:
    subject = project().subject
    rows = make_night(kind, np.array([5.0, 9.0, 7.0, 8.0, 6.0]))
    assert rows[["origin_id", "rank", "score"]].to_numpy().tolist() == [
        ["EWR", 1, 7.0],
        ["JFK", 1, 9.0],
        ["EWR", 2, 6.0],
        ["JFK", 2, 8.0],
        ["EWR", 3, 5.0],
    ]
    typed = rows.assign(scheduled_rows=5, night=pd.Timestamp(NIGHT))
    checked = derive_predictions(typed, subject, kind)
    assert checked[["rank_error", "rank_beyond_rows"]].to_numpy().max() == 0
    assert set(checked["orders"]) == {2}
    wrong = derive_predictions(typed.assign(rank=[1, 2, 3, 4, 5]), subject, kind)
    assert wrong["rank_error"].tolist() == [0, 1, 1, 2, 2]
    assert wrong["rank_beyond_rows"].tolist() == [0, 0, 0, 2, 2]


def test_equal_scores_of_a_group_are_ranked_by_key(kind: Kind) -> None:
    rows = make_night(kind, np.zeros(5))
    for _, own in rows.groupby("origin_id"):
        assert own.sort_values("rank")["flight_id"].is_monotonic_increasing


def test_consumers_get_what_mixes_two_orders(kind: Kind) -> None:
    found = describe_columns(project().subject, kind, "lost")
    assert {"score", "baseline_score", "rank", "origin_id"} <= set(found)
    assert found["rank"][1] == (
        "1 is the flight of the night, of those with the same origin_id, with the highest score."
    )
    assert found["outcome"][0] == "number"


def test_only_the_head_of_an_order_promises_something(kind: Kind) -> None:
    assert judge_outcome({"rank": CUT}, 3.0, kind)["result"] == "hit"
    assert judge_outcome({"rank": 1}, 0.0, kind)["result"] == "miss"
    assert judge_outcome({"rank": CUT + 1}, 0.0, kind)["result"] is None
    assert judge_outcome({"rank": 1}, None, kind)["result"] is None


@pytest.mark.parametrize("name", ["heuristic", "logistic", "xgboost"])
def test_effects_of_inputs_add_up_to_the_score(fitted, kind: Kind, name: str) -> None:
    model = fitted[name]
    for position in range(4):
        row = make_rows(7).frame.iloc[[position]].reset_index(drop=True)
        measure = kind.choose_amount(model, row)
        found = contributions(measure, row, INPUTS)
        (amount,), (ignorant,) = measure(row), measure(row.assign(**NOTHING_KNOWN))
        assert sum(each.effect for each in found) == pytest.approx(amount - ignorant, abs=1e-9)


def judge_pair(kind: Kind, ours: np.ndarray, theirs: np.ndarray, rows: Examples) -> dict[str, Any]:
    frame = rows.frame.assign(night=np.datetime64("2013-03-01") + np.arange(len(rows.labels)) % 28)
    one, other = (kind.score_frame(frame, rows.labels, each, frame["night"]) for each in (ours, theirs))
    base = kind.learn_base(rows.labels)
    report = judge(
        GateInput("candidate", one, date(2013, 2, 20), before=one, base=base),
        GateInput("champion", other, date(2013, 2, 20), before=other),
        Window(date(2013, 3, 1), date(2013, 3, 28)),
        kind,
        groups={
            name: frame[name].fillna("none").to_numpy(dtype=object) for name in kind.spec.gates.slices.columns
        },
    )
    return {str(each.gate): each for each in report.results}


def test_gates_prefer_the_better_order_and_refuse_what_harms(fitted, kind: Kind) -> None:
    rows = make_rows(11, 5600)
    good, poor = (fitted[name].predict(rows.frame) for name in ("xgboost", "heuristic"))
    found = judge_pair(kind, good, poor, rows)
    assert not {"ranking", "calibration"} & set(found)
    for gate in ("sample", "spread", "base_rate", "improvement", "consistency", "slices", "plausibility"):
        assert found[gate].is_passed, found[gate].reason
    assert "a random order" in found["base_rate"].reason
    random = np.random.default_rng(3)
    harmful = {
        "turned": (-good, "base_rate"),
        "shuffled": (random.permutation(good), "improvement"),
        "alike": (np.full_like(good, 2.0), "spread"),
        "knowing": (rows.labels + 1e-3 * good, "plausibility"),
        "worse": (good + 3 * good.std() * random.normal(size=len(good)), "improvement"),
        "worse in one airport": (np.where(rows.frame["origin_id"] == "JFK", -good, good), "slices"),
    }
    for name, (scores, gate) in harmful.items():
        assert not judge_pair(kind, scores, good, rows)[gate].is_passed, name


def test_scores_on_another_scale_are_the_same_order(fitted, kind: Kind) -> None:
    rows = make_rows(11, 5600)
    good = fitted["xgboost"].predict(rows.frame)
    shifted = np.exp(good) + 10.0 * (rows.frame["origin_id"] == "EWR").to_numpy()
    found = judge_pair(kind, shifted, good, rows)
    assert found["improvement"].value == pytest.approx(0)


def test_pages_show_heads_nights_and_slices(kind: Kind) -> None:
    rows = make_rows(4, 400)
    frame = rows.frame.assign(
        label=rows.labels, score=rows.labels + np.arange(400) % 3, baseline_score=np.arange(400.0) % 7
    )
    heads, ndcg, caught, slices = kind.show_matured(frame, [Cut("origin", "EWR", [0, 3, 5, 7, 41, 42])])
    assert isinstance(heads, Table)
    counts, own, other, chance = zip(*heads.rows, strict=True)
    assert counts == (1, 2, 5, 10, 20)
    assert all(one > max(two, three) for one, two, three in zip(own[:3], other[:3], chance[:3], strict=True))
    for picture in (ndcg, caught):
        assert isinstance(picture, Picture)
        assert len(picture.x) == 10
    assert isinstance(slices, Table)
    assert slices.rows[0][:3] == ("origin", "EWR", 6)
    assert kind.charted == {
        "ndcg_loss": "NDCG loss, lower is better",
        "ndcg": "NDCG, higher is better",
        "caught": "Share caught by the head, higher is better",
    }


def test_the_drift_of_scores_is_measured(kind: Kind) -> None:
    assert kind.told == ("score", True)
    assert (
        kind.make_constant(kind.learn_base(np.array([1.0, 3.0]))).predict(make_rows(1, 40).frame).tolist()
        == [2.0] * 40
    )
    assert kind.spec.target.column == COLUMN
