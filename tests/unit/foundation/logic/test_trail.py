"""A chain shows what was changed in it; its anchors show what it cannot show itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redeye.foundation.logic.trail import Anchor, Entry, RowDifference, describe_difference, find_breaks


def make_chain(length: int, **changed: str) -> list[Entry]:
    """Entries 1 to `length`; the third with other values where some are given, and every hash as it should be."""
    chain, previous = [], ""
    for number in range(1, length + 1):
        entry = Entry(number, "gaps", f'{{"night": {number}}}', "{}", "f", '"2013-04-01"', '"warehouse"', "")
        if number == 3:
            entry = replace(entry, **changed)
        previous = entry.digest(previous)
        chain.append(replace(entry, hash=previous))
    return chain


def anchor(entry: Entry, because: str = "release 2013-04-01.r1") -> Anchor:
    return Anchor("warehouse", entry.entry, entry.hash, because, "2013-04-02T07:00:00+00:00")


CHAIN = make_chain(6)


def test_a_chain_as_it_was_written_holds():
    assert [*find_breaks(CHAIN, [anchor(CHAIN[3]), anchor(CHAIN[5])])] == []
    assert [*find_breaks([], [])] == []


@pytest.mark.parametrize(
    "part", ["ledger", "row_key", "content", "is_inherited", "recorded_at", "recorded_by", "hash"]
)
def test_a_change_of_any_part_is_named(part: str):
    spoiled = [*CHAIN[:2], replace(CHAIN[2], **{part: "x"}), *CHAIN[3:]]
    found = [*find_breaks(spoiled, [])]
    assert found[0].startswith("entry 3 (")
    assert len(found) == (2 if part == "hash" else 1)


def test_what_is_missing_within_is_named_once():
    assert [*find_breaks([CHAIN[0], *CHAIN[3:]], [])] == ["entries 2 to 3 are missing"]
    assert [*find_breaks(CHAIN[1:], [])] == ["entry 1 is missing"]


def test_a_cut_of_the_end_is_found_by_the_last_anchor_alone():
    assert [*find_breaks(CHAIN[:3], [])] == []
    (found,) = find_breaks(CHAIN[:3], [anchor(CHAIN[1]), anchor(CHAIN[4])])
    assert found.startswith("entries 4 to 5 are missing at the end: entry 5 was anchored at 2013-04-02")


def test_a_chain_written_anew_is_found_between_two_anchors():
    other = make_chain(6, content='{"night": "another"}')
    assert [*find_breaks(other, [anchor(CHAIN[1])])] == []
    (found,) = find_breaks(other, [anchor(CHAIN[1]), anchor(CHAIN[3])])
    assert "an entry from 3 to 4 was changed and the rest written anew" in found
    # A false anchor beside a true one hides nothing.
    for pair in ([anchor(CHAIN[3]), anchor(other[3])], [anchor(other[3]), anchor(CHAIN[3])]):
        assert len([*find_breaks(other, pair)]) == 1


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (RowDifference("gaps", "{}", None, None, "{}"), "gaps {} has no entry: it was put in past the trail"),
        (RowDifference("gaps", "{}", 7, '{"a": 1}', None), 'gaps {} is gone; entry 7 has it as {"a": 1}'),
        (
            RowDifference("gaps", "{}", 7, '{"a": 1}', '{"a": 2}'),
            'gaps {} is not as it was written: entry 7 has {"a": 1}, the ledger has {"a": 2}',
        ),
    ],
)
def test_a_row_that_is_not_as_it_was_written_is_shown(difference: RowDifference, said: str):
    assert describe_difference(difference) == said
