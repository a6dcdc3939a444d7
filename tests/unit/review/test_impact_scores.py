"""What moves in predictions that are several numbers a row."""

from __future__ import annotations

from pathlib import Path

import delay_minutes
import made_classes
import numpy as np
import pytest
from made_rows import SPEC

from redeye.models.kinds.interface import find_kind
from redeye.review.impact_scores import compare_columns
from redeye.review.logic.impact_moves import ColumnMove


def test_each_number_of_a_regression_moves_by_itself(tmp_path: Path) -> None:
    before = np.array([[10.0, 5.0, 20.0], [12.0, 6.0, 30.0], [15.0, 7.0, 40.0]])
    after = before + np.array([[0.0, 0.0, 8.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.05]])
    value, lower, upper = compare_columns(find_kind(delay_minutes.make_spec(tmp_path)), before, after, 0.1)
    assert value == ColumnMove("Value", 0, 0.0, before[:, 0].mean(), before[:, 0].mean(), 1.0)
    assert (lower.title, lower.moved, lower.largest) == ("Lower", 1, 1.0)
    assert (upper.title, upper.moved, upper.largest) == ("Upper", 1, 8.0)
    assert upper.mean_old == pytest.approx(30)
    assert upper.mean_new == pytest.approx(30 + 8.05 / 3)


def test_each_class_is_told_by_its_name_and_the_likeliest_in_words(tmp_path: Path) -> None:
    before = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.3, 0.2]])
    after = np.array([[0.1, 0.2, 0.4, 0.3], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.3, 0.2]])
    *classes, likeliest = compare_columns(
        find_kind(made_classes.make_spec(tmp_path)), before, after, threshold=0.001
    )
    assert [(each.title, each.moved) for each in classes] == [
        ("cancelled", 0),
        ("on time", 0),
        ("late", 1),
        ("very late", 1),
    ]
    assert likeliest == ColumnMove("Likeliest", 1)


def test_one_probability_is_one_column_and_no_rows_move_nothing() -> None:
    kind = find_kind(SPEC)
    (one,) = compare_columns(kind, np.array([0.1, 0.3]), np.array([0.4, 0.2]), 0.001)
    assert (one.title, one.moved, one.rank_correlation) == ("Probability", 2, pytest.approx(-1))
    assert list(compare_columns(kind, np.empty(0), np.empty(0), 0.001)) == [ColumnMove("Probability", 0)]
