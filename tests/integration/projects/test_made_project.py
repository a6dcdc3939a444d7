"""A project that nobody has seen, written from ten answers, runs without a change to the engine."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_projects import MadeProject

FIRST, HISTORY, NIGHTS = date(2026, 1, 1), 62, 4


@pytest.fixture(scope="module")
def made(made_project: tuple[Path, MadeProject]) -> tuple[Path, MadeProject]:
    return made_project


@pytest.fixture(scope="module")
def played(played_project: dict[str, Any]) -> dict[str, Any]:
    return played_project


def measure_loss(chance: pd.Series, outcome: pd.Series) -> float:
    p = np.clip(chance.to_numpy(float), 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(outcome, np.log(p), np.log(1 - p))))


def test_the_history_is_one_release_and_the_nights_are_sound(played: dict[str, Any]) -> None:
    assert played["release"]["release_id"].endswith(".r1")
    assert all(night["rows"] == 40 and not night["is_degraded"] for night in played["nights"])
    assert {night["verdict"] for night in played["nights"]} <= {"ok", "warning"}


def test_a_model_replaces_the_heuristic_and_one_that_is_told_the_outcome_does_not(
    played: dict[str, Any],
) -> None:
    sound, leaking = (played["trained"][played[name]] for name in ("model", "leaking"))
    assert sound["is_promoted"], sound["reason"]
    assert not leaking["is_promoted"]
    assert "some feature must hold the outcome" in leaking["reason"]
    assert played["nights"][-1]["algorithm"] == sound["algorithm"] != "heuristic"


def test_predictions_are_near_the_best_there_can_be(
    played: dict[str, Any], made: tuple[Path, MadeProject]
) -> None:
    rows = made[1].rows.set_index("number")
    found = pd.DataFrame(played["predictions"])
    truth = rows.loc[found.iloc[:, found.columns.get_loc("night") + 1]]
    best = truth["chance"].to_numpy()
    # Against the chances themselves: outcomes of 40 rows would say little.
    own = found["probability"].astype(float).to_numpy()
    cross = -np.mean(best * np.log(own) + (1 - best) * np.log(1 - own))
    entropy = -np.mean(best * np.log(best) + (1 - best) * np.log(1 - best))
    base = rows["failed"].mean()
    of_base = -np.mean(best * np.log(base) + (1 - best) * np.log(1 - base))
    assert cross < entropy + 0.25 * (of_base - entropy)


def test_an_unbuilt_night_is_predicted_from_the_release_before(played: dict[str, Any]) -> None:
    assert played["degraded"]["rows"] == 40
    assert played["degraded"]["is_degraded"]


def test_what_nobody_can_know_of_its_data_is_said_of_a_prediction_its_model_and_its_night(
    played: dict[str, Any], made: tuple[Path, MadeProject]
) -> None:
    many, assumed = str(made[1].answers["many"]), "when its rows became known is assumed, not recorded"
    notes = [each for each in played["explained"]["notes"] if each.startswith("nobody can know")]
    assert [each.partition(" (read by ")[0] for each in notes] == [
        f"nobody can know: of dataset {name}, {assumed}" for name in sorted((many, "outcomes"))
    ]
    assert "feature view place_history" in " ".join(notes)
    for name in (many, "outcomes"):
        assert f"| nobody can know of {name} | {assumed} (read by " in played["card"]
    assert played["caveats"] == dict.fromkeys((many, "outcomes"), sorted(played["trained"]))
    first = [str(FIRST - timedelta(days=1)), str(FIRST)]
    assert played["first_nights"] == [*first, None]


def test_its_gates_are_simulated_on_nights_like_its_own(
    played: dict[str, Any], made: tuple[Path, MadeProject]
) -> None:
    found, rows = played["circumstances"], made[1].rows
    assert found["rows"] == 40
    assert found["base_rate"] == pytest.approx(rows["failed"].mean(), abs=0.02)
    assert 0 <= found["correlation"] < 0.1


def test_a_prediction_is_explained_and_taken_back(played: dict[str, Any]) -> None:
    assert played["explained"]["equal"]
    assert played["explained"]["inputs"] > 5
    assert played["explained"]["faults"] == []
    assert played["rolled_back"]["version"] == 1


def test_nothing_of_the_built_in_project_was_there(played: dict[str, Any]) -> None:
    assert not played["knows_flights"]


def test_a_second_intake_brings_nothing_new(played: dict[str, Any]) -> None:
    assert played["deliveries_again"] == 2 * (HISTORY + NIGHTS)
