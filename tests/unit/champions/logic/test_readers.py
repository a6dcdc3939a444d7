"""How readers and lists of names are told."""

from __future__ import annotations

import pytest

from redeye.champions.logic.readers import Reader, some


def test_a_reader_says_which_version_in_which_role_it_is() -> None:
    reader = Reader("delay", 3, "champion", "xgboost", "delay_v1", frozenset({"a"}))
    assert str(reader) == "delay version 3 (xgboost, champion)"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), ""),
        (("a",), "a"),
        (tuple("abcde"), "a, b, c, d, e"),
        (tuple("abcdefg"), "a, b, c, d, e and 2 more"),
    ],
)
def test_of_many_names_the_first_are_told_and_how_many_more(names: tuple[str, ...], told: str) -> None:
    assert some(names) == told
