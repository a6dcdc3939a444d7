"""Which candidates a spec may name."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from redeye.declarations.spec_candidates import Candidates, Continued, Weighted


def weighted(name: str) -> Weighted:
    return Weighted(name=name, algorithm="xgboost", half_life_nights=28)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weighted": (weighted("a"), weighted("a"))}, "weighted: a appears twice: remove one"),
        ({"preference": ("b", "a", "b", "a")}, "preference: a, b appears twice"),
        ({"average_of": ("xgboost", "xgboost")}, "average_of: xgboost appears twice"),
    ],
)
def test_a_name_that_appears_twice_is_refused(given: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        Candidates(**given)


def test_the_same_name_may_stand_in_two_lists():
    assert Candidates(weighted=(weighted("a"),), average_of=("a",), preference=("a",)).preference == ("a",)


def test_a_continued_champion_is_named_after_its_algorithm():
    assert Candidates().name_continued("torch") == "torch_continued"


def test_a_champion_is_continued_more_slowly_and_not_at_once_by_default():
    assert Continued() == Continued(learning_rate_share=0.5, minimum_nights=7)
    for share in (0, 1.1):
        with pytest.raises(ValidationError):
            Continued(learning_rate_share=share)
