"""Predicts, with `{model}`, all {many} scheduled for the coming day, and writes the consumers' files.

Runs at each cutoff and waits, deferred, until the night's release is published. If the release is
refused, or not there 75 minutes after the cutoff, the day is scored from the last good release and
every row says so (degraded, with the reason): late data, never no predictions.

When a task is red:

- **`score_{many}`**: `build night … first` (backfill or run by hand): run `build_warehouse` for that
  night, then clear this task. An audit refusal: the predictions are implausible, the log says which;
  none were written, the consumers still have yesterday's files. `scored before by … again it differs`:
  a second run came to another result; the first one stands, do not force it. `has no champion`: a new
  model; trigger `train_{model}` for an earlier night.
- **`export_predictions`**: The predictions are written and stay; only the files are missing. Check the
  folder or bucket in the log, then clear this task alone.

Nights can be scored in any order, once they are built. Scoring a night again changes nothing.
"""

from __future__ import annotations

from redeye.declarations.played_models import load_played_specs
from redeye_airflow.dag_factory import score_dag

for spec in load_played_specs().values():
    score_dag(spec, __doc__)
