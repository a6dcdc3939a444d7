"""What becomes of a version's predictions, told in the loss and the unit of their kind."""

from __future__ import annotations

from pathlib import Path

import delay_minutes
import made_classes
import pytest
from made_rows import SPEC

from redeye.champions.logic.readers import Reader
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.impact_moves import ColumnMove, ScoreDiff

READER = Reader("some", 3, "champion", "xgboost", "some_v1", frozenset({"x"}))


def make_diff(spec: Spec, *columns: ColumnMove, gained: Interval | None = None) -> ScoreDiff:
    return ScoreDiff(READER, Measures.of(find_kind(spec)), 7, 700, 70, 90, 9, columns, None, None, gained)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("one probability", "log loss gained 2.0000 (1.5000 to 3.0000)"),
        ("numbers", "pinball loss gained 2.000 (1.500 to 3.000)"),
        ("classes", "log loss gained 2.0000 (1.5000 to 3.0000)"),
    ],
)
def test_a_gain_is_told_in_the_loss_of_the_kind(kind: str, told: str, tmp_path: Path) -> None:
    spec = {
        "one probability": lambda: SPEC,
        "numbers": lambda: delay_minutes.make_spec(tmp_path),
        "classes": lambda: made_classes.make_spec(tmp_path),
    }[kind]()
    assert str(make_diff(spec, gained=Interval(2.0, 1.5, 3.0))) == (
        "with the change some version 3 (xgboost, champion) gives another score to 9 of 90 rows of the coming day and "
        f"to 70 of 700 of the last 7 nights: better, {told}"
    )
    assert str(make_diff(spec)).endswith("of the last 7 nights")
    assert make_diff(spec, gained=Interval(-2.0, -3.0, -1.5)).is_worse
    assert "not significantly other" in str(make_diff(spec, gained=Interval(1.0, -1.0, 3.0)))


def test_the_largest_move_is_that_of_any_column_and_words_have_none() -> None:
    columns = ColumnMove("Lower", 3, 0.2), ColumnMove("Upper", 4, 0.7), ColumnMove("Likeliest", 2)
    assert make_diff(SPEC, *columns).largest == 0.7
    assert make_diff(SPEC, ColumnMove("Likeliest", 2)).largest == 0.0
