"""The DAGs with their real jobs, on real servers: build, score, monitor, and what a missing release does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_SECONDS

from redeye.foundation.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration

DRIVER = Path(__file__).with_name("run_dags.py")
APPROVALS = Path(__file__).with_name("run_approvals.py")
MARK = "RESULT "
FLIGHTS_OF_THE_COMING_DAY = 720
FIRST, DECIDED, NIGHT, LATER = "2012-12-31", "2013-01-03", "2013-01-04", "2013-01-07"
RUNS = (
    f"score_flight_delay@{NIGHT}",  # before anything is built
    f"build_history@{FIRST}:{DECIDED}",
    f"build_warehouse@{NIGHT}",
    f"build_warehouse@{NIGHT}",  # again: nothing new
    f"train_flight_delay@{DECIDED}",  # makes the heuristic the first champion
    f"score_flight_delay@{NIGHT}",
    f"monitor_flight_delay@{NIGHT}",
    f"build_warehouse@{LATER}",  # without the night before
    f"maintain_lake@{LATER}",
)
# Of the training DAG of a spec with `approval: required`, whose candidate waits or not.
ANSWERS = ("2013-02-01=none", "2013-02-02=Reject", "2013-02-03=Approve", "2013-02-04=mark", "2013-02-05=own")


@pytest.fixture(scope="module")
def outcomes(stack_env: Any, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What became of `RUNS`, in order."""
    return driven(DRIVER, RUNS, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def approvals(stack_env: Any, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What became of `ANSWERS`, in order."""
    return driven(APPROVALS, ANSWERS, tmp_path_factory.mktemp("approvals"))


def driven(driver: Path, arguments: tuple[str, ...], folder: Path) -> list[dict[str, Any]]:
    """What a driver prints, run as a process of its own."""
    roots = os.pathsep.join(str(PROJECT_ROOT / part) for part in ("ml", "plugins"))
    done = subprocess.run(
        [sys.executable, str(driver), *arguments],
        env=os.environ | {"PYTHONPATH": roots},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    lines = [line.removeprefix(MARK) for line in done.stdout.splitlines() if line.startswith(MARK)]
    assert len(lines) == len(arguments), done.stdout[-4000:] + done.stderr[-4000:]
    return [json.loads(line) for line in lines]


@pytest.mark.long
def test_scoring_a_night_that_is_not_built_fails_and_writes_nothing(outcomes: list[dict[str, Any]]) -> None:
    assert outcomes[0]["state"] == "failed"
    assert outcomes[0]["tasks"] == {"score_flights": "failed", "export_predictions": "upstream_failed"}


@pytest.mark.long
def test_a_range_and_then_a_night_are_built_and_released(outcomes: list[dict[str, Any]]) -> None:
    for outcome, night in zip(outcomes[1:3], (DECIDED, NIGHT), strict=True):
        assert outcome["state"] == "success", outcome
        assert outcome["results"]["publish_release"]["release_id"] == f"{night}.r1"


@pytest.mark.long
def test_building_a_released_night_again_publishes_nothing(outcomes: list[dict[str, Any]]) -> None:
    first, again = (outcome["results"]["publish_release"] for outcome in outcomes[2:4])
    assert outcomes[3]["state"] == "success"
    assert (again["release_id"], again["snapshot_id"]) == (first["release_id"], first["snapshot_id"])


@pytest.mark.long
def test_the_first_training_succeeds(outcomes: list[dict[str, Any]]) -> None:
    assert outcomes[4]["state"] == "success", outcomes[4]
    assert outcomes[4]["results"]["train_candidates"]["night"] == DECIDED


@pytest.mark.long
def test_the_coming_day_is_scored_and_exported_whole(outcomes: list[dict[str, Any]]) -> None:
    assert outcomes[5]["state"] == "success", outcomes[5]
    assert outcomes[5]["results"]["score_flights"]["rows"] == FLIGHTS_OF_THE_COMING_DAY
    exported = outcomes[5]["results"]["export_predictions"]
    assert exported["rows"] == FLIGHTS_OF_THE_COMING_DAY
    assert any(Path(exported["folder"]).iterdir())


@pytest.mark.long
def test_the_night_is_judged_and_asks_for_nothing(outcomes: list[dict[str, Any]]) -> None:
    assert outcomes[6]["state"] == "success", outcomes[6]
    # Against a champion of four nights, drift may well be a reason to look.
    assert outcomes[6]["results"]["judge_predictions"]["verdict"] in ("ok", "warning")
    assert outcomes[6]["results"]["decide_retraining"] == []
    assert outcomes[6]["tasks"]["request_training"] == "skipped"
    assert outcomes[6]["tasks"]["write_reports"] == "success"
    assert outcomes[6]["tasks"]["reconcile_registry"] == "success"


@pytest.mark.long
def test_a_build_without_the_night_before_fails_at_transform(outcomes: list[dict[str, Any]]) -> None:
    assert outcomes[7]["tasks"]["ingest_deliveries"] == "success"
    assert outcomes[7]["tasks"]["transform"] == "failed"


@pytest.mark.long
def test_the_lakes_are_maintained_and_both_releases_stay_equal(outcomes: list[dict[str, Any]]) -> None:
    assert set(outcomes[8]["tasks"].values()) == {"success"}, outcomes[8]
    results = outcomes[8]["results"]
    assert results["verify_releases"] == {"verified": 2, "releases": 2}
    assert results["compact_lakes"]["warehouse"]["merged"] > 0
    assert results["check_disk"]["level"] == "ok"


def test_where_no_candidate_waits_nobody_is_asked(approvals: list[dict[str, Any]]) -> None:
    assert approvals[0]["state"] == "success"
    assert approvals[0]["tasks"] == {
        "train_candidates": "success",
        "approve_candidate": "skipped",
        "promote_candidate": "skipped",
    }


def test_a_rejected_candidate_keeps_the_champion_and_is_recorded(approvals: list[dict[str, Any]]) -> None:
    assert approvals[1]["tasks"]["approve_candidate"] == "success", approvals[1]
    assert approvals[1]["tasks"]["promote_candidate"] == "skipped"
    assert approvals[1]["approval"] is None
    ((is_promoted, reason),) = approvals[1]["trainings"]
    assert not is_promoted
    assert "a person rejected version" in reason


def test_an_approved_candidate_is_promoted_as_it_was_judged(approvals: list[dict[str, Any]]) -> None:
    assert set(approvals[2]["tasks"].values()) == {"success"}, approvals[2]
    assert approvals[2]["champion"] == f"hash of {date(2013, 2, 3).toordinal()}"
    assert approvals[2]["approval"] == {"person": "a person"}
    assert [row[0] for row in approvals[2]["trainings"]] == [True]


def test_a_question_that_is_marked_as_success_promotes_nothing(approvals: list[dict[str, Any]]) -> None:
    assert approvals[3]["tasks"] == {
        "train_candidates": "success",
        "approve_candidate": "success",
        "promote_candidate": "failed",
    }
    assert approvals[3]["champion"] == approvals[2]["champion"]
    assert approvals[3]["trainings"] == []
    assert approvals[3]["awaits"]


def test_who_asked_for_a_training_cannot_approve_it(approvals: list[dict[str, Any]]) -> None:
    assert approvals[4]["tasks"] == {
        "train_candidates": "success",
        "approve_candidate": "failed",
        "promote_candidate": "upstream_failed",
    }
    assert approvals[4]["champion"] == approvals[2]["champion"]
    assert approvals[4]["awaits"]
