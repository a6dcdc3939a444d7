"""Where the heuristic served, nothing is said of a champion beside it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from redeye.champions.logic.promotions import Promotion
from redeye.operations.model_status import average_metrics, omit_heuristic

NIGHT = date(2013, 4, 1)


def promote(version: int, algorithm: str) -> Promotion:
    return Promotion(version, "m", version, algorithm, "", "", "", NIGHT, NIGHT, "", {}, "", "")


def row(number: int, version: int, champion: float) -> dict[str, Any]:
    night = NIGHT + timedelta(days=number)
    return {
        "night": night,
        "metric": "auc",
        "champion": champion,
        "heuristic": 0.7,
        "rows": 10,
        "model_version": version,
    }


def test_nights_of_the_heuristic_are_in_no_mean_of_the_champion() -> None:
    rows = [row(0, 1, 0.7), row(1, 2, 0.8), row(2, 2, 0.9)]
    found = omit_heuristic(rows, [promote(1, "heuristic"), promote(2, "xgboost")])
    assert [each["champion"] for each in found] == [None, 0.8, 0.9]
    assert average_metrics(found)["auc"]["champion"] == pytest.approx(0.85)


def test_a_night_of_the_heuristic_alone_has_no_mean() -> None:
    assert average_metrics(omit_heuristic([row(0, 1, 0.7)], [promote(1, "heuristic")])) == {}
