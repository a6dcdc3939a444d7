"""From a challenge that is due to a training through the real scheduler, and nights on which nothing is.

The champion is forty nights old, the most that asks for nothing, on the last quiet night. Its age is what is sure to
ask: that a fortnight of real flights is worse than learned is seldom significant. The first week is scored and judged
in this process, as `redeye replay` does, and two weeks by the scheduler.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from sameness import differences
from season_rows import rows_of
from throwaway import servers_apart
from waiting import PATIENCE_SECONDS, patient

from redeye.champions import promotion_store
from redeye.declarations.calendar import list_calendar_nights
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT, SPECS, settings
from redeye.operations import replay
from redeye.promotion import decision_store
from redeye.scoring import outputs_store
from redeye.stack import environment, lifecycle
from redeye.stack.airflow import airflow_api, closed_loop
from redeye.stack.airflow.airflow_api import AirflowApi

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MODEL = "flight_delay"
CRON = load_spec(SPECS / f"{MODEL}.yaml").train_cron
TRAIN, SCORE, MONITOR = f"train_{MODEL}", f"score_{MODEL}", f"monitor_{MODEL}"
HISTORY_LAST, BUILT_LAST = date(2013, 3, 16), date(2013, 5, 1)
SCHEDULED = date(2013, 4, 18), date(2013, 4, 24)
REPLAYED = date(2013, 4, 10), date(2013, 4, 17)
QUIET = date(2013, 4, 25)
AGED = date(2013, 4, 26), date(2013, 5, 1)
# The third night on which a challenge is due.
ASKING, AGE = date(2013, 4, 28), 43
# The calendar's instant is 06:00 on the first of May.
CALENDAR = date(2013, 4, 30)
EVENT = f"redeye://events/retraining/{MODEL}"


class Airflow:
    """A session with the stack's Airflow, and what the tests ask of it beyond the commands."""

    def __init__(self, api: AirflowApi) -> None:
        self.api = api

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.api._get(path, query) or {}

    def run(self, dag_id: str, conf: dict[str, str], run_id: str) -> None:
        started = self.api.trigger(dag_id, conf, run_id=run_id)
        self.api.wait(lambda: [self.api.run(started)], 1, patient())

    def nights(self, first: date, last: date) -> None:
        nights, due = (last - first).days + 1, list_calendar_nights(CRON, first, last)
        watch = patient(nights * PATIENCE_SECONDS)
        closed_loop.run_nights(self.api, MODEL, first, last, lag=2, watch=watch, due=due)

    def tasks(self, night: date) -> dict[str, str]:
        run = self.api.night_runs(MONITOR, night, night)[0]
        found = self.get(f"/dags/{MONITOR}/dagRuns/{run.run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in found}

    def requested(self) -> list[dict[str, Any]]:
        runs = self.get(f"/dags/{TRAIN}/dagRuns")["dag_runs"]
        return [run for run in runs if run["dag_run_id"].startswith("requested__")]

    def events(self) -> list[dict[str, Any]]:
        found = self.get("/assets/events", limit=100)["asset_events"]
        return [event for event in found if event["uri"] == EVENT]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """A running stack with the history built, a champion trained, and two weeks run."""
    with servers_apart(tmp_path_factory.mktemp("loop") / "home") as configured:
        environment.export(configured, lifecycle.up(configured, timeout_seconds=PATIENCE_SECONDS))
        with airflow_api.open_api(settings()) as api:
            stack = Airflow(api)
            for dag_id in ("build_history", TRAIN, SCORE, MONITOR):
                api.unpause(dag_id)
            stack.run("build_history", {"first": "2012-12-31", "last": str(HISTORY_LAST)}, "first")
            stack.run(TRAIN, {"night": str(HISTORY_LAST), "reason": "first training"}, "first")
            later = {"first": str(HISTORY_LAST + timedelta(days=1)), "last": str(BUILT_LAST)}
            stack.run("build_history", later, "later")
            for _ in replay.replay(MODEL, *REPLAYED):
                pass
            stack.nights(*SCHEDULED)
            yield stack


def test_where_nothing_is_wrong_nothing_is_asked_for(airflow: Airflow) -> None:
    airflow.nights(QUIET, QUIET)
    assert airflow.tasks(QUIET) == {
        "judge_predictions": "success",
        "decide_retraining": "success",
        "reconcile_registry": "success",
        "request_training": "skipped",
        "write_reports": "success",
    }
    assert airflow.requested() == []
    assert airflow.events() == []
    decided = {row.decision.night: row.decision for row in decision_store.decisions(MODEL)}
    assert min(decided) == REPLAYED[0]
    assert max(decided) == QUIET
    assert not any(decision.is_requested for decision in decided.values())


def test_a_challenge_that_persists_starts_its_training_and_carries_it_everywhere(airflow: Airflow) -> None:
    before = promotion_store.read_latest_promotion(MODEL)
    assert before is not None
    airflow.nights(*AGED)

    (request,) = decision_store.requests(MODEL)
    asking, reason, verdict = request.decision.night, request.decision.reason, str(request.decision.verdict)
    assert (asking, request.decision.is_challenge) == (ASKING, True)
    assert reason.startswith("challenge: ")
    assert f"the champion was trained {AGE} nights ago" in reason
    verdicts = outputs_store.read("verdicts", MODEL, asking, asking)
    assert verdicts["verdict"].tolist() == [verdict]
    assert verdicts["is_challenge_due"].all()
    assert verdicts["reasons"].tolist() == [reason.removeprefix("challenge: ")]

    (run,) = airflow.requested()
    assert (run["dag_run_id"], run["state"]) == (f"requested__{asking}", "success")
    assert run["run_type"] == "operator_triggered"
    assert run["conf"]["verdict"] == verdict
    assert (run["conf"]["night"], run["conf"]["reason"]) == (str(asking), reason)
    told = run["note"].partition(": ")[2].removesuffix("…")
    assert told
    assert reason.startswith(told)
    (event,) = airflow.events()
    assert event["extra"]["night"] == str(asking)
    assert event["source_dag_id"] == MONITOR

    (training,) = [row for row in decision_store.trainings(MODEL) if row.night == asking]
    assert (training.asked, training.run_id, training.actor) == (reason, run["dag_run_id"], "verdict")
    assert decision_store.open_requests(MODEL, BUILT_LAST) == []
    from redeye.models.mlflow_client import client

    tags = client().get_run(training.mlflow_run_id).data.tags
    assert (tags["verdict"], tags["verdict_reasons"]) == (verdict, reason)
    assert tags["decision"] == ("promoted" if training.is_promoted else "kept")

    # The gates may keep the champion; a new one serves from the second night on, and not before.
    latest = [row for row in promotion_store.read_promotions(MODEL) if row.decided_night <= asking][-1]
    assert (latest.version != before.version) is training.is_promoted
    if training.is_promoted:
        assert latest.evidence["verdict_reasons"] == reason
        assert latest.effective_night == asking + timedelta(days=2)
    serving = [
        set(outputs_store.read("predictions", MODEL, night, night)["model_version"])
        for night in (asking + timedelta(days=1), asking + timedelta(days=2))
    ]
    assert serving == [{before.version}, {latest.version}]


def test_a_cleared_request_trains_and_tells_no_second_time(airflow: Airflow) -> None:
    (request,) = decision_store.requests(MODEL)
    (run,) = airflow.api.night_runs(MONITOR, request.decision.night, request.decision.night)
    body = {"dry_run": False, "dag_run_id": run.run_id, "only_failed": False}
    airflow.api._send("POST", f"/dags/{MONITOR}/clearTaskInstances", body)
    airflow.api.wait(lambda: [airflow.api.run(run)], 1, patient())
    assert len(airflow.requested()) == len(airflow.events()) == 1
    assert len(decision_store.requests(MODEL)) == 1


def test_the_request_is_seen_in_the_ui_without_its_dag_being_scheduled_by_it(airflow: Airflow) -> None:
    shown = airflow.get(f"/dags/{TRAIN}")
    assert {tag["name"] for tag in shown["tags"]} >= {"on-verdict", "calendar"}
    (run,) = airflow.requested()
    url = environment.airflow_url(settings())
    assert httpx.get(f"{url}/dags/{TRAIN}/runs/{run['dag_run_id']}").status_code == httpx.codes.OK


def test_one_process_elsewhere_comes_to_the_same_rows(airflow: Airflow, tmp_path: Path) -> None:
    last = AGED[1]
    scheduled = airflow.api.night_runs(SCORE, SCHEDULED[0], last)
    assert len(scheduled) >= 14
    here = rows_of(MODEL, REPLAYED[0], last)
    asked = here["decisions"].loc[here["decisions"]["is_requested"], "night"].tolist()
    assert len(asked) == 1
    assert here["trainings"]["night"].tolist() == [*asked, CALENDAR]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REDEYE_")}
    program = Path(__file__).with_name("one_process.py")
    span = [str(night) for night in (HISTORY_LAST, REPLAYED[0], last)]
    subprocess.run(
        [sys.executable, str(program), str(tmp_path / "home"), str(tmp_path), *span],
        check=True,
        cwd=PROJECT_ROOT,
        env=clean,
    )
    there = {table: pd.read_parquet(tmp_path / f"{table}.parquet") for table in here}
    assert differences(_each_plain(here), _each_plain(there)) == []


def _each_plain(rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {table: _plain(frame) for table, frame in rows.items()}


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Dates as text: a file gives them back in another type."""
    dates = [name for name in rows.columns if name.endswith(("night", "_date", "_at"))]
    return rows.assign(**{name: rows[name].astype(str).str.slice(0, 19) for name in dates})
