"""A model is the same only if no row, key or column of it is otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redeye.review.logic.model_diff import ColumnDiff, Histogram, ModelDiff, Origin

SAME = ModelDiff(
    "features.feat_origin__evening", Origin.CHANGED, ("night",), columns=(ColumnDiff("flights", ""),)
)


@pytest.mark.parametrize(
    "change",
    [
        {"keys_added": 1},
        {"keys_lost": 1},
        {"columns": (ColumnDiff("flights", "values", rows=1),)},
        {"columns": (ColumnDiff("flights", "type"),)},
        {"origin": Origin.NEW},
        {"origin": Origin.REMOVED},
    ],
)
def test_any_change_makes_a_model_another(change: dict[str, object]) -> None:
    assert SAME.is_same
    assert not replace(SAME, **change).is_same  # type: ignore[arg-type]


def test_a_shift_is_the_share_of_rows_in_another_bin() -> None:
    assert Histogram(("a", "b"), (0.5, 0.5), (0.25, 0.75)).shift == pytest.approx(0.25)
