"""With four eyes nobody decides about what he asked for himself; the loop's own requests are nobody's."""

from __future__ import annotations

import pytest

from redeye.foundation.errors import NeedsAnother
from redeye.promotion.logic.four_eyes import check_approver, check_unblocker, is_person


@pytest.mark.parametrize("actor", ["verdict", "replay", "scheduled", ""])
def test_the_loop_is_no_person(actor: str) -> None:
    assert not is_person(actor)


def test_whoever_asked_for_a_training_may_not_approve_it() -> None:
    with pytest.raises(NeedsAnother, match="ann asked for the training of version 3"):
        check_approver("delay", 3, asked_by="ann", person="ann")
    check_approver("delay", 3, asked_by="ann", person="ben")
    check_approver("delay", 3, asked_by="verdict", person="ann")


@pytest.mark.parametrize(
    ("asked_by", "person", "message"),
    [
        ("ben", "ann", "ann blocked version 3"),
        (None, "ben", "nobody has asked for version 3 yet"),
        ("ben", "ben", "ben asked for version 3 to be unblocked"),
    ],
)
def test_unblocking_takes_two_people_who_did_not_block_it(
    asked_by: str | None, person: str, message: str
) -> None:
    with pytest.raises(NeedsAnother, match=message):
        check_unblocker("delay", 3, blocked_by="ann", asked_by=asked_by, person=person)


def test_whoever_blocked_a_version_may_ask_for_it_back() -> None:
    check_unblocker("delay", 3, blocked_by="ann", asked_by="ann", person="ben")
