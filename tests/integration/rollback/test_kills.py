"""Killed at any step of a promotion or a rollback: done again, ledger and alias agree and nothing is doubled."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from waiting import PATIENCE_SECONDS

from redeye.champions import promotion_store
from redeye.foundation.errors import RegistryDiffers
from redeye.models.mlflow_registry import find_tagged
from redeye.promotion import approve, change_champion, decision_store, rollback
from redeye.promotion.reconcile import BLOCKED_TAG, is_registry_behind, reconcile
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

# In the order in which they are passed; the second value: killed after the step, not before it.
ROLLBACK = [
    pytest.param("redeye.foundation.lease.acquire", True, marks=pytest.mark.long),
    pytest.param("redeye.champions.promotion_store._insert", False, marks=pytest.mark.long),
    ("redeye.champions.promotion_store._insert", True),
    pytest.param("redeye.champions.block_store.insert_block", True, marks=pytest.mark.long),
    pytest.param("redeye.foundation.lease.release", False, marks=pytest.mark.long),
    ("redeye.foundation.lease.release", True),
]
SETTLING = [
    pytest.param("redeye.champions.promotion_store._insert", False, marks=pytest.mark.long),
    ("redeye.champions.promotion_store._insert", True),
    pytest.param("redeye.champions.promotion_store.promote", True, marks=pytest.mark.long),
    pytest.param("redeye.promotion.decision_store.record_training", True, marks=pytest.mark.long),
    pytest.param("redeye.models.mlflow_registry.annotate", True, marks=pytest.mark.long),
    ("redeye.models.mlflow_registry.point_alias", False),
    pytest.param("redeye.models.mlflow_registry.point_alias", True, marks=pytest.mark.long),
]


def kill(run: Callable[..., Any], call: str, moment: str, *, is_after: bool) -> None:
    process = run(call, moment, is_after=is_after)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGKILL, errors[-3000:]


@pytest.mark.parametrize(("moment", "is_after"), ROLLBACK)
def test_a_rollback_that_is_killed_is_done_again(
    registered: Champions, run: Callable[..., Any], moment: str, is_after: bool
) -> None:
    call = f"from redeye.promotion import rollback; rollback.roll_back({registered.model!r}, reason='bad', actor='me')"
    reconcile(registered.model)
    assert not is_registry_behind(registered.model)
    kill(run, call, moment, is_after=is_after)
    # What was decided and is not shown in MLflow is known, also of one who was killed in between.
    assert is_registry_behind(registered.model) is (len(registered.rows()) == 4)
    # A row without its block was never there.
    assert (len(registered.rows()), len(registered.blocked())) in {(3, 0), (4, 1)}
    rollback.roll_back(registered.model, reason="bad", actor="me")
    assert registered.rows()[3:] == [(2, "rollback")]
    assert registered.blocked() == [(3, True)]
    assert reconcile(registered.model)["repaired"] != []
    registered.agree()
    assert not is_registry_behind(registered.model)
    assert reconcile(registered.model)["repaired"] == []


def test_what_a_person_changes_is_shown_in_the_registry_too(registered: Champions) -> None:
    reconcile(registered.model)
    done, missing = change_champion.roll_back(registered.model, reason="bad", actor="me")
    assert (done.promotion.version, missing) == (2, None)
    registered.agree()
    assert find_tagged(registered.model, BLOCKED_TAG, "true") == {3}
    lift = {"is_blocked": False, "reason": "the data was bad", "actor": "me"}
    assert change_champion.block_version(registered.model, 3, **lift) is None
    assert find_tagged(registered.model, BLOCKED_TAG, "true") == frozenset()


def test_a_registry_that_is_down_is_told_of_and_what_was_decided_stands(
    registered: Champions, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile(registered.model)
    monkeypatch.setenv("REDEYE_MLFLOW_TRACKING_URL", "postgresql+psycopg2://nobody@127.0.0.1:9/none")
    _, missing = change_champion.roll_back(registered.model, reason="bad", actor="me")
    assert missing is not None
    assert "MLflow does not answer" in missing
    assert "What was decided stands" in missing
    assert registered.rows()[3:] == [(2, "rollback")]
    assert is_registry_behind(registered.model)
    monkeypatch.undo()
    reconcile(registered.model)
    assert not is_registry_behind(registered.model)


@pytest.mark.parametrize(("moment", "is_after"), SETTLING)
def test_a_promotion_that_is_killed_is_done_again(
    registered: Champions, run: Callable[..., Any], moment: str, is_after: bool
) -> None:
    registered.propose(4, 20)
    reconcile(registered.model)
    call = (
        "from redeye.promotion import approve as approval; "
        f"approval.settle({registered.model!r}, date(2013, 4, 21), is_approved=True, person='a person')"
    )
    kill(run, call, moment, is_after=is_after)
    # Again, as Airflow tries a task again: it promotes, or shows what it promoted.
    approve.settle(registered.model, night(20), is_approved=True, person="a person")
    # What a killed reconciler left undone the nightly one does.
    reconcile(registered.model)
    assert registered.rows()[3:] == [(4, "promotion")]
    assert [row.is_promoted for row in decision_store.trainings(registered.model)] == [True]
    registered.agree()


def test_a_rejected_candidate_is_recorded_and_the_champion_stays(registered: Champions) -> None:
    registered.propose(4, 20)
    approve.settle(registered.model, night(20), is_approved=False, person="a person")
    assert len(registered.rows()) == 3
    (training,) = decision_store.trainings(registered.model)
    assert (training.is_promoted, training.champion_version, training.candidate_version) == (False, 3, 4)
    assert "a person rejected version 4" in training.reason
    assert approve.find_awaiting(registered.model, night(20)) is None


def test_what_is_approved_late_serves_from_the_first_night_not_scored(registered: Champions) -> None:
    registered.propose(4, 20)
    for number in (21, 22, 23):
        registered.score(number)
    approve.settle(registered.model, night(20), is_approved=True, person="a person")
    last = promotion_store.read_promotions(registered.model)[-1]
    assert (last.version, last.effective_night, last.artifact_sha256) == (4, night(24), "hash of 4")
    assert last.evidence["approval"] == {"person": "a person"}


def test_differences_are_told_and_what_can_be_is_repaired(registered: Champions) -> None:
    from redeye.models.mlflow_client import client

    reconcile(registered.model)
    client().set_registered_model_alias(registered.model, "champion", "1")
    client().set_model_version_tag(registered.model, "2", "artifact_sha256", "altered")
    with pytest.raises(
        RegistryDiffers, match=r"version 2 has the hash altered in the registry and hash of 2"
    ):
        reconcile(registered.model)
    registered.agree()
    client().delete_model_version(registered.model, "3")
    with pytest.raises(
        RegistryDiffers, match=r"version 2 has .*; version 3 of promotion \d+ is not in the reg"
    ):
        reconcile(registered.model)
