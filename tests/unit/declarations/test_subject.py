"""What a project says of its subject: read strictly, and meant as people write it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from redeye.declarations.subject import Search


@pytest.mark.parametrize("typed", ["AA 1", "aa1", "AA-1"])
def test_a_value_is_read_however_it_is_written(typed: str):
    assert Search(example="AA 1", pattern="([A-Z]{2})[ -]?([0-9]+)").read(typed) == "AA-1"


def test_without_groups_the_whole_is_meant_in_the_case_of_the_example():
    assert Search(example="JFK", pattern="[A-Z]{3}").read("jfk") == "JFK"
    assert Search(example="north", pattern=".+").read("South") == "South"


def test_what_is_written_otherwise_is_not_guessed():
    assert Search(example="JFK", pattern="[A-Z]{3}").read("JFK, please") is None


@pytest.mark.parametrize(
    ("pattern", "complaint"), [("[A-Z", "no regular expression"), ("[0-9]+", "does not match the example")]
)
def test_a_pattern_must_read_its_own_example(pattern: str, complaint: str):
    with pytest.raises(ValidationError, match=complaint):
        Search(example="JFK", pattern=pattern)
