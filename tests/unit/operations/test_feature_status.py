"""The features of a model over nights, the farthest from what was learned first."""

from __future__ import annotations

from datetime import date
from typing import Any

from redeye.operations.feature_status import FeatureNights, read_features
from redeye.scoring.outputs_reader import OutputsReader, Row

NIGHT = date(2013, 4, 4)


class Made(OutputsReader):
    """With three features: one near, one far, one of before quality was recorded."""

    def feature_quality(self, model: str, first: date, last: date) -> list[Row]:
        return [{"column_name": name, "night": NIGHT, "null_share": 0.0} for name in ("near", "far", "new")]

    def drift_of_features(self, *asked: Any) -> list[Row]:
        distances = {"near": (0.1, 0.2), "far": (0.5, 0.2), "old": (None, 0.2)}
        return [
            {"column_name": name, "night": NIGHT, "value": value, "threshold": threshold}
            for name, (value, threshold) in distances.items()
        ]


def test_the_farthest_comes_first_and_what_was_not_measured_last() -> None:
    found = read_features(Made(), "delay", NIGHT)
    assert [(each.name, each.excess) for each in found] == [
        ("far", 2.5),
        ("near", 0.5),
        ("new", None),
        ("old", None),
    ]
    assert found[-1].last is None


def test_without_a_threshold_nothing_is_exceeded() -> None:
    assert FeatureNights("a", (), [{"value": 1.0, "threshold": None}]).excess is None
