"""Runs DAGs in this process, one after another, and prints what became of each as a line of JSON.

Arguments: `dag_id@night` or `dag_id@first:last` each. Airflow must not have been imported with another
environment before, so the test starts this as a process of its own.
"""

from __future__ import annotations

import json
import sys
from datetime import date

from airflow.dag_processing.dagbag import DagBag

from redeye.declarations.calendar import find_start
from redeye.foundation.settings import PROJECT_ROOT

RESULT = "RESULT "


def main(arguments: list[str]) -> None:
    """Run each DAG for its night."""
    bag = DagBag(str(PROJECT_ROOT / "dags"))
    if bag.import_errors:
        raise SystemExit(str(bag.import_errors))
    for argument in arguments:
        dag_id, _, night = argument.partition("@")
        first, _, last = night.partition(":")
        conf = {"first": first, "last": last} if last else None
        run = bag.dags[dag_id].test(logical_date=find_start(date.fromisoformat(first)), run_conf=conf)
        tasks = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
        results = {ti.task_id: ti.xcom_pull(task_ids=ti.task_id) for ti in run.get_task_instances()}
        line = {"dag_id": dag_id, "night": night, "state": str(run.state), "tasks": tasks, "results": results}
        sys.stdout.write(RESULT + json.dumps(line, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
