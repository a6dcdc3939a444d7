"""Trains candidates for `{model}` and promotes the best one only if it passes every gate.

Runs when `monitor_{model}` asks for it (a run `requested__<night>` with the verdict in its conf and note),
on the calendar of the spec if it has one, or by hand with `night` (what was known by then) and `reason`.
A promotion takes effect two nights after its own, never on a night already scored. Keeping the champion is
a success, not a failure: the log, the registry and the ledger say why.

Trainings run one at a time. While this DAG is paused, requests wait as queued runs, none is lost; a
promotion that comes too late is refused.

When a task is red:

- **`train_candidates`**: The champion stays, so nothing is urgent. `build night … first`: that night
  has no release; run `build_warehouse`, then clear this task. `is a recorded gap`: trigger again with
  another night. `nights up to … are scored already`: the candidate passed and would change a night that is
  done; trigger again with the last night that is built. `another promotion was
  decided meanwhile`: clear this task, it is judged against the champion of now. `version … is blocked`: it may
  not come back by itself. Anything else: the log names the step; mend it and clear this task.
"""

from __future__ import annotations

from redeye.declarations.played_models import load_played_specs
from redeye.declarations.specs import REQUIRED
from redeye.foundation.settings import settings
from redeye_airflow.dag_factory import train_dag

# Of specs with `approval: required`, and of all with four eyes.
APPROVAL = """
- **`approve_candidate`**: A candidate passed every gate and waits for an answer, here or under *Required
  actions*; the champion serves on. If nothing waits, it is skipped. Red, such as `asked for the training … somebody
  else must approve it`: clear it, it asks again.
- **`promote_candidate`**: `another promotion was decided meanwhile`: the candidate was judged against a champion
  that is none any more; trigger a new training. Anything else: mend it and clear this task.
"""

for spec in load_played_specs().values():
    train_dag(spec, __doc__ + (APPROVAL if spec.approval == REQUIRED or settings().four_eyes else ""))
