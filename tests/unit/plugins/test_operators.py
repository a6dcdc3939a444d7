"""Who waits, who fails at once, who goes on degraded."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.providers.openlineage.utils.utils import OpenLineageRedactor
from airflow.sdk import Asset
from airflow.sdk._shared.secrets_masker import _secrets_masker, redact
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from openlineage.client.facet_v2 import error_message_run

from redeye.declarations.calendar import cutoff, find_start
from redeye.foundation import errors
from redeye.foundation.task_session import find_connections
from redeye_airflow import operators
from redeye_airflow.operators import JobOperator, hand_on, summary
from redeye_airflow.triggers import ReleaseState, ReleaseTrigger
from redeye_airflow.vocabulary import AssetName, Otherwise, Outcome, Requirement, RunValue

NIGHT = date(2013, 4, 2)


class FakeEvent:
    """What a task may say about one outlet."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}
        self.added: list[tuple[str, dict[str, Any]]] = []

    def add(self, asset: Asset, extra: dict[str, Any]) -> None:
        self.added.append((asset.uri, extra))


@dataclass
class Boundary:
    """The ledger, Airflow's runs and a job, as the operator meets them."""

    states: dict[date, ReleaseState] = field(default_factory=dict)
    missing: date | None = None
    active: str | None = None
    present: datetime = cutoff(NIGHT) + timedelta(minutes=5)
    result: Any = None
    error: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)

    def job(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        if self.error is not None:
            raise self.error
        return self.result


@pytest.fixture
def boundary(monkeypatch: pytest.MonkeyPatch) -> Boundary:
    fake = Boundary()
    module = ModuleType("fake_job")
    module.job = fake.job  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fake_job", module)
    monkeypatch.setattr(
        operators, "read_release_state", lambda night: fake.states.get(night, ReleaseState.MISSING)
    )
    monkeypatch.setattr(operators, "missing_predecessor", lambda first: fake.missing)
    monkeypatch.setattr(operators, "active_state", lambda dag_id, night: fake.active)
    monkeypatch.setattr(operators, "present", lambda: fake.present)
    return fake


def task(**arguments: Any) -> JobOperator:
    given = (RunValue.NIGHT, RunValue.IS_DEGRADED_ALLOWED)
    return JobOperator(task_id="t", job="fake_job:job", **({"given": given} | arguments))


def context(run_type: str, **params: Any) -> Any:
    run = SimpleNamespace(run_type=run_type, run_id=f"{run_type}__x", triggering_user_name="ann")
    return {
        "dag_run": run,
        "params": params,
        "outlet_events": defaultdict(FakeEvent),
        "data_interval_start": find_start(NIGHT),
        "data_interval_end": cutoff(NIGHT),
    }


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual"])
def test_a_released_night_is_run_at_once(boundary: Boundary, run_type: str) -> None:
    boundary.states = {NIGHT: ReleaseState.RELEASED}
    task(requires=Requirement.RELEASE).execute(context(run_type))
    assert boundary.calls == [{"night": NIGHT, "is_degraded_allowed": False}]


def test_a_job_runs_within_a_session_and_nothing_after_it(boundary: Boundary) -> None:
    boundary.states = {NIGHT: ReleaseState.RELEASED}
    kept: list[object] = []
    sys.modules["fake_job"].job = lambda **_: kept.append(find_connections("any"))  # type: ignore[attr-defined]
    task(requires=Requirement.RELEASE).execute(context("manual"))
    assert kept == [{}]
    assert find_connections("any") is None


def test_airflows_log_and_lineage_hide_what_the_process_knows_of_secrets(
    boundary: Boundary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDEYE_WAREHOUSE_DSN", "host=db user=w password=canary7391warehouse")
    monkeypatch.setenv("REDEYE_AIRFLOW_API_PASSWORD", "canary7391admin")
    task().pre_execute(context("manual"))
    told = "refused: canary7391warehouse, canary7391admin"
    assert redact(told) == "refused: ***, ***"
    facet = error_message_run.ErrorMessageRunFacet(
        message=told, programmingLanguage="python", stackTrace=told
    )
    sent = OpenLineageRedactor.from_masker(_secrets_masker()).redact(facet)
    assert (sent.message, sent.stackTrace) == ("refused: ***, ***",) * 2


@pytest.mark.parametrize("run_type", ["backfill", "manual", "asset_triggered"])
def test_a_run_not_on_time_fails_at_once_with_what_to_build(boundary: Boundary, run_type: str) -> None:
    with pytest.raises(AirflowFailException, match="build night 2013-04-02 first"):
        task(requires=Requirement.RELEASE, on_deadline=Otherwise.DEGRADE).execute(context(run_type))
    assert boundary.calls == []


def test_a_scheduled_run_waits_until_so_long_after_the_cutoff(boundary: Boundary) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        task(requires=Requirement.RELEASE, wait=timedelta(minutes=75)).execute(context("scheduled"))
    trigger = deferred.value.trigger
    assert isinstance(trigger, ReleaseTrigger)
    assert (trigger.night, trigger.watched_dag_id) == ("2013-04-02", None)
    assert datetime.fromisoformat(trigger.deadline) == cutoff(NIGHT) + timedelta(minutes=75)
    assert deferred.value.method_name == "resume"


def test_a_scheduled_run_that_starts_after_its_deadline_does_not_wait(boundary: Boundary) -> None:
    boundary.present = cutoff(NIGHT) + timedelta(minutes=75)
    late = {"requires": Requirement.RELEASE, "wait": timedelta(minutes=75)}
    task(**late, on_deadline=Otherwise.DEGRADE).execute(context("scheduled"))
    assert boundary.calls == [{"night": NIGHT, "is_degraded_allowed": True}]
    boundary.missing = NIGHT - timedelta(days=1)
    for requires in Requirement:
        with pytest.raises(AirflowFailException, match="not released by the deadline"):
            task(requires=requires, wait=timedelta(minutes=75)).execute(context("scheduled"))


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_recorded_gap_is_scored_degraded_at_once(boundary: Boundary, run_type: str) -> None:
    boundary.states = {NIGHT: ReleaseState.GAP}
    task(requires=Requirement.RELEASE, on_gap=Otherwise.DEGRADE).execute(context(run_type))
    assert boundary.calls == [{"night": NIGHT, "is_degraded_allowed": True}]


def test_a_recorded_gap_is_skipped_or_fails_where_the_task_says_so(boundary: Boundary) -> None:
    boundary.states = {NIGHT: ReleaseState.GAP}
    with pytest.raises(AirflowSkipException, match="recorded gap"):
        task(requires=Requirement.RELEASE, on_gap=Otherwise.SKIP).execute(context("backfill"))
    with pytest.raises(AirflowFailException, match="recorded gap"):
        task(requires=Requirement.RELEASE).execute(context("backfill"))


def test_after_the_deadline_the_day_is_scored_degraded(boundary: Boundary) -> None:
    event = {"outcome": Outcome.DEADLINE.value, "night": "2013-04-02"}
    task(requires=Requirement.RELEASE, on_deadline=Otherwise.DEGRADE).resume(context("scheduled"), event)
    assert boundary.calls == [{"night": NIGHT, "is_degraded_allowed": True}]
    with pytest.raises(AirflowFailException, match="was not released by the deadline"):
        task(requires=Requirement.RELEASE).resume(context("scheduled"), event)


def test_what_settled_is_looked_at_again(boundary: Boundary) -> None:
    boundary.states = {NIGHT: ReleaseState.GAP}
    event = {"outcome": Outcome.SETTLED.value, "night": "2013-04-02"}
    task(requires=Requirement.RELEASE, on_gap=Otherwise.DEGRADE).resume(context("scheduled"), event)
    assert boundary.calls == [{"night": NIGHT, "is_degraded_allowed": True}]


@pytest.mark.parametrize("outcome", [Outcome.ABANDONED, Outcome.STARVED])
def test_a_predecessor_that_will_not_come_fails_the_build(boundary: Boundary, outcome: Outcome) -> None:
    with pytest.raises(AirflowFailException, match="build night 2013-04-01 first"):
        task(requires=Requirement.PREVIOUS_RELEASE).resume(
            context("backfill"), {"outcome": outcome.value, "night": "2013-04-01"}
        )


@pytest.mark.parametrize("previous", [ReleaseState.RELEASED, ReleaseState.GAP])
def test_a_build_goes_on_over_a_release_or_a_recorded_gap(boundary: Boundary, previous: ReleaseState) -> None:
    boundary.states = {date(2013, 4, 1): previous}
    boundary.active = "running"
    task(requires=Requirement.PREVIOUS_RELEASE).execute(context("backfill"))
    assert len(boundary.calls) == 1


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual"])
@pytest.mark.parametrize("state", ["running", "queued"])
def test_every_run_waits_for_an_active_predecessor(boundary: Boundary, run_type: str, state: str) -> None:
    # Even in an empty warehouse, where nothing would be missing: two first nights would race otherwise.
    boundary.active = state
    with pytest.raises(TaskDeferred) as deferred:
        task(requires=Requirement.PREVIOUS_RELEASE).execute(context(run_type))
    trigger = deferred.value.trigger
    assert isinstance(trigger, ReleaseTrigger)
    assert trigger.night == "2013-04-01"
    assert trigger.watched_dag_id == "adhoc_airflow"


def test_a_build_without_predecessor_fails_or_waits_by_the_kind_of_run(boundary: Boundary) -> None:
    boundary.missing = date(2013, 3, 30)
    for run_type in ("backfill", "manual"):
        with pytest.raises(AirflowFailException, match="build night 2013-03-30 first"):
            task(requires=Requirement.PREVIOUS_RELEASE).execute(context(run_type))
    with pytest.raises(TaskDeferred) as deferred:
        task(requires=Requirement.PREVIOUS_RELEASE).execute(context("scheduled"))
    assert deferred.value.trigger.watched_dag_id is None  # type: ignore[attr-defined]
    assert boundary.calls == []


def test_the_first_night_of_a_warehouse_needs_none(boundary: Boundary) -> None:
    task(requires=Requirement.PREVIOUS_RELEASE).execute(context("backfill"))
    assert len(boundary.calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        errors.AuditRefused,
        errors.DeliveryError,
        errors.ConfigError,
        errors.NotReleased,
        errors.AlreadyDecided,
    ],
)
def test_what_a_retry_cannot_mend_is_not_retried(boundary: Boundary, error: type[Exception]) -> None:
    boundary.error = error("column dep_delay: 3 rows")
    with pytest.raises(AirflowFailException, match="column dep_delay: 3 rows"):
        task().execute(context("scheduled"))


@pytest.mark.parametrize("error", [errors.LeaseHeld, errors.LeaseLost, ConnectionError])
def test_what_a_retry_may_mend_is_left_to_airflow(boundary: Boundary, error: type[Exception]) -> None:
    boundary.error = error("held")
    with pytest.raises(error):
        task().execute(context("scheduled"))


def test_a_wrong_night_is_not_retried(boundary: Boundary) -> None:
    with pytest.raises(AirflowFailException, match="is no night"):
        task().execute(context("manual", night="02.04.2013"))


def test_a_job_gets_constants_and_what_it_asks_of_the_run(boundary: Boundary) -> None:
    given = (RunValue.ACTOR, RunValue.RUN_ID, RunValue.REASON, RunValue.FIRST)
    task(given=given, op_kwargs={"model": "m"}).execute(context("manual", reason="quarter's end"))
    assert boundary.calls == [
        {"model": "m", "actor": "ann", "run_id": "manual__x", "reason": "quarter's end", "first": NIGHT}
    ]


def test_a_list_can_be_handed_on_alone_to_map_over(boundary: Boundary) -> None:
    boundary.result = {"is_requested": True, "requests": [{"night": "2013-04-02"}]}
    given, pushed = context("backfill"), {}
    given["ti"] = SimpleNamespace(xcom_push=pushed.__setitem__)
    assert task(hands_on="requests").execute(given) == [{"night": "2013-04-02"}]
    assert pushed == {"result": boundary.result}


def test_an_asset_event_says_which_night_and_run(boundary: Boundary) -> None:
    given, outlet = context("backfill"), Asset(f"{AssetName.MONITORING}/m")
    task(outlets=[outlet]).execute(given)
    assert given["outlet_events"][outlet].extra == {"night": "2013-04-02", "run_id": "backfill__x"}


def test_results_are_handed_on_as_json_and_lists_by_their_length() -> None:
    @dataclass
    class Result:
        night: date
        rows: int

    assert hand_on(Result(NIGHT, 3), "j") == {"night": "2013-04-02", "rows": 3}
    assert hand_on([1, 2], "j") == {"count": 2}
    assert hand_on(None, "j") == {}
    with pytest.raises(TypeError, match="j returned str"):
        hand_on("text", "j")
    assert summary({"rows": 3, "slices": [1, 2]}) == "rows=3, slices=2 items"
    assert summary({}) == "done"
