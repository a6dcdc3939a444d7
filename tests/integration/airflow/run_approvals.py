"""Runs the training DAG of a spec that needs approval, once for each answer, and prints what became of it.

Arguments: `night=answer` each; `Approve`, `Reject`, `none` where no candidate waits, `mark`: the question is given
the state success by hand, or `own`: with four eyes, whoever asked for the training approves it. The training itself is
marked as done: the candidate that passed is put into the ledger instead. A process of its own, as `run_dags`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from redeye.foundation import settings
from redeye.scoring import outputs_store

MODEL = "flight_delay"
DAG_ID, TASK_ID = f"train_{MODEL}", "approve_candidate"
PERSON = "a person"
RESULT = "RESULT "
SETTLED = timedelta(seconds=1)


def specs_with_approval(folder: Path) -> Path:
    """The specs as they are, but that the model needs approval."""
    shutil.copytree(settings.SPECS, folder)
    spec = folder / f"{MODEL}.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "\napproval: required\n", encoding="utf-8")
    return folder


def registered(number: int) -> dict[str, Any]:
    """A version of no content in the registry, and what a ledger says of it."""
    from redeye.models import mlflow_registry
    from redeye.models.mlflow_client import client

    files = {"artifact_uri": f"made/up/{number}", "artifact_sha256": f"hash of {number}"}
    mlflow_registry._ensure_registered(MODEL, "a test")
    tags = {"algorithm": "heuristic", "seen_until": "2013-01-01", **files}
    made = client().create_model_version(MODEL, source="/nowhere", tags=tags)
    return {
        "version": int(made.version),
        "algorithm": "heuristic",
        "feature_service": f"{MODEL}_v1",
        "evidence": {"seen_until": "2013-01-01"},
        "actor": "test",
        "run_id": f"run {number}",
        **files,
    }


def propose(night: date, actor: str) -> None:
    """A candidate of a night that awaits a person."""
    from redeye.champions import promotion_store
    from redeye.promotion import decision_store

    if promotion_store.read_latest_promotion(MODEL) is None:
        promotion_store.promote(
            MODEL,
            **registered(0),
            decided_night=date(2013, 1, 1),
            effective_night=date(2013, 1, 2),
            reason="first champion",
            follows=None,
            last_scored_night=outputs_store.find_last_scored_night,
        )
    last = promotion_store.read_latest_promotion(MODEL)
    assert last is not None
    decision_store.propose(
        decision_store.Proposal(
            model=MODEL,
            night=night,
            training_key=f"key of {night}",
            effective_night=night + timedelta(days=2),
            follows_id=last.promotion_id,
            asked="the verdict",
            reason="all gates passed",
            mlflow_run_id="run",
            **registered(night.toordinal()) | {"actor": actor},
        )
    )


def answer(choice: str) -> None:
    """Answer the question as Airflow's API does, when it is asked."""
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select

    while True:  # of a daemon thread: it ends with the process, which the test gives a time limit
        with create_session() as session:
            waiting = session.scalars(
                select(TaskInstance).where(
                    TaskInstance.task_id == TASK_ID,
                    TaskInstance.state == TaskInstanceState.AWAITING_INPUT,
                    # The process that runs the task writes the state once more: an answer before that is undone.
                    TaskInstance.updated_at < datetime.now(UTC) - SETTLED,
                )
            ).first()
            if waiting is not None:
                user = SimpleAuthManagerUser(username=PERSON, role="admin")
                payload = UpdateHITLDetailPayload(chosen_options=[choice])
                update_hitl_detail(DAG_ID, waiting.run_id, TASK_ID, payload, user, session)
                return
        time.sleep(0.2)


def main(arguments: list[str]) -> None:
    """Run the DAG once for each argument."""
    settings.SPECS = specs_with_approval(Path(tempfile.mkdtemp()) / "specs")
    from airflow.dag_processing.dagbag import DagBag

    from redeye.champions import promotion_store
    from redeye.declarations.calendar import find_start
    from redeye.promotion import approve, decision_store

    dag = DagBag(str(settings.PROJECT_ROOT / "dags")).dags[DAG_ID]
    for argument in arguments:
        night, _, choice = argument.partition("=")
        os.environ["REDEYE_FOUR_EYES"] = str(choice == "own")
        settings.settings.cache_clear()
        if choice != "none":
            propose(date.fromisoformat(night), PERSON if choice == "own" else "test")
        if choice not in ("none", "mark"):
            said = "Approve" if choice == "own" else choice
            threading.Thread(target=answer, args=(said,), daemon=True).start()
        marked = f"train_candidates|{TASK_ID}" if choice == "mark" else "train_candidates"
        run = dag.test(logical_date=find_start(date.fromisoformat(night)), mark_success_pattern=marked)
        last = promotion_store.read_latest_promotion(MODEL)
        line = {
            "state": str(run.state),
            "tasks": {ti.task_id: str(ti.state) for ti in run.get_task_instances()},
            "champion": last.artifact_sha256 if last else None,
            "awaits": approve.find_awaiting(MODEL, date.fromisoformat(night)) is not None,
            "approval": last.evidence.get("approval") if last else None,
            "trainings": [
                (row.is_promoted, row.reason)
                for row in decision_store.trainings(MODEL)
                if row.night == date.fromisoformat(night)
            ],
        }
        sys.stdout.write(RESULT + json.dumps(line, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
