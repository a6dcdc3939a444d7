from __future__ import annotations

from datetime import date

import delay_minutes
import made_classes
import pytest
from prediction_frames import KIND

from redeye.models.kinds.interface import find_kind
from redeye.models.logic.blocks import Picture, Shares, Table
from redeye.scoring.logic.outcomes import judge, show_outcomes, summarize_outcomes

NIGHT = date(2013, 4, 4)


@pytest.mark.parametrize(
    ("probability", "outcome", "result"),
    [(0.5, True, "hit"), (0.5, False, "miss"), (0.4, True, "miss"), (0.4, False, "hit"), (0.4, None, None)],
)
def test_a_prediction_is_a_hit_on_the_outcomes_side_of_one_half(probability, outcome, result):
    found = judge({"probability": probability}, outcome, KIND)
    assert (found["outcome"], found["result"]) == (outcome, result)


def test_a_night_is_summed_up_by_what_was_said_and_what_came():
    came = [(0.9, True), (0.8, False), (0.5, True), (0.4, True), (0.2, False), (0.1, False), (0.7, None)]
    found = summarize_outcomes(
        [judge({"probability": probability, "night": NIGHT}, outcome, KIND) for probability, outcome in came]
    )
    assert (found.rows, found.known, found.hits, found.positives) == (7, 6, 4, 3)
    assert found.counts == {(True, True): 2, (True, False): 1, (False, True): 1, (False, False): 2}
    assert [each.mean_prediction for each in found.bins] == [0.1, 0.2, 0.4, 0.5, 0.8, 0.9]
    assert sum(each.rows * each.observed_rate for each in found.bins) == pytest.approx(3)


def test_a_night_without_outcomes_has_no_bins():
    found = summarize_outcomes([judge({"probability": 0.2, "night": NIGHT}, None, KIND)])
    assert (found.rows, found.known, found.hits, found.bins) == (1, 0, 0, ())


def make_night(kind, told):
    """Rows of one night, each with the same from the model and from the heuristic."""
    return [
        {
            "id": place,
            "night": NIGHT,
            **dict(zip(kind.columns, values, strict=True)),
            **dict(zip(kind.baseline_columns, values, strict=True)),
        }
        for place, values in enumerate(told)
    ]


def test_a_night_of_numbers_shows_how_often_its_bounds_held_and_nothing_by_night(tmp_path):
    kind = find_kind(delay_minutes.make_spec(tmp_path))
    rows = make_night(kind, [(10.0, 5.0, 20.0), (12.0, 6.0, 30.0), (15.0, 7.0, 40.0), (1.0, 0.0, 2.0)])
    shown = show_outcomes(rows, {0: 11.0, 1: 31.0, 2: 7.0}, "id", kind)
    assert [(type(block), block.title) for block in shown] == [
        (Picture, "Labels up to each quantile"),
        (Picture, "Predicted and observed, by tenths of the predicted number"),
    ]
    # The last row has no label yet; of the others one lies on its lower bound, one above its upper.
    assert shown[0].lines["labels"] == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert show_outcomes(rows, {}, "id", kind) == ()


def test_a_night_of_classes_shows_what_came_of_what_was_said(tmp_path):
    kind = find_kind(made_classes.make_spec(tmp_path))
    rows = make_night(kind, [(0.7, 0.1, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1), (0.6, 0.2, 0.1, 0.1)])
    shares, classes, confusion = show_outcomes(rows, {0: 0.0, 1: 1.0, 2: 3.0}, "id", kind)
    assert isinstance(shares, Shares)
    assert isinstance(classes, Table)
    assert [row[:2] for row in classes.rows] == [
        ("cancelled", 1),
        ("on time", 1),
        ("late", 0),
        ("very late", 1),
    ]
    assert confusion.rows[3] == ("very late", 1, 0, 0, 0)


def test_rows_that_lack_a_number_are_left_out(tmp_path):
    kind = find_kind(delay_minutes.make_spec(tmp_path))
    rows = [{**row, "baseline_lower": None} for row in make_night(kind, [(10.0, 5.0, 20.0)])]
    assert show_outcomes(rows, {0: 11.0}, "id", kind) == ()
