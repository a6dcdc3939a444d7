"""Builds nights again that were released before, as one more revision of the head.

Run by hand, with `night`, `kind` and `reason`. A `repair` fills nights that were left out, with what later nights
took in; a `rebuild` applies changed dbt code. All nights from `night` to the head are built in
one go. What was released before stays, and so do predictions, trainings and verdicts; nothing is scored or
materialized. The next night builds on the revision.

When a task is red:

- **`ingest_deliveries`**: A delivery is missing, damaged or refused; the log names night, file, column and
  examples. Nothing of it is built. A rebuild asks the source for nothing and skips the work.
- **`transform`**: `nothing to repair` or `nothing to rebuild`: there is no reason to build again, or not from
  this night; what the source changed comes in with the next. `build that, then repair`: so do the gap's deliveries.
  `by a rebuild first`: the dbt code has changed; bring that in alone, then repair. Anything else: a dbt
  model or test failed; the log names it. Readers see nothing of it.
- **`publish_release`**: The audit refused the revision; the log names suite, expectation, night and rows. The
  head stays. Mend the cause, then trigger again.
"""

from __future__ import annotations

from airflow.sdk import DAG

from redeye_airflow.dag_arguments import again_params, describe_dag, run_by_hand
from redeye_airflow.dag_factory import build_again_tasks
from redeye_airflow.vocabulary import Tag

with DAG(
    dag_id="build_again",
    **describe_dag(
        "Build released nights again: a repair or a rebuild.", [Tag.WAREHOUSE, Tag.BY_HAND], __doc__
    ),
    **run_by_hand(again_params()),
):
    build_again_tasks()
