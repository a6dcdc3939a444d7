"""Builds a whole range of nights at once, as a single release of its last night.

Run by hand, with `first` and `last` (both included), to fill a new warehouse before the nightly DAGs
begin. The rows are the same as if each night had been built alone; there is only no release to go back
to for the nights in between. To add single nights later, backfill `build_warehouse` instead.

When a task is red:

- **`ingest_deliveries`**: A delivery of the range is missing, damaged or refused; the log names night,
  file, column and examples. Get a new delivery, then clear this task; what is landed is not fetched
  again.
- **`transform`**: `build night … first`: the range does not begin where the warehouse ends; begin with
  the night that is named. Anything else: a dbt model or test failed; the log names it. Nothing of it is
  visible to readers.
- **`publish_release`**: The audit refused the range; the log names suite, expectation, night and rows.
  No gap is recorded. Mend the cause, then clear `ingest_deliveries` with everything after it; or
  trigger again with the night before the refused one as `last`. `the lease … was taken over`: another
  build came in between; clear `transform` with everything after it.
- **`materialize_features`**: The release stands; only the online store is behind. Clear this task.
"""

from __future__ import annotations

from airflow.sdk import DAG

from redeye_airflow.dag_arguments import describe_dag, range_params, run_by_hand
from redeye_airflow.dag_factory import build_tasks
from redeye_airflow.vocabulary import Tag

with DAG(
    dag_id="build_history",
    **describe_dag("Build a range of nights as one release.", [Tag.WAREHOUSE, Tag.BY_HAND], __doc__),
    **run_by_hand(range_params()),
):
    build_tasks("history")
