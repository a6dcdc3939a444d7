"""A request has one run and one event, however often it is asked for, killed or cleared."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.dagrun import DagRunNote
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import DagRunTriggerException

from redeye_airflow import training_requests
from redeye_airflow.training_requests import LONGEST_NOTE, TrainingRequestOperator

EVENT, ALIAS = Asset("redeye://events/retraining/m"), AssetAlias("retraining_m")
REQUEST = {"night": "2013-09-29", "verdict": "retrain", "reason": "worse than the heuristic", "model": "m"}


class Airflow:
    """Airflow's runs and events, as the operator meets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: set[str] = set()
        self.events: list[dict[str, Any]] = []
        count = SimpleNamespace(get_dr_count=lambda dag_id, run_ids: len(self.runs & set(run_ids)))
        monkeypatch.setattr(training_requests, "RuntimeTaskInstance", count)

    def attempt(
        self, *, is_killed: bool = False, request: dict[str, str] = REQUEST
    ) -> DagRunTriggerException | None:
        """Run the task once; if it is killed, its run was started and its success was not reported."""
        added: dict[AssetAlias, Any] = defaultdict(lambda: SimpleNamespace(extras=[], add=None))
        told = added[ALIAS]
        told.add = lambda asset, extra: told.extras.append(extra)
        context: Any = {
            "inlet_events": {EVENT: [SimpleNamespace(extra=extra) for extra in self.events]},
            "outlet_events": added,
            "ti": SimpleNamespace(xcom_push=lambda **_: None),
        }
        task = TrainingRequestOperator(
            task_id="t",
            trigger_dag_id="train_m",
            conf=dict(request),
            event=EVENT,
            alias=ALIAS,
            logical_date=None,
            skip_when_already_exists=True,
            openlineage_inject_parent_info=False,
        )
        started = None
        try:
            task.execute(context)
        except DagRunTriggerException as trigger:
            started = trigger
            self.runs.add(trigger.dag_run_id)
        if not is_killed:
            self.events += told.extras
        return started


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    return Airflow(monkeypatch)


def test_the_run_is_named_by_the_night_and_carries_the_verdict(airflow: Airflow) -> None:
    started = airflow.attempt()
    assert started is not None
    assert (started.trigger_dag_id, started.dag_run_id) == ("train_m", "requested__2013-09-29")
    assert started.conf == REQUEST
    assert started.logical_date is None
    assert started.run_after == datetime(2013, 9, 30, 7, tzinfo=UTC)
    assert "night 2013-09-29, whose verdict is retrain: worse than the heuristic" in str(started.note)
    assert airflow.events == [REQUEST]


def test_a_long_reason_is_cut_in_the_note_and_whole_in_the_conf(airflow: Airflow) -> None:
    limit = DagRunNote.__table__.c.content.type.length
    request = {**REQUEST, "reason": "drifted, " * limit}
    started = airflow.attempt(request=request)
    assert started is not None
    assert started.conf == request
    assert len(str(started.note)) == limit == LONGEST_NOTE
    assert str(started.note).endswith("…")


def test_a_task_killed_between_run_and_event_makes_the_event_and_no_second_run(airflow: Airflow) -> None:
    assert airflow.attempt(is_killed=True) is not None
    assert airflow.events == []
    assert airflow.attempt() is None
    assert (airflow.runs, airflow.events) == ({"requested__2013-09-29"}, [REQUEST])


def test_a_cleared_task_does_neither_again(airflow: Airflow) -> None:
    airflow.attempt()
    assert airflow.attempt() is None
    assert (airflow.runs, airflow.events) == ({"requested__2013-09-29"}, [REQUEST])
