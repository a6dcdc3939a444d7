"""With four eyes a version is promoted and unblocked by two people; a rollback stays one person's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redeye.champions import block_store, promotion_store
from redeye.foundation.errors import ConfigError, NeedsAnother
from redeye.foundation.settings import settings
from redeye.promotion import approve, rollback, unblocking
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

WHY = {"reason": "the data was bad"}


@pytest.fixture(autouse=True)
def four_eyes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDEYE_FOUR_EYES", "true")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def unblock(model: str, person: str) -> None:
    rollback.block_version(model, 3, is_blocked=False, **WHY, actor=person)


def test_a_version_is_unblocked_by_another_than_asked_and_blocked(champions: Champions) -> None:
    model = champions.model
    # One person's act: what is safe must not wait.
    rollback.roll_back(model, reason="bad", actor="ann")
    assert champions.blocked() == [(3, True)]
    with pytest.raises(NeedsAnother, match="nobody has asked"):
        unblock(model, "ben")
    unblocking.ask_to_unblock(model, 3, **WHY, actor="ben")
    for person, why in (("ann", "ann blocked"), ("ben", "ben asked")):
        with pytest.raises(NeedsAnother, match=why):
            unblock(model, person)
    assert champions.blocked() == [(3, True)]
    unblock(model, "eve")
    assert champions.blocked() == [(3, True), (3, False)]
    last = block_store.read_blocks(model)[-1]
    assert last.actor == "eve"
    assert "asked for by ben: the data was bad" in last.reason


def test_what_was_asked_about_one_block_does_not_lift_the_next(champions: Champions) -> None:
    model = champions.model
    rollback.roll_back(model, reason="bad", actor="ann")
    unblocking.ask_to_unblock(model, 3, **WHY, actor="ben")
    unblock(model, "eve")
    rollback.block_version(model, 3, is_blocked=True, reason="bad after all", actor="eve")
    with pytest.raises(NeedsAnother, match="nobody has asked"):
        unblock(model, "joe")


def test_who_asked_for_a_training_does_not_promote_it(registered: Champions) -> None:
    model = registered.model
    registered.propose(4, 20, actor="ann")
    with pytest.raises(NeedsAnother, match="ann asked for the training of version 4"):
        approve.record_answer(model, night(20), is_approved=True, person="ann")
    with pytest.raises(NeedsAnother):
        approve.settle(model, night(20), is_approved=True, person="ann")
    with pytest.raises(ConfigError, match="nobody has answered"):
        approve.promote_approved(model, night(20))
    assert len(registered.rows()) == 3
    approve.record_answer(model, night(20), is_approved=True, person="ben")
    approve.promote_approved(model, night(20))
    assert registered.rows()[3:] == [(4, "promotion")]
    last = promotion_store.read_promotions(model)[-1]
    assert last.actor == "ben"
    assert last.evidence["approval"] == {"person": "ben", "four_eyes": True, "asked_by": "ann"}
    # Tried again after it was killed: it shows what it promoted.
    approve.promote_approved(model, night(20))
    assert registered.rows()[3:] == [(4, "promotion")]


def test_what_was_rejected_last_is_not_promoted(registered: Champions) -> None:
    model = registered.model
    registered.propose(4, 20)
    approve.record_answer(model, night(20), is_approved=True, person="ann")
    approve.record_answer(model, night(20), is_approved=False, person="ben")
    with pytest.raises(ConfigError, match="nobody has answered"):
        approve.promote_approved(model, night(20))
    assert len(registered.rows()) == 3


def test_the_loop_asked_for_by_nobody_is_approved_by_anybody(registered: Champions) -> None:
    registered.propose(4, 20)
    approve.record_answer(registered.model, night(20), is_approved=True, person="ann")
    approve.promote_approved(registered.model, night(20))
    assert registered.rows()[3:] == [(4, "promotion")]
