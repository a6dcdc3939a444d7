"""The pictures of a training run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from redeye.models.logic.evaluation import Scored
from redeye.promotion.training_plots import draw_quality, precision_recall


def scored(labels: list[int], predictions: list[float]) -> Scored:
    return Scored(labels, predictions, np.full(len(labels), "2013-01-01", dtype="datetime64[D]"))


def test_precision_begins_where_the_first_positive_is_found():
    recall, precision = precision_recall(scored([0, 1, 0, 1], [0.9, 0.8, 0.7, 0.6]))
    assert recall == pytest.approx([0.5, 0.5, 1.0])
    assert precision == pytest.approx([0.5, 1 / 3, 0.5])


def test_equal_probabilities_enter_together():
    recall, precision = precision_recall(scored([0, 1, 1, 0], [0.5, 0.5, 0.5, 0.1]))
    assert recall == pytest.approx([1.0, 1.0])
    assert precision == pytest.approx([2 / 3, 0.5])


def test_every_picture_is_drawn(tmp_path: Path):
    draw_quality(
        tmp_path, {"candidate (xgboost)": scored([0, 1, 0, 1], [0.2, 0.8, 0.3, 0.6])}, {"a": 1.0, "b": 2.0}
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"roc.png", "precision_recall.png", "calibration.png", "importance.png"}
