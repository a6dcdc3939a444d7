"""The operator and the calendar of work that belongs to no night: the care of lakes and disk."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import Context, CronTriggerTimetable
from airflow.sdk.exceptions import AirflowFailException

from redeye.declarations.calendar import zone
from redeye.foundation.errors import DiskBudgetExceeded, ReleaseAltered
from redeye_airflow.dag_arguments import DEFAULTS
from redeye_airflow.nights import load_dotted
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

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002  the name is Airflow's
        """Run the job and hand on its result."""
        log.info("%s", self.job)
        try:
            result = load_dotted(self.job)(**self.op_kwargs)
        except (*FINAL_ERRORS, ReleaseAltered, DiskBudgetExceeded) as error:
            raise AirflowFailException(str(error)) from error
        handed_on = hand_on(result, self.job)
        log.info("%s", summary(handed_on))
        return handed_on
