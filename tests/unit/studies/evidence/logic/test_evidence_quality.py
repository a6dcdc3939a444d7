"""What the walk through the months says: values with intervals, differences on the same rows, and what is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.studies.evidence.logic import evidence_quality
from redeye.studies.evidence.logic.evidence_quality import CHOSEN, POOLED

MONTHS = {"2013-04": "sharp", "2013-05": "heuristic"}


def made_month(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = 600
    signal = random.normal(size=rows)
    late = random.random(rows) < 1 / (1 + np.exp(1.2 - 1.5 * signal))
    return pd.DataFrame(
        {
            "night": np.repeat(pd.date_range(f"2013-0{seed}-01", periods=20), rows // 20),
            "label": late.astype(float),
            "heuristic": np.full(rows, late.mean()),
            "sharp": 1 / (1 + np.exp(1.2 - 1.5 * signal)),
        }
    )


@pytest.fixture(scope="module")
def quality() -> pd.DataFrame:
    predictions = {month: made_month(int(month[-1])) for month in MONTHS}
    return evidence_quality.measure_quality(predictions, MONTHS)


def test_every_month_and_all_of_them_have_every_algorithm_and_the_chosen_one(quality: pd.DataFrame):
    assert list(quality["month"].unique()) == [*MONTHS, POOLED]
    assert set(quality["algorithm"]) == {"heuristic", "sharp", CHOSEN}
    rows = quality.groupby("month")["rows"].first()
    assert rows[POOLED] == rows[list(MONTHS)].sum() == 1200


def test_what_is_chosen_is_judged_by_the_algorithm_of_its_month(quality: pd.DataFrame):
    own = quality[(quality["against"] == "") & (quality["metric"] == "log_loss")]
    values = own.set_index(["month", "algorithm"])["value"]
    for month, algorithm in MONTHS.items():
        assert values[month, CHOSEN] == values[month, algorithm]


def test_a_difference_is_positive_where_the_algorithm_is_better_and_lies_within_its_bounds(
    quality: pd.DataFrame,
):
    better = quality[(quality["algorithm"] == "sharp") & (quality["against"] == "heuristic")]
    better = better[better["metric"].isin(["auc", "log_loss"])]
    assert (better["value"] > 0).all()
    assert (better["lower"] <= better["value"]).all()
    assert (better["value"] <= better["upper"]).all()
    plain = quality[quality["against"] == ""].set_index(["month", "algorithm", "metric"])["value"]
    row = better.set_index(["month", "metric"])["value"]
    assert row["2013-04", "log_loss"] == pytest.approx(
        plain["2013-04", "heuristic", "log_loss"] - plain["2013-04", "sharp", "log_loss"]
    )


def test_nothing_is_held_against_itself(quality: pd.DataFrame):
    assert not (quality["algorithm"] == quality["against"]).any()


def test_a_month_is_better_worse_or_open_by_where_its_interval_lies():
    rows = pd.DataFrame(
        {
            "month": ["a", "b", "c", "d", POOLED],
            "algorithm": "x",
            "against": "y",
            "metric": "auc",
            "lower": [0.1, -0.3, -0.1, 0.0, 0.1],
            "upper": [0.2, -0.1, 0.1, 0.2, 0.2],
        }
    )
    found = evidence_quality.find_significant_months(rows, "x", "y", "auc")
    assert found == {"better": ["a"], "worse": ["b"], "open": ["c", "d"]}
