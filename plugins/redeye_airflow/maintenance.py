"""The operator and the calendar of work that belongs to no night: the care of lakes and disk."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import Context, CronTriggerTimetable
from airflow.sdk.exceptions import AirflowFailException

from redeye.declarations.calendar import zone
from redeye.foundation.cost_store import record_cost
from redeye.foundation.errors import DiskBudgetExceeded, ReleaseAltered
from redeye.foundation.task_session import task_session
from redeye_airflow.dag_arguments import DEFAULTS
from redeye_airflow.nights import find_complete_night, load_dotted
from redeye_airflow.operators import FINAL_ERRORS, JobOperator, hand_on, summary

log = logging.getLogger(__name__)

# Sunday at noon: the night's work is done long since, and nobody waits for the leases until the next one.
CRON = "0 12 * * 0"


def schedule_weekly() -> dict[str, Any]:
    """Arguments of a DAG that runs once a week by the project's clock, whatever nights the source has."""
    return {
        "schedule": CronTriggerTimetable(CRON, timezone=zone().key),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULTS,
    }


class MaintenanceOperator(JobOperator):
    """Runs one job that belongs to no night; its arguments are `op_kwargs` alone."""

    @task_session()
    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job and hand on its result; what it took is recorded with the last complete night."""
        run = context["dag_run"]
        log.info("%s", self.job)
        try:
            with record_cost(self.job, find_complete_night(run.run_after), model=None, run_id=run.run_id):
                result = load_dotted(self.job)(**self.op_kwargs)
        except (*FINAL_ERRORS, ReleaseAltered, DiskBudgetExceeded) as error:
            raise AirflowFailException(str(error)) from error
        handed_on = hand_on(result, self.job)
        log.info("%s", summary(handed_on))
        return handed_on
