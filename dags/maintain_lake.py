"""Keeps the lakes small and the disk within its budget, and proves that every release stays as it was.

Runs on Sundays at noon by the project's clock, under the leases of the lakes: it waits for a build that runs, and
a build waits for it. Snapshots that no release names are expired and small files are merged; then
releases are read whole and compared with what was recorded when they were published; only after that
are files deleted that nothing has needed for a day (`REDEYE_MAINTENANCE_GRACE_HOURS`). It may be ended
at any moment and run again: nothing is lost by it. By hand: trigger it; it takes no parameters.

When a task is red:

- **`compact_lakes`**: A build held the lease for longer than ten minutes, or the catalog could not be
  reached. Nothing is lost and predictions go on. Clear this task once no build runs.
- **`verify_releases`**: The log names release and table: a release does not hold what it held when it was
  published, or its files cannot be read. No file is deleted while this is red. Do not clear what
  follows. Restore the newest good backup beside this installation and compare
  (docs/guides/operations.md, *Restore*).
- **`remove_files`**: A lease was held, or files look orphaned that the catalog knows; then none was
  deleted: see that `REDEYE_HOME` leads to the folder of this catalog's lakes. Clear this task alone.
- **`check_disk`**: The home takes more than `REDEYE_DISK_BUDGET_GB`; the log has the bytes of each part.
  From 80 % of the budget on the log warns and `make status` shows it. Make room or raise the budget
  (docs/guides/operations.md, *Disk*), then clear this task.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from redeye_airflow.dag_arguments import describe_dag, schedule_weekly
from redeye_airflow.operators import MaintenanceOperator
from redeye_airflow.vocabulary import Tag

with DAG(
    dag_id="maintain_lake",
    **describe_dag(
        "Merge the lakes' files, verify every release, remove what nothing needs, check the disk.",
        [Tag.WAREHOUSE, Tag.WEEKLY],
        __doc__,
    ),
    **schedule_weekly(),
):
    compact = MaintenanceOperator(
        task_id="compact_lakes",
        job="redeye.operations.maintain:compact_lakes",
        op_kwargs={"run_id": "{{ run_id }}"},
        execution_timeout=timedelta(hours=2),
    )
    verify = MaintenanceOperator(
        task_id="verify_releases",
        job="redeye.operations.maintain:verify_releases",
        op_kwargs={"week": "{{ (dag_run.run_after.timestamp() // 604800) | int }}"},
        execution_timeout=timedelta(hours=2),
    )
    remove = MaintenanceOperator(
        task_id="remove_files",
        job="redeye.operations.maintain:remove_files",
        op_kwargs={"run_id": "{{ run_id }}"},
        execution_timeout=timedelta(hours=1),
    )
    check = MaintenanceOperator(
        task_id="check_disk",
        job="redeye.operations.maintain:check_disk",
        # Whatever became of the others: a disk that fills up is told of.
        trigger_rule="all_done",
    )
    # Not after the removal: as the only last task it would turn the run green over all that is red.
    compact >> verify >> [remove, check]
