"""The operator that turns a recorded request into a training: a run with the verdict in its conf, and an event."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, AssetAlias, Context
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from redeye.declarations.calendar import cutoff

log = logging.getLogger(__name__)

# Airflow's database refuses a longer note, and the run with it. The conf has the whole reason.
LONGEST_NOTE = 1000


class TrainingRequestOperator(TriggerDagRunOperator):
    """Starts the training that one request asks for; mapped over the open requests, as `conf`.

    However often it is killed, tried again or cleared: a request has one run, known by its id, and one
    event. A run that failed is left to whoever clears it. In a paused DAG the run waits, queued, until the
    DAG is unpaused.

    Args:
        event: the asset that stands for requests in the lineage view.
        alias: through which its events are made.
    """

    def __init__(self, *, event: Asset, alias: AssetAlias, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.event = event
        self.alias = alias

    def execute(self, context: Context) -> None:
        """Tell of the request and start its training, each unless that was done."""
        request = dict(self.conf or {})
        night = request["night"]
        if not any(
            (event.extra or {}).get("night") == night for event in context["inlet_events"][self.event]
        ):
            context["outlet_events"][self.alias].add(self.event, extra=request)
        # The run of a request is named by its night: whoever asks again finds it.
        run_id = f"requested__{night}"
        if RuntimeTaskInstance.get_dr_count(dag_id=self.trigger_dag_id, run_ids=[run_id]):
            log.info("%s has a run %s already", self.trigger_dag_id, run_id)
            return
        self.trigger_run_id = run_id
        # Lists of runs are sorted by this: by the nights, also where many are played in an hour.
        self.run_after = cutoff(date.fromisoformat(night))
        asked = f"Asked for after night {night}, whose verdict is {request['verdict']}: {request['reason']}"
        self.note = asked if len(asked) <= LONGEST_NOTE else f"{asked[: LONGEST_NOTE - 1]}…"
        log.info("%s %s: %s", self.trigger_dag_id, run_id, asked)
        super().execute(context)
