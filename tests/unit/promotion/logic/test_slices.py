"""Slices: which rows belong together, and a bound that holds for all of them at once."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Scored
from redeye.promotion.logic import slices
from redeye.promotion.logic.slices import FEWEST_NIGHTS, OTHER, compare_by_slice, pool_slices

ROWS, NIGHTS = 2000, 20
RANDOM = np.random.default_rng(3)
SIGNAL = RANDOM.normal(size=ROWS)
LABELS = (RANDOM.random(ROWS) < 1 / (1 + np.exp(1 - SIGNAL))).astype(float)
NIGHT = np.datetime64("2013-03-01") + np.arange(ROWS) % NIGHTS
TRUE, DULL = 1 / (1 + np.exp(1 - SIGNAL)), np.full(ROWS, LABELS.mean())
SHOP = np.where(np.arange(ROWS) % 4 == 0, "small", "large").astype(object)


def scored(predictions: np.ndarray) -> Scored:
    return ScoredProbabilities(LABELS, predictions, NIGHT)


def compare(candidate: np.ndarray, champion: np.ndarray, **more):
    groups = {"shop": SHOP}
    how = {"minimum_rows": 100, "confidence": 0.95, **more}
    return {each.name: each for each in compare_by_slice(scored(candidate), scored(champion), groups, **how)}


@pytest.mark.parametrize(
    ("values", "minimum", "expected"),
    [
        (list("aaabbb"), 3, list("aaabbb")),
        (list("aaabb"), 3, [OTHER] * 5),
        (list("aaaabbbcc"), 3, [*"aaaa", *[OTHER] * 5]),
        (list("aaaabbcc"), 4, [*"aaaa", *[OTHER] * 4]),
        (["a", "a", None, float("nan")], 2, ["a", "a", "missing", "missing"]),
        ([1, 1, 2, 2], 2, ["1", "1", "2", "2"]),
    ],
)
def test_values_with_few_rows_are_pooled_until_no_slice_is_too_small(values, minimum, expected):
    assert pool_slices(values, minimum).tolist() == expected


def test_a_candidate_that_is_worse_in_one_slice_is_seen_there_alone():
    spoiled = np.where(SHOP == "small", 1 - TRUE, TRUE)
    found = compare(spoiled, TRUE)
    assert found["shop=small"].upper < 0 < found["shop=small"].rows == 500
    assert found["shop=large"].value == found["shop=large"].upper == 0


def test_a_better_candidate_is_better_by_a_positive_value():
    assert compare(TRUE, DULL)["shop=large"].value > 0


def test_more_slices_make_each_bound_wider(monkeypatch: pytest.MonkeyPatch):
    asked: list[float] = []
    real = slices.estimate_improvement
    monkeypatch.setattr(
        slices, "estimate_improvement", lambda *a, **k: asked.append(k["confidence"]) or real(*a, **k)
    )
    compare(TRUE, DULL)
    assert asked == pytest.approx([1 - 0.05 / 2] * 2)
    asked.clear()
    compare(TRUE, DULL, minimum_rows=600)
    assert asked == pytest.approx([0.95])


def test_of_few_nights_there_is_no_bound():
    few = np.datetime64("2013-03-01") + FEWEST_NIGHTS - 1 > NIGHT
    one, other = scored(TRUE).where(few), scored(DULL).where(few)
    (part,) = compare_by_slice(one, other, {"shop": np.full(few.sum(), "a")}, minimum_rows=1, confidence=0.9)
    assert (part.value, part.upper, part.rows) == (None, None, few.sum())
    enough = np.datetime64("2013-03-01") + FEWEST_NIGHTS > NIGHT
    one, other = scored(TRUE).where(enough), scored(DULL).where(enough)
    (part,) = compare_by_slice(
        one, other, {"shop": np.full(enough.sum(), "a")}, minimum_rows=1, confidence=0.9
    )
    assert part.upper is not None


def test_without_groups_there_are_no_slices():
    assert compare_by_slice(scored(TRUE), scored(DULL), {}, minimum_rows=1, confidence=0.9) == ()
