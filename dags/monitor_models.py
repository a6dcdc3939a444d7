"""Judges `{model}` by the labels that have become final, and asks for a training if that is due.

Runs at each cutoff and waits, deferred, for the night's release. It measures the quality of the
champion's own predictions whose labels have matured, against the heuristic on the same rows and against
the champion's test, each with its interval, looks for drift, and gives a verdict with reasons: `ok`,
`warning` (a person should look; nothing acts on it), `retrain` or `roll back` (the version that was last serving
well would have done significantly better on the champion's own rows). A night that is a recorded gap is skipped.

Between a verdict and an act stand persistence (so many of the last nights), a cooldown and a budget per
month, for a rollback persistence alone; every night's decision is kept with its reason. A rollback is in the
ledger with the decision, takes effect two nights later, and blocks the version that it leaves. If a training is
due, `request_training` starts `train_{model}` as a run `requested__<night>` whose conf carries the verdict;
most nights it is skipped. `./redeye verdicts` prints verdicts and decisions. Nights may be run in any order and
again: decisions are made forwards, from the first night that was scored, and what is decided stands.

When a task is red:

- **`judge_predictions`**: No prediction depends on this task: it can wait for the morning. `build night
  … first`: run `build_warehouse` for that night, then clear this task. Not released six hours after the cutoff: see why
  `build_warehouse` is red. `judged before as …`: a second run judged otherwise; the first verdict stands.
- **`decide_retraining`**: The verdict is kept. It also judges earlier nights that were scored and never
  judged: the log names the night if that failed; mend it there. Clear this task. The night after it
  would catch up by itself.
- **`request_training`**: The request is in the ledger and stays open until its training has ended. Clear
  this task: a training that was started is not started again. Left red, the next night asks for it again.
- **`reconcile_registry`**: Scoring goes by the ledger and is not affected. The log names each version that
  the registry lacks or holds otherwise; restore MLflow's backup, then clear this task. If MLflow was down, the
  next night repairs the aliases.
- **`write_reports`**: Verdict and request are not affected. The log names the report; clear this task.
"""

from __future__ import annotations

from redeye.declarations.played_models import load_played_specs
from redeye_airflow.dag_factory import monitor_dag

for spec in load_played_specs().values():
    monitor_dag(spec, __doc__)
