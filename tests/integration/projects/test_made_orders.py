"""A model of a project that nobody has seen, of which rows come first in their place, by declarations alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_damages import CUT, GROUP
from made_projects import MadeProject

from redeye.models.kinds.orders.order_models import number_groups
from redeye.models.kinds.orders.scored_orders import ScoredOrders


@pytest.fixture(scope="module")
def damage(played_project: dict[str, Any]) -> dict[str, Any]:
    model = played_project["damage"]["model"]
    return {**played_project["damage"], "trained": played_project["trained"][model]}


def test_a_learner_replaces_the_means_by_gates_of_its_own(damage: dict[str, Any]) -> None:
    assert damage["trained"]["is_promoted"], damage["trained"]["reason"]
    assert damage["trained"]["algorithm"].startswith("ranking_")
    gates = {each["gate"]: each for each in damage["gates"]}
    assert all(each["is_passed"] for each in gates.values())
    assert {"plausibility", "improvement", "base_rate"} <= set(gates)
    assert "random order" in gates["base_rate"]["reason"]
    assert "NDCG" in damage["card"]


def test_its_orders_are_near_the_best_there_can_be(
    damage: dict[str, Any], made_project: tuple[Path, MadeProject]
) -> None:
    rows = made_project[1].rows.set_index("number")
    found = pd.DataFrame(damage["rows"])
    true = rows.loc[found.iloc[:, found.columns.get_loc("night") + 1]]
    expected = (true["chance"] * true["size"]).to_numpy()
    groups, nights = number_groups(found, (GROUP,)), ["2026-03-01"] * len(found)
    # Against what is to be expected: outcomes of 40 rows would say little.
    own = ScoredOrders(expected, found["score"].astype(float), nights, groups, CUT)
    assert own.measure("relative_ndcg_loss") < 0.4


def test_its_nights_are_sound_and_judged(damage: dict[str, Any]) -> None:
    for night in damage["nights"]:
        assert not night["is_degraded"], night["degraded_reason"]
        assert night["verdict"] in ("ok", "warning")
        assert not any("failed" in reason for reason in night["reasons"])
    assert damage["metrics"] == ["caught", "ndcg", "ndcg_loss"]
    assert set(damage["drift"]) == {"score"}
    assert {"ndcg_loss_rise", "caught_drop"} <= set(damage["statistics"])
    assert damage["outcomes"][0] == 0 < damage["outcomes"][1]


def test_consumers_get_a_rank_in_each_place_and_both_scores(damage: dict[str, Any]) -> None:
    begin = damage["columns"].index("score")
    assert damage["columns"][begin : begin + 3] == ["score", "baseline_score", "rank"]
    found = pd.DataFrame(damage["rows"]).astype({"score": float, "rank": int})
    assert len(found) == 40
    for _, own in found.groupby(GROUP):
        assert sorted(own["rank"]) == list(range(1, len(own) + 1))
        assert np.all(np.diff(own.sort_values("rank")["score"]) <= 0)
    assert damage["exported"] == damage["listed"] == sorted(found["rank"])
    assert Counter(damage["exported"])[1] == found[GROUP].nunique() > 1


def test_a_prediction_is_explained_and_computed_again(damage: dict[str, Any]) -> None:
    assert damage["explained"]
    assert damage["reproduced"] == [True] * len(damage["reproduced"])


def test_pages_have_what_matured(damage: dict[str, Any]) -> None:
    assert damage["blocks"] == ["Table", "Picture", "Picture", "Table"]


def test_whatever_fails_somebody_ranks_and_it_is_taken_back(damage: dict[str, Any]) -> None:
    assert damage["degraded"]["is_degraded"]
    assert damage["version"] == 1
