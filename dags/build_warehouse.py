"""Takes in a night's deliveries and publishes an audited release of the warehouse.

Runs at each cutoff for the night that just ended. Nights are built forwards, one at a time;
everything else (scoring, monitoring, training) reads only what is published here. While this is red,
the coming day is scored from the last good release and marked degraded.

When a task is red:

- **`ingest_deliveries`**: A delivery is missing, damaged or was refused by its audit; the log names
  file, column and examples. The other deliveries are taken in, and the night is recorded as a gap
  already. Until the next night is released: get a new delivery from the source, then clear this task
  with everything after it. Later: leave it.
- **`transform`**: `build night … first`: the night before has no release; run that night, then clear
  this task with everything after it. `… changes what serving versions read`: the code was merged with a
  feature edited in place; undo the edit and clear likewise, or bring it in on purpose with `./redeye rebuild`,
  as the log says, and clear then. Anything else: a dbt model or test failed; the log names it and
  readers see nothing of it. Mend it and clear this task likewise. If it cannot be mended before the
  next night: `./redeye gap … --reason …`.
- **`publish_release`**: Refused by the audit; the log names suite, expectation and rows, and readers
  keep the last good release. Until the next night is released: mend the cause, then clear
  `ingest_deliveries` with everything after it. Later: leave it; the night stays a recorded gap, and
  what arrives corrected comes in with the next night. `the lease … was taken over`: another build came
  in between; clear `transform` with everything after it, not this task alone.
- **`materialize_features`**: The release stands; only the online store is behind. Clear this task. It
  moves forwards only, so again is safe.

By hand: trigger with `night`. Many nights: a backfill, forwards, or `build_history` for a whole range
in one release. A task that waits for the warehouse's lease is tried again by itself.
"""

from __future__ import annotations

from airflow.sdk import DAG

from redeye_airflow.dag_arguments import describe_dag, schedule_nightly
from redeye_airflow.dag_factory import build_tasks
from redeye_airflow.nights import source_nights
from redeye_airflow.vocabulary import Tag

with DAG(
    dag_id="build_warehouse",
    **describe_dag(
        "Take in a night's deliveries and publish an audited release.", [Tag.WAREHOUSE, Tag.NIGHTLY], __doc__
    ),
    **schedule_nightly(source_nights().final_night),
):
    build_tasks("nightly")
