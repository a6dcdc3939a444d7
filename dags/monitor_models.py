"""Judges `{model}` by the labels that have become final.

Runs at 03:00 New York time and waits, deferred, for the night's release. It measures the quality of
earlier predictions whose labels have matured, against the heuristic on the same rows, and gives a verdict
with reasons: `ok`, `watch` (look at the quality; nothing acts on it) or `retrain` (trigger
`train_{model}` with a `reason`; it may still decide to keep the champion). The verdict and its reasons
are in the task's log and its XCom; `make verdicts` prints the last ones. A night that is a recorded gap
is skipped.

When a task is red:

- **`judge_predictions`**: No prediction depends on this task: it can wait for the morning. `build night
  … first`: run `build_warehouse` for that night, then clear this task. Not released by 09:00: see why
  `build_warehouse` is red. `judged before as …`: a second run judged otherwise; the first verdict stands.
"""

from __future__ import annotations

from airflow.sdk import DAG

from redeye.core.specs import sound_specs
from redeye.settings import SPECS
from redeye_airflow.factory import monitor_dag

dags: dict[str, DAG] = {
    dag.dag_id: dag for spec in sound_specs(SPECS).values() for dag in [monitor_dag(spec, __doc__)]
}
globals().update(dags)
