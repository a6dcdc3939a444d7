"""A merged edit of a feature changes nothing that the champion reads, until a model trained on it is promoted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from redeye.foundation.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration

STORY = Path(__file__).with_name("story.py")
OLD, NEW = "origin_evening__", "origin_evening_v2__"


@pytest.fixture(scope="module")
def seen(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the story saw: before the merge, and in a process of its own after it."""
    folder = tmp_path_factory.mktemp("redeye-versions")
    checkout = folder / "checkout"
    for part in ("dbt", "ml", "feature_repo", "expectations"):
        shutil.copytree(PROJECT_ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("redeye.yaml", "requirements.lock"):
        shutil.copy(PROJECT_ROOT / name, checkout)
    found: dict[str, Any] = {}
    with install(folder / "home"):
        variables = {
            **os.environ,
            "PYTHONPATH": str(checkout / "ml"),
            "REDEYE_MLFLOW_TRACKING_URL": f"sqlite:///{folder / 'mlflow.db'}",
        }
        for acts in (("serve", "edit_in_place", "without_merge"), ("with_merge", "promote_next")):
            told = folder / "seen.json"
            done = subprocess.run(
                [sys.executable, str(STORY), str(told), *acts],
                env=variables,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr[-4000:]
            found |= json.loads(told.read_text())
    return found


def test_a_feature_that_is_edited_in_place_is_not_built(seen: dict[str, Any]) -> None:
    refusal = seen["refusal"]
    assert "dbt/models/features/feat_origin__evening.sql changes" in refusal
    assert "feat_origin__evening.evening_late_departure_rate" in refusal
    assert "flight_delay version 2 (logistic, champion)" in refusal
    assert "redeye new version feat_origin__evening" in refusal
    assert "redeye rebuild 2013-01-14" in refusal
    assert seen["is_head_unmoved"]


def test_the_night_waits_and_is_then_scored_from_the_last_good_release(seen: dict[str, Any]) -> None:
    assert "has no release" in seen["waits"]
    assert seen["degraded"][0] == "2013-01-14.r1"


def test_other_edits_are_told_from_it(seen: dict[str, Any]) -> None:
    assert seen["harmless"] == "passes"
    assert "int_outcomes__versioned.sql" in seen["harmful"]
    assert "evening_flights (gone)" in seen["harmful"]


def test_the_champion_says_the_same_with_the_new_version_beside_the_old_one(seen: dict[str, Any]) -> None:
    assert len(seen["without"]) > 500
    assert seen["with"] == seen["without"]
    assert (seen["service"], seen["is_degraded"]) == ("flight_delay_v1", False)


def test_the_new_version_is_read_once_a_model_trained_on_it_is_promoted(seen: dict[str, Any]) -> None:
    promoted = seen["promoted"]
    assert promoted["is_promoted"]
    assert promoted["service"] == "flight_delay_v2"
    assert any(name.startswith(NEW) for name in promoted["reads"])
    assert not any(name.startswith(OLD) for name in promoted["reads"])


def test_from_then_on_both_versions_are_kept(seen: dict[str, Any]) -> None:
    """The new one serves, the old one is what to go back to."""
    assert "feat_origin__evening_v2.evening_late_departure_rate" in seen["promoted"]["edit of new"]
    assert "to go back to) reads feat_origin__evening.evening_late" in seen["promoted"]["edit of old"]
