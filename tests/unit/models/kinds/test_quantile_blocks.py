"""What a page shows of numbers between bounds, against what pandas finds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from delay_minutes import make_spec

from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.blocks import Cut, Form, Picture, Table

NIGHTS, PER_NIGHT = 14, 80


@pytest.fixture(scope="module")
def kind(tmp_path_factory: pytest.TempPathFactory) -> Kind:
    return find_kind(make_spec(tmp_path_factory.mktemp("spec")))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    random = np.random.default_rng(4)
    value = np.rint(random.normal(10, 6, NIGHTS * PER_NIGHT))
    return pd.DataFrame(
        {
            "night": np.repeat(pd.date_range("2013-03-01", periods=NIGHTS), PER_NIGHT),
            "label": np.rint(value + random.normal(0, 8, value.size)),
            "carrier": random.choice(["AA", "B6"], value.size),
            "value": value,
            "lower": value - 10,
            "upper": value + 10,
            "baseline_value": 10.0,
            "baseline_lower": -5.0,
            "baseline_upper": 25.0,
        }
    )


@pytest.fixture(scope="module")
def blocks(kind: Kind, rows: pd.DataFrame) -> dict[str, Picture | Table]:
    cuts = [Cut("carrier", name, own.tolist()) for name, own in rows.groupby("carrier").indices.items()]
    return {getattr(each, "title", "slices"): each for each in kind.show_matured(rows, cuts)}


def test_the_share_of_labels_up_to_each_quantile_stands_beside_what_is_promised(blocks, rows) -> None:
    shown = blocks["Labels up to each quantile"]
    found = [float((rows["label"] <= rows[name]).mean()) for name in ("lower", "value", "upper")]
    assert shown.lines["labels"] == pytest.approx(found)
    assert shown.references["as promised"] == [0.1, 0.5, 0.9] == list(shown.x)
    for low, share, high in zip(
        shown.references["lower bound"], found, shown.references["upper bound"], strict=True
    ):
        assert low < share < high


def test_coverage_width_and_residuals_are_those_of_each_night(blocks, rows) -> None:
    by_night = rows.groupby("night")
    within = rows["label"].between(rows["lower"], rows["upper"]).groupby(rows["night"]).mean()
    coverage = blocks["Labels within the bounds, by night"]
    assert coverage.x[0] == date(2013, 3, 1)
    assert coverage.lines["labels"] == pytest.approx(within.tolist())
    assert coverage.references["as promised"] == pytest.approx([0.8] * NIGHTS)
    assert blocks["Distance of the bounds, by night"].lines["mean width"] == [20.0] * NIGHTS
    residuals = blocks["Label less the predicted number, by night"]
    found = by_night.apply(lambda own: (own["label"] - own["value"]).quantile(0.9), include_groups=False)
    assert residuals.references["90% of the labels"] == pytest.approx(found.tolist())
    assert list(residuals.lines) == ["50% of the labels"]


def test_predicted_and_observed_are_means_of_tenths(blocks, rows) -> None:
    shown = blocks["Predicted and observed, by tenths of the predicted number"]
    assert len(shown.x) == 10
    order = rows["value"].argsort(kind="stable")
    assert shown.lines["mean label"][0] == pytest.approx(rows["label"].iloc[order[: len(rows) // 10]].mean())


def test_slices_have_loss_coverage_and_bias(blocks, rows) -> None:
    table = blocks["slices"]
    assert [title for title, _ in table.columns][3:] == [
        "Pinball loss",
        "Heuristic",
        "Within the bounds, of 80%",
        "Up to the number, of 50%",
        "Above the label by",
    ]
    own = rows[rows["carrier"] == "AA"]
    by, value, count, loss, baseline, coverage, middle, bias = table.rows[0]
    assert (by, value, count) == ("carrier", "AA", len(own))
    assert 0 < loss < baseline
    assert bias == pytest.approx((own["value"] - own["label"]).mean())
    assert coverage.startswith(f"{own['label'].between(own['lower'], own['upper']).mean():.1%} (")
    assert middle.startswith(f"{(own['label'] <= own['value']).mean():.1%} (")
    assert {form for _, form in table.columns} == {Form.TEXT, Form.COUNT, Form.NUMBER}


def test_one_night_of_labels_that_are_all_the_same_is_shown(kind: Kind, rows: pd.DataFrame) -> None:
    one = rows.head(PER_NIGHT).assign(label=0.0)
    calibration, *_, table = kind.show_matured(one, [Cut("carrier", "all", list(range(PER_NIGHT)))])
    assert calibration.references["lower bound"] == [None] * 3
    assert "too few nights" in table.rows[0][5]
