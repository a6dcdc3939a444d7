"""More models, one of another kind: the checks hold, and each has nights, verdicts and names of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from more_models import FIRST, LATENESS, MODELS, NUMBERS, SECOND, THIRD, copy_with_more_models
from prepared_installations import Kind

pytestmark = pytest.mark.integration

STORY = Path(__file__).with_name("story.py")
# Those that look at the specs there are.
CHECKS = (
    "tests/policy/test_house_rules.py",
    "tests/policy/test_dbt_models.py",
    "tests/policy/test_dags.py",
    "tests/policy/test_suites.py",
    "tests/unit/features/test_feature_repo.py",
    "tests/unit/declarations/test_project.py",
    "tests/unit/cli/test_help.py",
)
# Late flights are eight times as many as cancelled ones; from one week to the next a rate moves by less.
NEAR = {"rel": 0.5}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_with_more_models(tmp_path_factory.mktemp("redeye-models") / "checkout")


def run(checkout: Path, *command: str, models: tuple[str, ...] = ()) -> str:
    paths = f"{checkout / 'ml'}{os.pathsep}{checkout / 'tests'}"
    done = subprocess.run(
        [sys.executable, *command],
        cwd=checkout,
        env={
            **os.environ,
            "PYTHONPATH": paths,
            "REDEYE_PROJECT": str(checkout),
            "REDEYE_MODELS": ",".join(models),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


@pytest.mark.parametrize("command", [("rules",), ("generate", "--check")])
def test_lint_finds_nothing_wrong_with_three_specs(checkout: Path, command: tuple[str, ...]) -> None:
    run(checkout, "-m", "redeye", *command)


def test_the_tests_of_the_project_hold_for_three_specs(checkout: Path) -> None:
    run(checkout, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *CHECKS)


@pytest.fixture(scope="module")
def seen(
    checkout: Path,
    install: Callable[..., AbstractContextManager[Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("redeye-three")
    with install(folder / "home", Kind.THREE_WEEKS):
        run(checkout, str(STORY), str(folder / "seen.json"), models=(*MODELS, LATENESS))
    return json.loads((folder / "seen.json").read_text())


@pytest.mark.parametrize("model", MODELS)
def test_each_model_scores_and_judges_its_nights_under_its_own_name(seen: dict[str, Any], model: str) -> None:
    found = seen[model]
    assert (found["models"], found["services"]) == ([model], [f"{model}_v1"])
    assert found["rows"] == found["scheduled"] > 700
    assert found["degraded"] == 0
    assert [name for name, _ in found["verdicts"]] == [model]
    assert found["labels"] > 700
    assert {"manifest.json", "predictions.csv", "predictions.parquet"} <= {*found["files"]}
    assert found["trained"] == model


@pytest.mark.parametrize("model", MODELS)
def test_the_first_champion_and_the_last_resort_follow_the_target(seen: dict[str, Any], model: str) -> None:
    found = seen[model]
    assert found["first"] == "heuristic"
    assert found["prior"] == pytest.approx(found["rate"], **NEAR)
    assert found["baseline"] == pytest.approx(found["rate"], **NEAR)
    (resort, *failures) = found["last resort"]
    assert resort == pytest.approx(found["rate"], **NEAR)
    assert failures == []


def test_counts_stay_with_their_own_target(seen: dict[str, Any]) -> None:
    assert len(seen[FIRST]["reads"]) == 2
    assert seen[SECOND]["reads"] == ["carrier_id", "destination_id", "origin_id"]
    assert seen[THIRD]["reads"] == []
    assert seen[THIRD]["rate"] < seen[SECOND]["rate"] < 0.05 < seen[FIRST]["rate"]


@pytest.mark.parametrize("model", MODELS)
def test_the_decision_holds_the_candidate_against_the_base_rate_of_its_own_training(
    seen: dict[str, Any], model: str
) -> None:
    gate = seen[model]["base_rate"]
    assert gate["is_passed"] is (gate["value"] >= 0)
    assert "of the base rate of its training" in gate["reason"]
    said = float(gate["reason"].partition("training, ")[2].partition("%")[0]) / 100
    assert said == pytest.approx(seen[model]["rate"], **NEAR)


def test_pages_and_reviews_name_all(seen: dict[str, Any]) -> None:
    assert sorted(seen["status"]) == sorted(seen["readers"]) == sorted((*MODELS, LATENESS))


def test_a_model_of_another_kind_passes_gates_serves_is_judged_and_rolled_back(seen: dict[str, Any]) -> None:
    found = seen[LATENESS]
    gates = {each["gate"]: each for each in found["gates"]}
    assert "ranking" not in gates
    assert "coverage error" in gates["calibration"]["reason"]
    assert "pinball_loss" in gates["improvement"]["reason"]
    assert found["is_promoted"], [each["reason"] for each in found["gates"] if not each["is_passed"]]
    assert found["served"] == ["regression_heuristic", "regression_xgboost", "regression_heuristic"]
    assert found["promotions"] == ["first", "promotion", "rollback"]
    assert found["degraded"] == [""]
    assert (found["ordered"], found["whole"], found["probabilities"]) == (True, True, 0)
    assert found["top"] > 0
    assert found["again"] == [True, True, True]
    assert found["last resort"] == [3]


def test_a_model_of_another_kind_has_columns_metrics_and_drift_of_its_own(seen: dict[str, Any]) -> None:
    found = seen[LATENESS]
    assert {*NUMBERS, "rank", "flight_id"} <= {*found["columns"]}
    assert not {"probability", "raw_probability"} & {*found["columns"]}
    assert found["metrics"] == ["absolute_error", "coverage_error", "mean_width", "pinball_loss"]
    assert 0 < found["quality"]["pinball_loss"] < found["quality"]["absolute_error"] < 100
    assert found["drift"] == ["value"]
    assert not any("could not be computed" in each or "failed" in each for each in found["reasons"])


def test_a_prediction_of_another_kind_is_explained(seen: dict[str, Any]) -> None:
    heuristic, trees, _ = seen[LATENESS]["explained"]
    for found in (heuristic, trees):
        assert found["is_reproduced"]
        assert "exact" in found["compared"]
        learned, moved, said = (each["values"] for each in found["steps"])
        assert learned["value"] == moved["value"] == found["learned_value"]
        assert said == found["said"]
        assert "labels of the nights 2013-" in found["steps"][1]["text"]
        assert "the value and lower and upper are the very same" in found["page"]
        assert "rounded to whole numbers" in found["page"]
    assert {each["column"] for each in heuristic["inputs"] if each["effect"]} <= {"origin_id", "carrier_id"}
    assert len([each for each in trees["inputs"] if each["effect"]]) > 1


def test_pages_show_how_often_the_bounds_held_by_night_and_slice(seen: dict[str, Any]) -> None:
    shown = seen[LATENESS]["shown"]
    assert shown["rows"] > 700
    assert [each["title"] for each in shown["pictures"]][2:] == [
        "Labels within the bounds, by night",
        "Distance of the bounds, by night",
        "Label less the predicted number, by night",
    ]
    calibration = shown["pictures"][0]
    assert calibration["lines"]["labels"] == sorted(calibration["lines"]["labels"])
    assert {row[0] for row in shown["table"]["rows"]} >= {"carrier"}
    assert all(row[2] >= 200 for row in shown["table"]["rows"])


def test_bounds_of_another_kind_are_held_against_its_nights_and_not_moved_by_so_few(
    seen: dict[str, Any],
) -> None:
    found = seen[LATENESS]["recalibrations"]
    assert [each["is_in_use"] for each in found] == [False] * len(found)
    assert found
    assert seen[LATENESS]["raw"]
    assert {"raw_lower", "raw_upper", "recalibration_night"} <= {*seen[LATENESS]["columns"]}
