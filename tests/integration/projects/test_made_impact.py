"""An edited feature of a project that nobody has seen is told with the columns and the loss of each model's kind."""

from __future__ import annotations

from typing import Any

import pytest
from made_bills import COLUMNS as BILL
from made_fates import COLUMNS as FATE
from made_fates import FATES


@pytest.fixture(scope="module")
def impact(played_project: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = played_project["impact"]
    # Which noun a model's name begins with, the seed says.
    for part in ("scores", "gains"):
        found[part] = {name.rpartition("_")[2]: each for name, each in found[part].items()}
    return found


def test_a_score_moves_if_any_of_its_numbers_does(impact: dict[str, Any]) -> None:
    assert impact["verdict"] == "breaks"
    titles = {"failed": ["Probability"], "bill": ["Value", "Lower", "Upper"], "fate": [*FATES, "Likeliest"]}
    for model, own in titles.items():
        score = impact["scores"][model]
        assert [each["title"] for each in score["columns"]] == own
        moved = [each["moved"] for each in score["columns"]]
        assert 0 < max(moved) <= score["moved"] <= score["rows"] == 28 * 40
        assert score["old"] != score["new"]
        assert score["difference"]
    # The classes come before what is said in words of them, which changes less often.
    *classes, likeliest = impact["scores"]["fate"]["columns"]
    assert likeliest["moved"] < min(each["moved"] for each in classes)
    assert sum(each["mean_new"] for each in classes) == pytest.approx(1)


def test_each_kind_is_judged_by_its_own_loss(impact: dict[str, Any]) -> None:
    losses = {"failed": "log loss", "bill": "pinball loss", "fate": "log loss"}
    for model, loss in losses.items():
        assert impact["scores"][model]["measures"]["loss"] == loss
        gain = impact["gains"][model]
        assert gain["measures"]["loss"] == loss
        assert gain["old"] != gain["new"]
        assert gain["gain"]
    # Minutes of an hour are no share: in the label's unit a quantile of eighty or so is off by more than one.
    assert impact["gains"]["bill"]["old"] > 1
    assert impact["untrained"] == []
    assert any("pinball loss gained" in reason for reason in impact["reasons"])


def test_consumers_and_the_page_have_the_columns_of_each_kind(impact: dict[str, Any]) -> None:
    served = [name.rpartition(" of ")[0] for name in impact["consumers"]]
    assert {
        "probability, rank",
        ", ".join((*BILL, "rank")),
        ", ".join(("predicted_class", *FATE, "rank")),
    } <= set(served)
    assert "| Upper | " in impact["page"]
    assert "| heavy | " in impact["page"]
    assert "pinball loss gained is on mature labels" in impact["page"]
