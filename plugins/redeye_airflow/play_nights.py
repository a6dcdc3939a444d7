"""The operator that plays nights, and its trigger: what is missing runs, night by night, for every model.

The task itself only finds out what is missing. Then the trigger looks every few seconds, starts what may start, and
holds no worker. Ended by hand, nothing new begins; what runs then ends by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any

import httpx
from airflow.configuration import conf
from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.foundation.task_session import task_session
from redeye_airflow.nights import NightRun

POLL_SECONDS = 5.0


class PlayNightsOperator(BaseOperator):
    """Builds, scores and judges the nights of its run, both included, that are not; the same again is no change."""

    @task_session()
    def execute(self, context: Context) -> dict[str, Any]:
        """Find out what is missing and let the trigger play it.

        Raises:
            AirflowFailException: if it cannot be played, with what there is.
        """
        from redeye.operations import find_unplayed, model_status

        try:
            run = NightRun.of(context)
            steps = find_unplayed.list_missing_steps(run.first, run.last)
        except ConfigError as error:
            raise AirflowFailException(str(error)) from error
        self.log.info("%d runs are missing of the nights %s", len(steps), run.label)
        if steps:
            lags = {name: spec.effective_lag_nights for name, spec in model_status.specs().items()}
            began = context["dag_run"].start_date or context["dag_run"].run_after
            trigger = PlayTrigger([[*step[:2], str(step.night)] for step in steps], lags, began.isoformat())
            self.defer(trigger=trigger, method_name=self.resume.__name__)
        return {"nights": run.label, "steps": 0}

    def resume(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """End as the playing ended.

        Raises:
            AirflowFailException: if a run failed, with the end of its log.
        """
        if event["failure"]:
            raise AirflowFailException(event["failure"])
        return {"nights": NightRun.of(context).label, "steps": event["steps"]}


class PlayTrigger(BaseTrigger):
    """Fires once: when all steps are done, or one has failed.

    Args:
        steps: verb, model and ISO date of each.
        lags: by model, the nights between a decision and its effect.
        began: ISO instant at which the nights began to be played.
        poll_seconds: between two looks.
    """

    def __init__(
        self,
        steps: list[list[str]],
        lags: dict[str, int],
        began: str,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        super().__init__()
        self.steps = steps
        self.lags = lags
        self.began = began
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer needs them to make this trigger again."""
        names = ("steps", "lags", "began", "poll_seconds")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, start what may start, and again."""
        from redeye.operations.logic.night_plan import Step
        from redeye.stack.airflow.play_nights import Look, advance

        steps = [Step(verb, model, date.fromisoformat(night)) for verb, model, night in self.steps]
        left, began = steps, datetime.fromisoformat(self.began)

        def look() -> Look:
            with open_own_api() as api:
                return advance(api, left, self.lags, began)

        while True:
            try:
                seen = await asyncio.to_thread(look)
            except httpx.TransportError as error:
                # A server that is being started again: what runs goes on meanwhile.
                self.log.warning("Airflow's server does not answer, it is asked again: %s", error)
            else:
                for step in seen.started:
                    self.log.info("%s of night %s starts", step.dag_id, step.night)
                if seen.failure or seen.is_done:
                    yield TriggerEvent({"failure": seen.failure, "steps": len(steps)})
                    return
                left = seen.steps
            await asyncio.sleep(self.poll_seconds)


def open_own_api() -> Any:  # noqa: ANN401  a context manager of a class that is not imported when DAGs are parsed
    """A session with the server that this Airflow's tasks speak to."""
    from redeye.stack.airflow.airflow_api import open_api

    return open_api(settings(), conf.get("core", "execution_api_server_url").partition("/execution")[0])
