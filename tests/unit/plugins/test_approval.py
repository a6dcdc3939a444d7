"""The training DAG of a spec that needs approval asks a person before it promotes, for as long as it takes."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowSkipException
from airflow.serialization.serialized_objects import DagSerialization

from redeye.declarations.specs import REQUIRED, load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, settings
from redeye.promotion import approve as approval
from redeye_airflow.approval import CandidateApproval, _name
from redeye_airflow.dag_factory import train_dag
from redeye_airflow.operators import JobOperator

SPEC = load_spec(SPECS / "flight_delay.yaml").model_copy(update={"approval": REQUIRED})
CONTEXT: Any = {
    "dag_run": SimpleNamespace(run_id="manual__1", run_type="manual"),
    "params": {"night": "2013-04-01"},
}


@pytest.fixture(scope="module")
def dag() -> DAG:
    return train_dag(SPEC, "{model}")


def test_a_person_stands_between_the_gates_and_the_promotion(dag: DAG) -> None:
    approve, promote = dag.get_task("approve_candidate"), dag.get_task("promote_candidate")
    assert isinstance(approve, CandidateApproval)
    assert isinstance(promote, JobOperator)
    assert approve.upstream_task_ids == {"train_candidates"}
    assert promote.upstream_task_ids == {"approve_candidate"}
    assert promote.trigger_rule == "all_success"
    # What was answered is read in the ledger: an XCom can be set by others.
    assert promote.op_kwargs == {"model": SPEC.model}


def test_an_answer_may_take_days(dag: DAG) -> None:
    approve = dag.get_task("approve_candidate")
    assert approve.execution_timeout is None
    assert approve.response_timeout is None


def test_the_scheduler_gets_all_three_tasks(dag: DAG) -> None:
    again = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert again.task_ids == ["train_candidates", "approve_candidate", "promote_candidate"]


def test_without_approval_the_training_promotes_by_itself() -> None:
    plain = SPEC.model_copy(update={"approval": "none"})
    assert train_dag(plain, "{model}").task_ids == ["train_candidates"]


def test_with_four_eyes_every_training_may_await_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDEYE_FOUR_EYES", "true")
    settings.cache_clear()
    plain = SPEC.model_copy(update={"approval": "none"})
    try:
        assert "approve_candidate" in train_dag(plain, "{model}").task_ids
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_where_nothing_waits_nobody_is_asked(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval, "find_awaiting", lambda model, night: None)
    with pytest.raises(AirflowSkipException, match="no candidate awaits approval"):
        dag.get_task("approve_candidate").execute(CONTEXT)


@pytest.mark.parametrize(
    ("user", "name"),
    [({"name": "ann", "id": "1"}, "ann"), (SimpleNamespace(name=None, id="1"), "1"), (None, ""), ({}, "")],
)
def test_an_answer_of_nobody_has_no_name_to_promote_by(user: Any, name: str) -> None:
    assert _name(user) == name


def test_nothing_is_promoted_without_a_name() -> None:
    with pytest.raises(ConfigError, match="nobody has answered about the candidate of night 2013-04-01"):
        approval.settle(SPEC.model, date(2013, 4, 1), is_approved=True, person="")
