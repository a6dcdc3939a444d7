"""The one operator: checks that the release a job needs is there, runs the job, hands on its result.

Who waits and who does not: a *scheduled* run may find that the night is still being built, so it waits,
deferred, until a deadline. A *backfill* or a run *by hand* fails at once with what to build first, since
waiting runs fill a backfill's slots. The one exception is a build whose predecessor is being built by an
active run of the same DAG: that will end by itself, so every kind of run waits for it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, timedelta
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import Asset, BaseOperator, BaseOperatorLink, Context
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.log import mask_secret

from redeye.declarations.calendar import find_complete_night, find_previous_night
from redeye.foundation import errors
from redeye.foundation.cost_store import record_cost
from redeye.foundation.masking import find_secrets, mask
from redeye.foundation.openlineage import PARENT
from redeye.foundation.task_session import task_session
from redeye.foundation.ui_links import link_task
from redeye.operations.logic.alerts import RELEASE_DUE
from redeye_airflow.nights import NightRun, compute_deadline
from redeye_airflow.triggers import (
    ReleaseState,
    ReleaseTrigger,
    active_state,
    missing_predecessor,
    read_release_state,
)
from redeye_airflow.vocabulary import Link, Otherwise, Outcome, Requirement, RunValue

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

log = logging.getLogger(__name__)

PUBLISH_JOB = "redeye.warehouse.build:publish"
# Trying again changes nothing about these: a person or the next delivery does.
FINAL_ERRORS = (
    errors.AuditRefused,
    errors.DeliveryError,
    errors.ConfigError,
    errors.FeatureEdited,
    errors.NotReleased,
    errors.AlreadyDecided,
    errors.NeedsAnother,
    errors.RegistryDiffers,
    errors.ReleaseAltered,
    errors.DiskBudgetExceeded,
)

# A run that is not on time waits for an active predecessor only; its own timeouts and retries end sooner.
PATIENCE_WITH_AN_ACTIVE_RUN = timedelta(hours=6)

_TITLES = {
    Link.MLFLOW_RUN: "MLflow run",
    Link.MODEL_VERSION: "Model version",
    Link.DRIFT_REPORT: "Drift report",
}


class ResultLink(BaseOperatorLink):
    """A button on a task's page: the address under one key of the job's result; none if it has none.

    Airflow reads it when the task ends and keeps it as an XCom of its own, so the UI needs no code of ours.
    """

    def __init__(self, link: Link) -> None:
        self.link = link

    @property
    def name(self) -> str:
        """The button's text."""
        return _TITLES[self.link]

    @property
    def xcom_key(self) -> str:
        """Where Airflow keeps the address: one key for each link of a task."""
        return f"_link_{self.link.value}"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002  Airflow's
        """The address, asked for once when the task ends; empty if it has none."""
        # Airflow declares the key of a task twice, differently.
        result = BaseXCom.get_value(ti_key=ti_key, key=BaseXCom.XCOM_RETURN_KEY)  # type: ignore[arg-type]
        return str(result.get(self.link.value) or "") if isinstance(result, dict) else ""


Result = dict[str, Any] | list[Any]


class JobOperator(BaseOperator):
    """Runs one job for the night of its DAG run.

    Args:
        job: `module:function`, imported only when the task runs.
        given: the job's arguments that come from the run, by name.
        op_kwargs: its other arguments: constants, templates, results of earlier tasks.
        requires: what must be in the release ledger first.
        on_gap: what to do if the required night is a recorded gap.
        on_deadline: what to do if it did not come in time; `degrade` sets `IS_DEGRADED_ALLOWED`.
        wait: how long after the night's cutoff a scheduled run waits.
        links: keys of the job's result that become buttons on the task's page.
        hands_on: key of the job's result, a list, that alone is handed on, so that a task can be mapped over
            it; the whole result is the XCom `result`.
    """

    template_fields: Sequence[str] = ("op_kwargs",)

    def __init__(
        self,
        *,
        job: str,
        given: Sequence[RunValue] = (),
        op_kwargs: Mapping[str, Any] | None = None,
        requires: Requirement | None = None,
        on_gap: Otherwise = Otherwise.FAIL,
        on_deadline: Otherwise = Otherwise.FAIL,
        wait: timedelta = RELEASE_DUE,
        links: Sequence[Link] = (),
        hands_on: str | None = None,
        **kwargs: Any,  # noqa: ANN401  BaseOperator's own
    ) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.given = given
        self.op_kwargs = dict(op_kwargs or {})
        self.requires = requires
        self.on_gap = on_gap
        self.on_deadline = on_deadline
        self.wait = wait
        self.operator_extra_links = self._result_links = tuple(ResultLink(link) for link in links)
        self.hands_on = hands_on
        self._handed_on: dict[str, Any] = {}

    def pre_execute(self, context: Context) -> None:
        """Let Airflow's log and its lineage of errors hide what this process knows of secrets."""
        for secret in find_secrets():
            mask_secret(secret)
        super().pre_execute(context)

    @task_session()
    def execute(self, context: Context) -> Result:
        """Check what the job requires, then run it; or defer, skip or fail."""
        try:
            run = NightRun.of(context)
        except errors.ConfigError as error:
            raise AirflowFailException(str(error)) from error
        match self.requires:
            case Requirement.RELEASE:
                return self._with_release(context, run)
            case Requirement.PREVIOUS_RELEASE:
                self._await_predecessor(run)
        return self._run_job(context, run)

    @task_session()
    def resume(self, context: Context, event: Mapping[str, str]) -> Result:
        """Go on after the trigger fired."""
        night, outcome = event["night"], Outcome(event["outcome"])
        log.info("waiting for night %s ended: %s", night, outcome.value)
        match outcome:
            case Outcome.SETTLED:
                return self.execute(context)
            case Outcome.ABANDONED:
                raise AirflowFailException(
                    f"build night {night} first: its run is over and left no release and no recorded gap"
                )
            case Outcome.STARVED:
                raise AirflowFailException(
                    f"build night {night} first: its run is queued and does not start while this one "
                    "waits for it; run backfills forwards, and clear the earliest failed night first"
                )
        return self._too_late(context, NightRun.of(context), night)

    def _with_release(self, context: Context, run: NightRun) -> Result:
        match read_release_state(run.last):
            case ReleaseState.RELEASED:
                return self._run_job(context, run)
            case ReleaseState.GAP:
                return self._otherwise(self.on_gap, context, run, f"night {run.last} is a recorded gap")
        if not run.is_scheduled:
            raise AirflowFailException(f"build night {run.last} first: run build_warehouse for it")
        if self._is_too_late(run):
            return self._too_late(context, run, run.last)
        return self._defer(run, self.wait, run.last)

    def _await_predecessor(self, run: NightRun) -> None:
        earlier = find_previous_night(run.first)
        if read_release_state(earlier) is not ReleaseState.MISSING:
            return
        if active_state(self.dag_id, earlier) is not None:
            self._defer(run, PATIENCE_WITH_AN_ACTIVE_RUN, earlier, watched_dag_id=self.dag_id)
        missing = missing_predecessor(run.first)
        if missing is None:
            return
        if not run.is_scheduled:
            raise AirflowFailException(
                f"build night {missing} first: nights are built forwards, one after the other"
            )
        if self._is_too_late(run):
            raise AirflowFailException(f"night {earlier} was not released by the deadline: build it first")
        self._defer(run, self.wait, earlier)

    def get_openlineage_facets_on_complete(self, _ti: object) -> object:
        """What the task read and wrote, for the listener of OpenLineage's provider."""
        from redeye_airflow.lineage import make_lineage

        publishes = self.job == PUBLISH_JOB
        return make_lineage(self.inlets, self.outlets, self._handed_on, publishes=publishes)

    def _is_too_late(self, run: NightRun) -> bool:
        # A scheduler that was down starts runs whose deadline has passed: they need not go to sleep first.
        now = present()
        return compute_deadline(run, self.wait, now) <= now

    def _too_late(self, context: Context, run: NightRun, night: date | str) -> Result:
        reason = f"night {night} was not released by the deadline"
        return self._otherwise(self.on_deadline, context, run, reason)

    def _defer(
        self, run: NightRun, wait: timedelta, night: date, *, watched_dag_id: str | None = None
    ) -> NoReturn:
        deadline = compute_deadline(run, wait, present()).isoformat()
        log.info("night %s is not released yet: waiting until %s", night, deadline)
        trigger = ReleaseTrigger(night.isoformat(), deadline, watched_dag_id)
        self.defer(trigger=trigger, method_name=self.resume.__name__)

    def _otherwise(self, choice: Otherwise, context: Context, run: NightRun, reason: str) -> Result:
        match choice:
            case Otherwise.DEGRADE:
                log.warning("%s: going on degraded, from the last good release", reason)
                return self._run_job(context, run, is_degraded=True)
            case Otherwise.SKIP:
                raise AirflowSkipException(f"{reason}: nothing to do for it")
        raise AirflowFailException(
            f"{reason}: build it first if it can still be built, or take another night"
        )

    def _run_job(self, context: Context, run: NightRun, *, is_degraded: bool = False) -> Result:
        values = {
            **asdict(run),
            RunValue.NIGHT: run.last,
            RunValue.RUN_URL: link_task(self.dag_id, run.run_id, self.task_id),
            RunValue.IS_DEGRADED_ALLOWED: is_degraded,
        }
        log.info("%s for night %s", self.job, run.label)
        _announce(context)
        given = {name.value: values[name] for name in self.given}
        handed_on = self._handed_on = self._call_job(run.last, run.run_id, given)
        log.info("night %s: %s", run.label, summary(handed_on))
        for link in self._result_links:
            # A line of its own: the log's page makes an address clickable up to the next space.
            log.info("%s: %s", link.name, handed_on.get(link.link.value) or "none")
        for outlet in self.outlets:
            if isinstance(outlet, Asset):
                event = context["outlet_events"][outlet]
                event.extra = {"night": run.last.isoformat(), "run_id": run.run_id}
        if self.hands_on is None:
            return handed_on
        context["ti"].xcom_push("result", handed_on)
        return list(handed_on[self.hands_on])

    def _call_job(self, night: date, run_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The job's result, as it is handed on; what it took is recorded with the night."""
        try:
            with record_cost(self.job, night, model=self.op_kwargs.get("model"), run_id=run_id):
                result = resolve_name(self.job)(**self.op_kwargs, **given)
        except errors.DeliveryInterrupted:
            raise
        except FINAL_ERRORS as error:
            raise AirflowFailException(mask(str(error))) from error
        return hand_on(result, self.job)


class MaintenanceOperator(JobOperator):
    """Runs one job that belongs to no night; its arguments are `op_kwargs` alone."""

    @task_session()
    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job and hand on its result; what it took is recorded with the last complete night."""
        run = context["dag_run"]
        log.info("%s", self.job)
        handed_on = self._call_job(find_complete_night(run.run_after), run.run_id, {})
        log.info("%s", summary(handed_on))
        return handed_on


def _announce(context: Context) -> None:
    """Tell what the job starts itself whose child it is in the lineage, if lineage is written at all."""
    from airflow.providers.openlineage import conf
    from airflow.providers.openlineage.plugins.macros import lineage_parent_id

    if not conf.is_disabled():
        os.environ[PARENT] = lineage_parent_id(context["ti"])


def present() -> datetime:
    """Now, in UTC. Only waiting looks at the clock."""
    return datetime.now(UTC)


def hand_on(result: object, job: str) -> dict[str, Any]:
    """A job's result as a JSON-able mapping, to be pushed for later tasks and for the UI.

    A list is what a ledger already holds in full: only its length is handed on.

    Raises:
        TypeError: if the result is something else, or holds what JSON cannot.
    """
    if result is None:
        return {}
    if isinstance(result, list | tuple):
        return {"count": len(result)}
    if is_dataclass(result) and not isinstance(result, type):
        result = asdict(result)
    if not isinstance(result, Mapping):
        raise TypeError(f"{job} returned {type(result).__name__}; a job returns a mapping, a list or None")
    plain: dict[str, Any] = json.loads(json.dumps(dict(result), default=str))
    return plain


def summary(result: Mapping[str, Any]) -> str:
    """One line for the log: the plain values without addresses, and the sizes of the others."""
    parts = [
        f"{name}={len(value)} items" if isinstance(value, list | dict) else f"{name}={value}"
        for name, value in result.items()
        if name not in set(Link)
    ]
    return ", ".join(parts) or "done"
