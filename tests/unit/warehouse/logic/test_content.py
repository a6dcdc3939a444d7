"""The content of a set of rows can be added to, taken from, written down and compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from redeye.warehouse.logic.content import Content, differences

contents = st.builds(Content, st.integers(0, 10**9), st.integers(0, 2**70), st.integers(0, 2**70))


@given(contents, contents)
def test_what_was_added_can_be_taken_away(one: Content, other: Content) -> None:
    assert one + other - other == one
    assert one + other == other + one


@given(contents)
def test_written_down_it_is_the_same(content: Content) -> None:
    assert len(content.digest) == 32
    assert Content.of_digest(content.rows, content.digest) == content


def test_each_difference_is_named() -> None:
    recorded = {"a": Content(1, 1, 1), "b": Content(2), "c": Content(3)}
    found = {"a": Content(1, 1, 1), "b": Content(2, 5), "d": Content(4)}
    lines = differences(recorded, found)
    assert [line.split()[0].rstrip(":") for line in lines] == ["b", "c", "d"]
    assert differences(recorded, recorded) == []
