from __future__ import annotations

from datetime import date

import pytest
from prediction_frames import KIND

from redeye.scoring.logic.outcomes import judge, summarize_outcomes

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
