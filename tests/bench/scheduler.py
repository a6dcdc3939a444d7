"""The same night through Airflow: how long its tasks waited, started, worked and ended.

Read from a running stack (`make run`): task instances by the API, and the two lines that the operator writes
to a task's log before and after its job. A job imports what it needs, so `job` holds imports and work; how
long the imports take is measured with the night in one process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from figures import Figure

DAGS = ("build_warehouse", "score_flight_delay", "monitor_flight_delay")
OPERATOR = "redeye_airflow.operators"
NAME = "night through the scheduler"


@dataclass(frozen=True)
class Task:
    """Seconds of one task.

    Attributes:
        waited: from being queued to being started by the executor.
        startup: from there to the job's first line: a process, the DAG's file, the ledger.
        job: imports and work.
        ending: from the job's end to the task's.
    """

    dag_id: str
    task_id: str
    waited: float
    startup: float
    job: float
    ending: float

    @property
    def total(self) -> float:
        """From being queued to the end."""
        return self.waited + self.startup + self.job + self.ending


def task_of(instance: dict[str, Any], entries: Iterable[Any]) -> Task | None:
    """The seconds of a task instance with its log; None if it did not run a job to its end."""
    lines = [entry for entry in entries if isinstance(entry, dict) and entry.get("logger") == OPERATOR]
    begins = [_instant(line["timestamp"]) for line in lines if " for night " in line["event"]]
    ends = [_instant(line["timestamp"]) for line in lines if line["event"].startswith("night ")]
    if instance["state"] != "success" or not begins or not ends:
        return None
    queued, started, ended = (_instant(instance[at]) for at in ("queued_when", "start_date", "end_date"))
    points = (queued, started, begins[-1], ends[-1], ended)
    spans = [(b - a).total_seconds() for a, b in pairwise(points)]
    return Task(instance["dag_id"], instance["task_id"], *spans)


def read(stack_home: Path, airflow_port: int) -> tuple[date, list[Task]]:
    """The newest night that all three DAGs of a running stack have done, and its tasks.

    Leaves the environment of this process as the stack's.

    Raises:
        LookupError: if there is none.
    """
    from redeye.declarations.project import project
    from redeye.foundation.settings import Settings, settings
    from redeye.sources.configured_source import load_source
    from redeye.stack import environment
    from redeye.stack.airflow import airflow_api
    from redeye.stack.airflow.airflow_api import RunState
    from redeye.stack.secrets import load_or_create

    # The throw-away installation's settings would be taken for the operator's own choice.
    for name in [each for each in os.environ if each.startswith("REDEYE_")]:
        del os.environ[name]
    chosen = Settings(home=stack_home, airflow_port=airflow_port)
    environment.export(chosen, load_or_create(stack_home))
    span = project().first_run.history_last, load_source().final_night
    with airflow_api.open_api(settings()) as api:
        runs = {dag_id: api.night_runs(dag_id, *span) for dag_id in DAGS}
        done = [{run.night for run in found if run.state == RunState.SUCCESS} for found in runs.values()]
        nights = sorted(night for night in set.intersection(*done) if night is not None)
        if not nights:
            raise LookupError(f"{stack_home}: no night that {', '.join(DAGS)} have all done")
        tasks = []
        for run in (run for found in runs.values() for run in found if run.night == nights[-1]):
            for instance in api._tasks(run):
                where = f"{airflow_api._task_path(run)}/{instance['task_id']}/logs/{instance['try_number']}"
                query = {"full_content": True, "map_index": instance["map_index"]}
                log = api._get(where, query, may_miss=True) or {}
                tasks.append(task_of(instance, log.get("content", [])))
    return nights[-1], [task for task in tasks if task is not None]


def measure(stack_home: str, airflow_port: int) -> dict[str, Any]:
    """`read` in JSON, or the reason for which there is nothing to read; run as a child."""
    import httpx

    if not (Path(stack_home) / "secrets.env").exists():
        return {"reason": f"{stack_home} is not the home of a stack"}
    try:
        night, tasks = read(Path(stack_home), airflow_port)
    except (httpx.TransportError, LookupError) as error:
        return {"reason": f"{error}"}
    return {"night": night.isoformat(), "tasks": [asdict(task) | {"total": task.total} for task in tasks]}


def figure(found: dict[str, Any]) -> Figure:
    """The line: the sum over the night's tasks, and where it went; or why there is none."""
    if "reason" in found:
        return skipped(found["reason"])
    sums = {
        part: sum(task[part] for task in found["tasks"])
        for part in ("waited", "startup", "job", "ending", "total")
    }
    return Figure(
        NAME,
        "s",
        ours=sums["total"],
        note=f"{found['night']}, {len(found['tasks'])} tasks: waited {sums['waited']:.1f}, start-up "
        f"{sums['startup']:.1f}, imports and work {sums['job']:.1f}, ending {sums['ending']:.1f}",
        detail={"sums": sums, **found},
    )


def skipped(reason: str) -> Figure:
    """The line when there is nothing to read."""
    return Figure(NAME, note=f"not measured: {reason}")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
