"""What Airflow itself knows: failed tasks, the runs of a night, its audit log; and its API, asked as the user."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from airflow.models import DagModel, Log
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from fastapi import HTTPException
from sqlalchemy import func, select
from starlette.requests import Request

from redeye.declarations.calendar import find_start, zone
from redeye.foundation.masking import mask
from redeye.operations.find_alerts import TaskFailure
from redeye.operations.logic.alerts import FAILED_WITHIN
from redeye.operations.logic.night_plan import PLAY
from redeye_airflow.pages.addresses import AIRFLOW_APP
from redeye_airflow.pages.security import find_bearer

SHOWN = 50
EVENT = "redeye_"
"""What the names of our rows in the audit log begin with."""


def now() -> datetime:
    """The clock, for pages: what is late goes by it, nothing that is recorded does."""
    return datetime.now(UTC)


def read_failed_tasks() -> list[TaskFailure]:
    """Tasks that failed for good of late and still are failed, the newest first."""
    columns = (getattr(TaskInstance, name) for name in TaskFailure._fields)
    asked = (
        select(*columns)
        .where(
            TaskInstance.state == TaskInstanceState.FAILED,
            TaskInstance.end_date >= now() - FAILED_WITHIN,
            # It failed because a run that it started did, or because a person stopped it.
            TaskInstance.dag_id != PLAY,
        )
        .order_by(TaskInstance.end_date.desc())
        .limit(SHOWN)
    )
    with create_session() as session:
        return [TaskFailure(*row) for row in session.execute(asked)]


def read_runs(night: date) -> Sequence[DagRun]:
    """The runs whose data interval begins with a night, whatever started them."""
    start = find_start(night)
    asked = (
        select(DagRun)
        .where(DagRun.data_interval_start >= start, DagRun.data_interval_start < start + timedelta(hours=1))
        .order_by(DagRun.dag_id, DagRun.run_id)
        .limit(SHOWN)
    )
    with create_session() as session:
        return session.scalars(asked).all()


def find_active_run(dag_id: str) -> str | None:
    """The id of a run of a DAG that has not ended; None if there is none."""
    active = (DagRunState.QUEUED, DagRunState.RUNNING)
    asked = select(DagRun.run_id).where(DagRun.dag_id == dag_id, DagRun.state.in_(active)).limit(1)
    with create_session() as session:
        return session.scalars(asked).first()


def list_paused(dag_ids: Sequence[str]) -> set[str]:
    """Those of some DAGs that are paused."""
    asked = select(DagModel.dag_id).where(DagModel.dag_id.in_(dag_ids), DagModel.is_paused.is_(True))
    with create_session() as session:
        return set(session.scalars(asked))


def list_plays() -> Sequence[DagRun]:
    """The runs that play nights, the newest first."""
    asked = select(DagRun).where(DagRun.dag_id == PLAY).order_by(DagRun.id.desc()).limit(SHOWN)
    with create_session() as session:
        return session.scalars(asked).all()


def list_active_runs(dag_ids: Sequence[str]) -> list[tuple[str, str]]:
    """DAG and id of the runs of some DAGs that have begun and not ended."""
    asked = select(DagRun.dag_id, DagRun.run_id).where(
        DagRun.dag_id.in_(dag_ids), DagRun.state == DagRunState.RUNNING
    )
    with create_session() as session:
        return [(row[0], row[1]) for row in session.execute(asked)]


def read_states(dag_ids: Sequence[str], first: date, last: date) -> dict[tuple[str, date], tuple[str, str]]:
    """By DAG and night the id and the state of its run, of the nights `first` to `last`."""
    asked = select(DagRun.dag_id, DagRun.logical_date, DagRun.run_id, DagRun.state).where(
        DagRun.dag_id.in_(dag_ids),
        DagRun.logical_date >= find_start(first),
        DagRun.logical_date <= find_start(last),
    )
    with create_session() as session:
        rows = session.execute(asked).all()
    return {(row[0], row[1].astimezone(zone()).date()): (row[2], str(row[3])) for row in rows if row[1]}


def find_stopper(run_id: str) -> str | None:
    """Who stopped the playing of nights by a run; None if nobody did."""
    asked = select(Log.owner).where(
        Log.event == f"{EVENT}stop_playing_done", Log.extra.contains(f'"run_id": {json.dumps(run_id)}')
    )
    with create_session() as session:
        return session.scalars(asked).first()


@dataclass(frozen=True)
class ActionRecord:
    """One row that an action left in Airflow's audit log."""

    at: datetime | None
    event: str
    owner: str
    dag_id: str
    extra: dict[str, Any]


def read_actions(
    *, event: str | None = None, dag_ids: Sequence[str] = (), limit: int | None = SHOWN
) -> list[ActionRecord]:
    """What was done here, or with some DAGs alone, the newest first."""
    asked = select(Log).where(Log.event == EVENT + event if event else Log.event.like(f"{EVENT}%"))
    if dag_ids:
        asked = asked.where(Log.dag_id.in_(dag_ids))
    with create_session() as session:
        return [
            ActionRecord(
                row.dttm,
                row.event.removeprefix(EVENT),
                row.owner or "",
                row.dag_id or "",
                _read_object(row.extra),
            )
            for row in session.scalars(asked.order_by(Log.id.desc()).limit(limit))
        ]


def record(event: str, *, user: str, dag_id: str, extra: dict[str, Any]) -> None:
    """Append a row to Airflow's audit log, at once and for good."""
    with create_session() as session:
        session.add(_make_row(event, user, dag_id, extra))


def record_once(event: str, *, nonce: str, user: str, dag_id: str, extra: dict[str, Any]) -> bool:
    """Append the row of a confirmation that is used now; False, and no row, if it was used before.

    Of requests that come at the same time, in one process or in several, one alone is told True.
    """
    used = select(Log.id).where(
        Log.event.like(f"{EVENT}%"),
        Log.dttm >= now() - timedelta(hours=2),
        Log.extra.contains(f'"nonce": "{nonce}"'),
    )
    with create_session() as session:
        # Airflow's table has no column for it that could be unique: whoever comes second waits for the first's commit.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(nonce, 0))))
        if session.execute(used).first() is not None:
            return False
        session.add(_make_row(event, user, dag_id, {**extra, "nonce": nonce}))
    return True


def _make_row(event: str, user: str, dag_id: str, extra: dict[str, Any]) -> Log:
    told = mask(json.dumps(extra, sort_keys=True, default=str))
    return Log(event=EVENT + event, owner=user, owner_display_name=user, dag_id=dag_id, extra=told)


async def ask_airflow(
    request: Request, method: str, path: str, body: dict[str, Any] | None
) -> dict[str, Any]:
    """Airflow's own API, in this process, as the user who asks: its permissions and its audit log hold.

    Raises:
        HTTPException: with what Airflow answered, if it refused.
    """
    transport = httpx.ASGITransport(app=request.scope[AIRFLOW_APP], raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {find_bearer(request)}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://airflow", headers=headers, timeout=60
    ) as client:
        answer = await client.request(method, f"/api/v2{path}", json=body)
    if answer.is_error:
        raise HTTPException(answer.status_code, _explain_refusal(answer))
    return dict(answer.json())


def _explain_refusal(answer: httpx.Response) -> str:
    detail = _read_object(answer.text).get("detail")
    if isinstance(detail, dict):
        detail = detail.get("reason") or detail.get("statement") or detail
    return f"Airflow refused it: {detail or answer.reason_phrase}"


def _read_object(text: str | None) -> dict[str, Any]:
    """A JSON object; empty if the text is none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
