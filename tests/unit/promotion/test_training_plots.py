"""The pictures of a training run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.kinds.scored_quantiles import ScoredQuantiles
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gate_report import Gate, GateReport, GateResult
from redeye.promotion.logic.slices import Part
from redeye.promotion.training_plots import draw_quality, draw_slices


def scored(labels: list[int], predictions: list[float]) -> ScoredProbabilities:
    return ScoredProbabilities(labels, predictions, np.full(len(labels), "2013-01-01", dtype="datetime64[D]"))


def test_precision_begins_where_the_first_positive_is_found():
    recall, precision = scored([0, 1, 0, 1], [0.9, 0.8, 0.7, 0.6]).trace_precision()
    assert recall == pytest.approx([0.5, 0.5, 1.0])
    assert precision == pytest.approx([0.5, 1 / 3, 0.5])


def test_equal_probabilities_enter_together():
    recall, precision = scored([0, 1, 1, 0], [0.5, 0.5, 0.5, 0.1]).trace_precision()
    assert recall == pytest.approx([1.0, 1.0])
    assert precision == pytest.approx([2 / 3, 0.5])


def test_every_picture_is_drawn(tmp_path: Path):
    draw_quality(
        tmp_path, {"candidate (xgboost)": scored([0, 1, 0, 1], [0.2, 0.8, 0.3, 0.6])}, {"a": 1.0, "b": 2.0}
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"roc.png", "precision_recall.png", "calibration.png", "importance.png"}


@pytest.mark.parametrize(
    ("parts", "files"), [((), set()), ((Part("origin=A", 100, 0.01, 0.02),), {"slices.png"})]
)
def test_slices_are_drawn_where_there_are_any(tmp_path: Path, parts: tuple[Part, ...], files: set[str]):
    result = GateResult(Gate.SLICES, True, 0.01, -0.02, "fine", parts)
    draw_slices(tmp_path, GateReport(Window(date(2013, 1, 1), date(2013, 1, 14)), (result,)), "pinball loss")
    assert {path.name for path in tmp_path.iterdir()} == files


def test_numbers_between_bounds_have_pictures_of_their_own(tmp_path: Path):
    random = np.random.default_rng(1)
    nights = np.datetime64("2013-01-01") + np.arange(60) // 20
    labels = random.normal(size=60)
    told = ScoredQuantiles(labels, np.tile([0.0, -1.0, 1.0], (60, 1)), nights, (0.1, 0.5, 0.9))
    curves = told.draw_curves()
    assert curves["coverage"].y[0] == pytest.approx((np.abs(labels[:20]) <= 1).mean())
    assert curves["residuals"].y[49] == pytest.approx(np.median(labels))
    draw_quality(tmp_path, {"candidate": told, "champion": told}, {"a": 1.0})
    names = {path.stem for path in tmp_path.iterdir()}
    assert names == {"values", "calibration", "coverage", "width", "residuals", "importance"}
