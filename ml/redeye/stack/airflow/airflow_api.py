"""Airflow's REST API, as far as the first run and bulk work need it: the same calls the UI makes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from statistics import median
from typing import Any

import httpx

from redeye.declarations.calendar import cutoff, find_start, list_nights, zone
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.settings import Settings
from redeye.stack import environment

_POLL_SECONDS = 2.0
# Airflow hands out no more at once, whatever is asked for.
_PAGE = 100
_PARSE_SECONDS = 180.0
_LOG_LINES = 30
_MEASURED_RUNS = 5


class RunState(StrEnum):
    """States of a DAG run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


@dataclass(frozen=True)
class Run:
    """A DAG run; `night` is the date on which its data interval starts, if it has one; `ended` is UTC."""

    dag_id: str
    run_id: str
    state: RunState
    night: date | None
    ended: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state in (RunState.SUCCESS, RunState.FAILED)

    @property
    def is_well(self) -> bool:
        """Whether it has ended well."""
        return self.state == RunState.SUCCESS


Watcher = Callable[[list[Run], str], None]
"""Called at each look with the runs and with what is running just now."""


class AirflowApi:
    """A session with Airflow's API as its admin user; close it, or open it with `opened`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs start; waits until Airflow has read the DAG's file.

        Raises:
            RedeyeError: if the DAG does not appear; the message carries the import errors there are.
        """
        deadline = time.monotonic() + _PARSE_SECONDS
        while self._get(f"/dags/{dag_id}", may_miss=True) is None:
            if time.monotonic() > deadline:
                errors = (self._get("/importErrors") or {}).get("import_errors", [])
                found = "\n".join(f"{e['filename']}:\n{e['stack_trace']}" for e in errors)
                raise RedeyeError(
                    f"Airflow does not know a DAG {dag_id}; {found or 'no import error is known'}"
                )
            time.sleep(_POLL_SECONDS)
        self._send("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(
        self,
        dag_id: str,
        conf: dict[str, Any],
        *,
        run_id: str | None = None,
        logical_date: datetime | None = None,
        is_of_nights: bool = True,
    ) -> Run:
        """Start a run by hand; Airflow makes up a `run_id` where there is none.

        A run of nights that are over is dated at their end, unless it `is_of_nights` no more than it is of today:
        lists of runs are sorted by that.

        With a `run_id` this is safe to repeat: a run of that id that succeeded or still runs is left
        alone, and of one that failed, the failed tasks run again.
        """
        standing = self._get(f"/dags/{dag_id}/dagRuns/{run_id}", may_miss=True) if run_id else None
        if standing is not None:
            run = _run(standing)
            if run.state == RunState.FAILED:
                again = {"dry_run": False, "only_failed": True}
                self._send("POST", f"/dags/{dag_id}/dagRuns/{run_id}/clear", again)
                run = self.run(run)
            return run
        at = logical_date.isoformat() if logical_date else None
        body = {"conf": conf, "logical_date": at} | ({"dag_run_id": run_id} if run_id else {})
        if is_of_nights and (due := find_due(conf)):
            body["run_after"] = due
        return _run(self._send("POST", f"/dags/{dag_id}/dagRuns", body))

    def create_backfill(self, dag_id: str, first: date, last: date, *, max_active_runs: int = 1) -> int:
        """Run a DAG for the nights `first` to `last`, both included, that have not succeeded yet.

        Nights whose run is under way, as after a command that was interrupted, are left to it.

        Returns:
            How many nights are run.

        Raises:
            RedeyeError: if Airflow would not run each of the missing nights exactly once.
        """
        runs = self.night_runs(dag_id, first, last)
        taken = {run.night for run in runs if run.state != RunState.FAILED}
        missing = [night for night in list_nights(first, last) if night not in taken]
        if not missing:
            return 0
        body = {
            "dag_id": dag_id,
            # Instants at which nights start. A date would be read as its UTC midnight, before that.
            "from_date": find_start(missing[0]).isoformat(),
            "to_date": find_start(missing[-1]).isoformat(),
            "reprocess_behavior": "failed",
            "max_active_runs": max_active_runs,
        }
        planned = self._send("POST", "/backfills/dry_run", body)["backfills"]
        would = sorted(_night(row["logical_date"]) for row in planned)
        if would != missing:
            raise RedeyeError(
                f"Airflow would run {dag_id} for {_names(would)} instead of {_names(missing)}: "
                "see in its UI whether another backfill or run of these nights is still active"
            )
        self._send("POST", "/backfills", body)
        return len(missing)

    def night_runs(self, dag_id: str, first: date, last: date) -> list[Run]:
        """The runs of a DAG for the nights `first` to `last`, both included, in the order of nights."""
        query = {
            "logical_date_gte": find_start(first).isoformat(),
            "logical_date_lte": find_start(last).isoformat(),
            "order_by": "logical_date",
            "limit": _PAGE,
        }
        found: list[Run] = []
        while True:
            rows = (self._get(f"/dags/{dag_id}/dagRuns", {**query, "offset": len(found)}) or {})["dag_runs"]
            found += map(_run, rows)
            if len(rows) < _PAGE:
                return found

    def measure_seconds(self, dag_id: str) -> float | None:
        """Seconds that the last runs of a DAG which ended well took, the median; None if there are none."""
        query = {"state": RunState.SUCCESS.value, "order_by": "-start_date", "limit": _MEASURED_RUNS}
        rows = (self._get(f"/dags/{dag_id}/dagRuns", query) or {})["dag_runs"]
        took = [
            (
                datetime.fromisoformat(row["end_date"]) - datetime.fromisoformat(row["start_date"])
            ).total_seconds()
            for row in rows
            if row["start_date"] and row["end_date"]
        ]
        return median(took) if took else None

    def run(self, run: Run) -> Run:
        """The run as it is now."""
        return _run(self._get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}") or {})

    def find(self, dag_id: str, run_id: str) -> Run | None:
        """The run of that id, if there is one."""
        row = self._get(f"/dags/{dag_id}/dagRuns/{run_id}", may_miss=True)
        return _run(row) if row else None

    def list_failed_tasks(self, since: datetime) -> list[dict[str, Any]]:
        """Task instances that ended after an instant and are failed still."""
        query = {"state": "failed", "end_date_gte": since.isoformat(), "limit": _PAGE}
        return list((self._get("/dags/~/dagRuns/~/taskInstances", query) or {})["task_instances"])

    def wait(self, look: Callable[[], list[Run]], expected: int, watch: Watcher) -> list[Run]:
        """Wait until `expected` runs have ended well; a backfill's may appear one after another.

        `look` fetches the runs as they are now, and `watch` is told at each look.

        Raises:
            RedeyeError: if one fails; the message names task and run and carries the end of its log.
        """
        while True:
            runs = look()
            active = next((run for run in runs if run.state == RunState.RUNNING), None)
            watch(runs, self._running_tasks(active) if active else "")
            for run in runs:
                if run.state == RunState.FAILED:
                    raise RedeyeError(self.explain_failure(run))
            if len(runs) >= expected and all(run.is_done for run in runs):
                return runs
            time.sleep(_POLL_SECONDS)

    def _running_tasks(self, run: Run) -> str:
        active = ("running", "deferred", "up_for_retry")
        return ", ".join(task["task_id"] for task in self._tasks(run) if task["state"] in active)

    def _tasks(self, run: Run) -> list[dict[str, Any]]:
        return list((self._get(_task_path(run)) or {})["task_instances"])

    def awaits_person(self, run: Run) -> bool:
        """Whether all that a run waits for is a person's answer."""
        return any(task["state"] == "awaiting_input" for task in self._tasks(run))

    def explain_failure(self, run: Run) -> str:
        """Task and run that failed, with the end of the log."""
        failed = [task for task in self._tasks(run) if task["state"] == "failed"]
        about = f"{run.dag_id} failed" + (f" for the night {run.night}" if run.night else "")
        if not failed:
            return f"{about}; no single task did: look at run {run.run_id} in Airflow's UI"
        task = failed[0]
        path = f"{_task_path(run)}/{task['task_id']}/logs/{task['try_number']}"
        query = {"full_content": True, "map_index": task["map_index"]}
        content = (self._get(path, query, may_miss=True) or {}).get("content", [])
        tail = [line for entry in content for line in _log_lines(entry)][-_LOG_LINES:]
        return f"{about} in its task {task['task_id']}:\n" + "\n".join(tail)

    def _get(
        self, path: str, query: dict[str, Any] | None = None, *, may_miss: bool = False
    ) -> dict[str, Any] | None:
        answer = self._client.get(f"/api/v2{path}", params=query)
        if may_miss and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _check_answer(answer)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _check_answer(self._client.request(method, f"/api/v2{path}", json=body))


@contextmanager
def open_api(configured: Settings, url: str | None = None) -> Iterator[AirflowApi]:
    """A session, logged in as the admin user; `url` is where Airflow's server is, by default the embedded one.

    Raises:
        ConfigError: if Airflow does not accept the password.
    """
    # A server that has just been restarted by the supervisor refuses connections for some seconds.
    transport = httpx.HTTPTransport(retries=5)
    password = configured.airflow_api_password.get_secret_value()
    base_url = url or environment.airflow_url(configured)
    with httpx.Client(base_url=base_url, timeout=60, transport=transport) as client:
        login = {"username": environment.ADMIN, "password": password}
        answer = client.post("/auth/token", json=login)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise ConfigError(
                f"Airflow at {client.base_url} refuses REDEYE_AIRFLOW_API_PASSWORD for {environment.ADMIN}"
            )
        client.headers["Authorization"] = f"Bearer {_check_answer(answer)['access_token']}"
        yield AirflowApi(client)


def find_due(conf: Mapping[str, Any]) -> str | None:
    """The instant at which the last night that a run is asked for was over, ISO; None if it is not, or names none."""
    named = conf.get("night") or conf.get("last")
    if not named:
        return None
    due = cutoff(date.fromisoformat(named))
    return due.isoformat() if due < datetime.now(UTC) else None


def _check_answer(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        request = answer.request
        raise RedeyeError(
            f"Airflow answered {answer.status_code} to {request.method} {request.url}: {answer.text}"
        )
    return dict(answer.json())


def _run(row: dict[str, Any]) -> Run:
    begin = row.get("data_interval_start") or row.get("logical_date")
    ended = datetime.fromisoformat(row["end_date"]) if row.get("end_date") else None
    state, night = RunState(row["state"]), _night(begin) if begin else None
    return Run(row["dag_id"], row["dag_run_id"], state, night, ended)


def _night(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(zone()).date()


def _task_path(run: Run) -> str:
    return f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"


def _names(some: list[date]) -> str:
    return f"{some[0]} to {some[-1]} ({len(some)} nights)" if some else "no night"


def _log_lines(entry: dict[str, Any] | str) -> list[str]:
    if isinstance(entry, str):
        return entry.splitlines()
    lines = str(entry.get("event", "")).splitlines()
    for error in entry.get("error_detail") or []:
        lines.append(f"{error.get('exc_type')}: {error.get('exc_value')}")
    return lines
