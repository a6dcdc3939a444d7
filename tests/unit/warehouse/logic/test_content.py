"""The content of a set of rows can be added to, taken from, written down and compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from redeye.warehouse.logic.content import Content, differences

KEY = bytes(32)
words = st.integers(0, 2**70)
contents = st.builds(Content, st.integers(0, 10**9), st.tuples(words, words, words, words))


@given(contents, contents)
def test_what_was_added_can_be_taken_away(one: Content, other: Content) -> None:
    assert one + other - other == one
    assert one + other == other + one


@given(contents, st.text())
def test_written_down_it_is_the_same(content: Content, place: str) -> None:
    text = content.hide(KEY, place)
    assert len(text) == 64
    assert Content.reveal(content.rows, text, KEY, place) == content


@given(contents)
def test_what_is_written_down_does_not_show_that_two_places_hold_the_same(content: Content) -> None:
    hidden = {content.hide(key, place) for key in (KEY, bytes([1] * 32)) for place in ("one", "other")}
    assert len(hidden) == 4


def test_what_was_written_before_there_was_a_key_is_read_as_it_stands() -> None:
    found = Content.reveal(3, f"{7:016x}{5:016x}", KEY, "anywhere")
    assert found == Content(3, (7, 5))
    assert not found.is_keyed


def test_each_difference_is_named() -> None:
    recorded = {"a": Content(1, (1, 1, 0, 0)), "b": Content(2), "c": Content(3)}
    found = {"a": Content(1, (1, 1, 0, 0)), "b": Content(2, (5, 0, 0, 0)), "d": Content(4)}
    lines = differences(recorded, found)
    assert [line.split()[0] for line in lines] == ["b", "c", "d"]
    assert differences(recorded, recorded) == []
