"""The DAGs of a model, made from its spec; and the build, which two DAGs share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, Param

from redeye.declarations.project import project
from redeye.declarations.specs import REQUIRED, Spec
from redeye.foundation.settings import settings
from redeye_airflow.approval import CandidateApproval
from redeye_airflow.dag_arguments import describe_dag, run_by_night, schedule_nightly
from redeye_airflow.nights import source_nights
from redeye_airflow.operators import PUBLISH_JOB, JobOperator
from redeye_airflow.timetables import CalendarTimetable
from redeye_airflow.training_requests import TrainingRequestOperator
from redeye_airflow.vocabulary import AssetName, Link, Otherwise, ParamName, Requirement, RunValue, Tag, Verb

RUN_ID = "{{ run_id }}"


def build_tasks(kind: str) -> None:
    """The four tasks of a build of a kind of `ReleaseKind`, in the current DAG."""
    ingest = JobOperator(
        task_id="ingest_deliveries",
        job="redeye.sources.ingest:ingest_nights",
        given=(RunValue.FIRST, RunValue.LAST),
        outlets=[Asset(AssetName.DELIVERIES)],
    )
    transform = JobOperator(
        task_id="transform",
        job="redeye.operations.build_nights:transform",
        given=(RunValue.FIRST, RunValue.LAST),
        op_kwargs={"kind": kind, "holder": RUN_ID},
        inlets=[Asset(AssetName.DELIVERIES)],
        requires=Requirement.PREVIOUS_RELEASE,
        wait=timedelta(hours=3),
    )
    publish = JobOperator(
        task_id="publish_release",
        job=PUBLISH_JOB,
        op_kwargs={"candidate": transform.output},
        outlets=[Asset(AssetName.RELEASE)],
    )
    materialize = JobOperator(
        task_id="materialize_features",
        job="redeye.features.materialize:materialize_night",
        given=(RunValue.NIGHT,),
        inlets=[Asset(AssetName.RELEASE)],
        outlets=[Asset(AssetName.ONLINE_FEATURES)],
    )
    ingest >> transform >> publish >> materialize


def build_again_tasks() -> None:
    """The three tasks of a repair or a rebuild, in the current DAG: nothing is materialized or announced."""
    kind = f"{{{{ params.{ParamName.KIND} }}}}"
    ingest = JobOperator(
        task_id="ingest_deliveries",
        job="redeye.warehouse.repair:ingest_again",
        given=(RunValue.FIRST,),
        op_kwargs={"kind": kind},
    )
    transform = JobOperator(
        task_id="transform",
        job="redeye.operations.build_nights:transform_again",
        given=(RunValue.FIRST, RunValue.REASON),
        op_kwargs={"kind": kind, "holder": RUN_ID},
    )
    publish = JobOperator(
        task_id="publish_release", job=PUBLISH_JOB, op_kwargs={"candidate": transform.output}
    )
    ingest >> transform >> publish


def score_dag(spec: Spec, doc: str) -> DAG:
    """The DAG that predicts the coming day.

    Scoring and export are two tasks: predictions are written once and for all, so a consumer's folder
    that cannot be written must turn red by itself and be tried again without scoring again.
    """
    many = project().subject.many
    description = f"Predict the coming day's {many} with {spec.model}."
    schedule = schedule_nightly(source_nights().last_night)
    with _make_dag(Verb.SCORE, spec, doc, description, [Tag.NIGHTLY], schedule) as dag:
        score = JobOperator(
            task_id=f"score_{many.replace(' ', '_')}",
            job="redeye.scoring.score:score_night",
            given=(RunValue.NIGHT, RunValue.RUN_ID, RunValue.IS_DEGRADED_ALLOWED),
            op_kwargs={"model": spec.model},
            requires=Requirement.RELEASE,
            on_gap=Otherwise.DEGRADE,
            on_deadline=Otherwise.DEGRADE,
            inlets=[Asset(AssetName.RELEASE), Asset(f"{AssetName.PROMOTIONS}/{spec.model}")],
            outlets=[Asset(f"{AssetName.PREDICTIONS}/{spec.model}")],
        )
        export = JobOperator(
            task_id="export_predictions",
            job="redeye.scoring.score:export_night",
            given=(RunValue.NIGHT,),
            op_kwargs={"model": spec.model},
            inlets=[Asset(f"{AssetName.PREDICTIONS}/{spec.model}")],
            outlets=[Asset(f"{AssetName.EXPORTS}/{spec.model}")],
        )
        score >> export
    return dag


def monitor_dag(spec: Spec, doc: str) -> DAG:
    """The DAG that judges predictions whose labels have matured, and asks for a training when that is due.

    Judging, deciding and reporting are tasks of their own: a report that fails is red by itself and costs
    neither the verdict nor the request.
    """
    description = f"Judge {spec.model} by matured labels; ask for a training if it is due."
    schedule = schedule_nightly(source_nights().final_night)
    with _make_dag(Verb.MONITOR, spec, doc, description, [Tag.NIGHTLY], schedule) as dag:
        judge = JobOperator(
            task_id="judge_predictions",
            job="redeye.monitoring.monitor:monitor_night",
            given=(RunValue.NIGHT, RunValue.RUN_ID),
            op_kwargs={"model": spec.model},
            requires=Requirement.RELEASE,
            on_gap=Otherwise.SKIP,
            wait=timedelta(hours=6),
            inlets=[Asset(AssetName.RELEASE), Asset(f"{AssetName.PREDICTIONS}/{spec.model}")],
            outlets=[Asset(f"{AssetName.MONITORING}/{spec.model}")],
        )
        decide = JobOperator(
            task_id="decide_retraining",
            job="redeye.promotion.decide:decide_night",
            given=(RunValue.NIGHT, RunValue.RUN_ID),
            op_kwargs={"model": spec.model},
            hands_on="requests",
        )
        event, alias = Asset(f"{AssetName.RETRAINING}/{spec.model}"), AssetAlias(f"retraining_{spec.model}")
        # One for each open request, usually none: then the task is skipped and starts no process. What a scheduler
        # must see of a mapped task has to be an argument here: it never makes the operator.
        request = TrainingRequestOperator.partial(
            task_id="request_training",
            trigger_dag_id=f"{Verb.TRAIN}_{spec.model}",
            event=event,
            alias=alias,
            inlets=[event],
            # Through an alias, because an asset among the outlets would have an event at every success.
            outlets=[alias],
            map_index_template="{{ task.conf['night'] }}",
            logical_date=None,
            skip_when_already_exists=True,
            openlineage_inject_parent_info=False,
        ).expand(conf=decide.output)
        report = JobOperator(
            task_id="write_reports",
            job="redeye.monitoring.measure_drift:report_night",
            given=(RunValue.NIGHT,),
            op_kwargs={"model": spec.model},
            outlets=[Asset(f"{AssetName.REPORTS}/{spec.model}")],
            links=(Link.DRIFT_REPORT,),
        )
        reconcile = JobOperator(
            task_id="reconcile_registry",
            job="redeye.promotion.reconcile:reconcile",
            op_kwargs={"model": spec.model},
        )
        judge >> [decide, report]
        decide >> [request, reconcile]
    return dag


def train_dag(spec: Spec, doc: str) -> DAG:
    """The DAG that trains candidates: when a verdict asked for it, on the spec's calendar, or by hand.

    A request is a run of its own, started by the monitor with the verdict in its conf, not scheduled by the
    asset event: Airflow's runs from events carry no conf, several events at once become one run, and those
    that come while the DAG is paused are lost. The event is there for the lineage view.
    """
    calendar = CalendarTimetable(spec.train_cron, source_nights().final_night) if spec.train_cron else None
    reason = Param(None, type=["null", "string"], title="Reason", description="Kept with the decision.")
    description = f"Train candidates for {spec.model}; promote one only if it passes every gate."
    schedule = run_by_night(calendar, {ParamName.REASON.value: reason})
    tags = [Tag.CALENDAR, Tag.ON_VERDICT] if calendar else [Tag.ON_VERDICT]
    with _make_dag(Verb.TRAIN, spec, doc, description, tags, schedule) as dag:
        train = JobOperator(
            task_id="train_candidates",
            job="redeye.promotion.train:train_night",
            given=(RunValue.NIGHT, RunValue.RUN_ID, RunValue.RUN_URL, RunValue.ACTOR, RunValue.REASON),
            op_kwargs={"model": spec.model},
            requires=Requirement.RELEASE,
            # The calendar's runs start at hours of their own, some after the night's release was due.
            wait=timedelta(hours=6),
            execution_timeout=timedelta(hours=2),
            # Each is judged against the champion that the one before it left.
            max_active_tis_per_dag=1,
            inlets=[Asset(AssetName.RELEASE), Asset(f"{AssetName.RETRAINING}/{spec.model}")],
            outlets=[Asset(f"{AssetName.PROMOTIONS}/{spec.model}")],
            links=(Link.MLFLOW_RUN, Link.MODEL_VERSION),
        )
        if spec.approval == REQUIRED or settings().four_eyes:
            train >> _approval_tasks(spec)
    return dag


def _approval_tasks(spec: Spec) -> CandidateApproval:
    """A person's answer, and the promotion that follows if it is yes; returns the question."""
    approve = CandidateApproval(task_id="approve_candidate", model=spec.model)
    promote = JobOperator(
        task_id="promote_candidate",
        job="redeye.promotion.approve:promote_approved",
        given=(RunValue.NIGHT,),
        op_kwargs={"model": spec.model},
        outlets=[Asset(f"{AssetName.PROMOTIONS}/{spec.model}")],
    )
    approve >> promote
    return approve


def _make_dag(
    verb: Verb, spec: Spec, doc: str, description: str, tags: Sequence[Tag], schedule: dict[str, Any]
) -> DAG:
    """A DAG of one model, with its file's docstring in the project's words."""
    # A spec cannot use the vocabulary's own words: they say when a DAG runs.
    own = [tag for tag in spec.tags if tag not in set(Tag)]
    return DAG(
        dag_id=f"{verb}_{spec.model}",
        **describe_dag(
            description,
            [Tag.MODEL, *tags, *own],
            doc.format(model=spec.model, many=project().subject.many),
        ),
        **schedule,
    )
