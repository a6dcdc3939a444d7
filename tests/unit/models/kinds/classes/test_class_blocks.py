"""What pages show of probabilities of classes, against counting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from made_classes import CLASSES, make_nights

from redeye.models.kinds.classes.class_blocks import DRAWN, show_classes
from redeye.models.logic.blocks import Cut, Picture, Shares, Table

SCORED, BASELINE = make_nights(3, nights=10, rows=80, blur=0.3)
ODD = list(range(1, 800, 2))
CALIBRATION, CLASSES_TABLE, CONFUSION, *PICTURES, SLICES = show_classes(
    SCORED, BASELINE, [Cut("carrier", "AA", ODD)]
)


def test_the_likeliest_class_came_about_as_often_as_was_said() -> None:
    assert isinstance(CALIBRATION, Shares)
    assert sum(rows for *_, rows in CALIBRATION.bins) == 800
    assert all(one[0] < other[0] for one, other in pairwise(CALIBRATION.bins))
    hits = sum(observed * rows for _, observed, rows in CALIBRATION.bins) / 800
    assert hits == pytest.approx(SCORED.measure("accuracy"))


def test_each_class_is_counted() -> None:
    assert isinstance(CLASSES_TABLE, Table)
    assert isinstance(CONFUSION, Table)
    assert [row[0] for row in CLASSES_TABLE.rows] == list(CLASSES)
    counted = np.array([row[1:] for row in CONFUSION.rows], dtype=int)
    assert counted.sum() == 800
    assert [row[1] for row in CLASSES_TABLE.rows] == counted.sum(axis=1).tolist()
    late = CLASSES_TABLE.rows[2]
    assert late[5] == pytest.approx(counted[2, 2] / counted[2].sum())
    assert late[6] == pytest.approx(counted[2, 2] / counted[:, 2].sum())
    errors = [row[7] for row in CLASSES_TABLE.rows]
    assert np.mean(errors) == pytest.approx(SCORED.measure("calibration_error"))
    assert all(len(row) == len(CLASSES_TABLE.columns) for row in CLASSES_TABLE.rows)


def test_a_class_that_never_came_has_no_share_of_what_came() -> None:
    told = np.tile([0.7, 0.1, 0.1, 0.1], (10, 1))
    once = SCORED.like(np.ones(10), told, np.datetime64("2013-01-01") + np.arange(10))
    table = show_classes(once, once, [])[1]
    assert isinstance(table, Table)
    assert table.rows[0][5] is None
    assert table.rows[1][6] is None


def test_shares_are_drawn_by_night() -> None:
    assert len(PICTURES) == min(DRAWN, len(CLASSES))
    for place, picture in enumerate(PICTURES):
        assert isinstance(picture, Picture)
        assert CLASSES[place] in picture.title
        assert len(picture.x) == 10
        assert np.mean(picture.lines["came"]) == pytest.approx((SCORED.labels == place).mean())
        assert np.mean(picture.lines["predicted"]) == pytest.approx(SCORED.predictions[:, place].mean())


def test_a_slice_is_measured_beside_the_heuristic() -> None:
    assert isinstance(SLICES, Table)
    (row,) = SLICES.rows
    is_odd = np.isin(np.arange(800), ODD)
    own, other = SCORED.where(is_odd), BASELINE.where(is_odd)
    assert row[:3] == ("carrier", "AA", 400)
    assert row[3:] == pytest.approx(
        [
            *(each.measure("accuracy") for each in (own, other)),
            *(each.measure("log_loss") for each in (own, other)),
            own.measure("calibration_error"),
        ]
    )
    assert len(row) == len(SLICES.columns)
