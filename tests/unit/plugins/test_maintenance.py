"""Work that belongs to no night: when it runs, and how its jobs are run."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

from redeye.foundation.errors import LeaseHeld, ReleaseAltered
from redeye_airflow.dag_arguments import schedule_weekly
from redeye_airflow.operators import MaintenanceOperator

RUN: Any = {"dag_run": SimpleNamespace(run_id="weekly", run_after=datetime(2026, 3, 1, 17, tzinfo=UTC))}


def job(error: type[Exception] | None = None, **values: Any) -> dict[str, Any]:
    if error is not None:
        raise error("as told")
    return values


def operator(**arguments: Any) -> MaintenanceOperator:
    return MaintenanceOperator(task_id="check_disk", job=f"{__name__}:job", op_kwargs=arguments)


@pytest.fixture(autouse=True)
def findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, __name__, sys.modules[job.__module__])


def test_the_job_gets_its_arguments_and_its_result_is_handed_on() -> None:
    assert operator(week="3").execute(RUN) == {"week": "3"}


def test_what_a_retry_cannot_mend_fails_at_once_and_a_held_lease_is_tried_again() -> None:
    with pytest.raises(AirflowFailException, match="as told"):
        operator(error=ReleaseAltered).execute(RUN)
    with pytest.raises(LeaseHeld):
        operator(error=LeaseHeld).execute(RUN)


@pytest.mark.parametrize("month", [1, 3, 7, 11])
def test_it_runs_on_sundays_at_noon_in_new_york_summer_and_winter(month: int) -> None:
    dag = DagSerialization.deserialize_dag(
        DagSerialization.serialize_dag(DAG(dag_id="maintain_lake", **schedule_weekly()))
    )
    earliest = datetime(2026, month, 1, tzinfo=UTC)
    info = dag.timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(pendulum.instance(earliest), None, catchup=True),
    )
    assert info is not None
    local = info.run_after.astimezone(ZoneInfo("America/New_York"))
    assert (local.strftime("%A"), local.hour, local.minute) == ("Sunday", 12, 0)
