"""The walk-through of docs/tutorials/adding-a-feature.md, run as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redeye.audits.suite_files import load_suite
from redeye.cli import app
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.generate import generate
from redeye.review.impact import assess
from redeye.review.logic.impact_verdict import Verdict, judge
from redeye.review.logic.model_diff import Origin
from redeye.warehouse.logic.releases import Release

PAGE = PROJECT_ROOT / "docs" / "tutorials" / "adding-a-feature.md"
MOST_LINES = 30
MOST_FILES_BY_HAND = 3


def commands() -> dict[str, list[str]]:
    """The page's commands by their second word."""
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)).splitlines()
    return {shlex.split(line)[2]: shlex.split(line)[1:] for line in lines if line}


@pytest.fixture
def checkout(tmp_path: Path, release: Release) -> Path:
    shutil.copy(PROJECT_ROOT / "redeye.yaml", tmp_path)
    for part in ("dbt", "ml/specs", "feature_repo", "expectations"):
        shutil.copytree(PROJECT_ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "base"]):
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True)
    return tmp_path


def run(checkout: Path, words: list[str]) -> str:
    done = CliRunner().invoke(app, [*words, "--root", str(checkout)])
    assert done.exit_code == 0, done.output
    return done.output


def changed_lines(checkout: Path) -> int:
    told = subprocess.run(
        ["git", "diff", "--numstat"], cwd=checkout, check=True, capture_output=True, text=True
    ).stdout
    return sum(max(int(line.split()[0]), int(line.split()[1])) for line in told.splitlines())


def written_by_hand() -> list[str]:
    """The files of the page's table: what a column takes from a person."""
    return re.findall(r"^\| `([\w/]+\.\w+)` \|", PAGE.read_text(), re.MULTILINE)


def rest_follows(checkout: Path, by_hand: list[str]) -> None:
    """All that the command changed comes about again from the files written by hand alone."""
    assert 0 < len(by_hand) <= MOST_FILES_BY_HAND

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=checkout, check=True, capture_output=True, text=True
        ).stdout

    changed = git("diff")
    others = [path for path in git("diff", "--name-only").split() if path not in by_hand]
    git("checkout", "--", *others)
    assert git("diff") != changed
    assert [str(path) for path in generate(checkout)] == others
    assert git("diff") == changed


def view_fields(checkout: Path, view: str) -> set[str]:
    """The features that a checkout's feature repo declares for a view, as Feast sees it."""
    code = (
        "from redeye.features.feast_import import import_feast; import_feast(); import views; "
        f"print(*[field.name for field in views.{view}.features])"
    )
    path = f"{checkout / 'feature_repo'}:{PROJECT_ROOT / 'ml'}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}, check=True
    )
    return set(done.stdout.split())


def test_the_walk_through_adds_a_feature_in_few_lines_and_touches_nothing_that_was_there(
    checkout: Path,
) -> None:
    run(checkout, commands()["feature"])
    assert 0 < changed_lines(checkout) <= MOST_LINES
    new = "evening_departed_flights"
    rest_follows(checkout, written_by_hand())

    found = assess("main", root=checkout)
    judgement = judge(found)
    assert judgement.verdict is Verdict.LOOK
    assert judgement.reasons == ("flight_delay is trained on other features from now on (version 2)",)
    (model,) = found.models
    assert [(each.name, each.change) for each in model.changed] == [(new, "added")]
    assert found.violations == ()

    tests = (checkout / "dbt" / "models" / "features" / "feat_origin__evening.yml").read_text()
    assert f"{{night: 2013-04-07, origin_id: JFK, {new}: 2}}" in tests
    assert f"origin_evening:{new}" in load_spec(checkout / "ml" / "specs" / "flight_delay.yaml").features
    assert new in load_suite("releases/feat_origin__evening", root=checkout / "expectations").types
    assert new in view_fields(checkout, "origin_evening")


@pytest.mark.long
def test_a_changed_feature_stands_beside_the_old_one_which_stays_as_it_is(checkout: Path) -> None:
    """What the champion reads is equal before and after, to the row."""
    run(checkout, commands()["version"])
    path = checkout / "dbt" / "models" / "features" / "feat_origin__weather_v2.sql"
    path.write_text(path.read_text().replace("interval 6 hour as is_newest", "interval 5 hour as is_newest"))
    found = assess("main", root=checkout)
    # The frames of the audit are Python of this process, which knows no table of the checkout's own suites.
    assert [refusal.partition(":")[0] for refusal in found.refusals] == ["releases/profile"]
    assert judge(replace(found, refusals=())).verdict is Verdict.SAFE
    assert [(each.title, each.origin) for each in found.models] == [("feat_origin__weather_v2", Origin.NEW)]
    assert found.violations == ()
    assert found.leaks == ()
    assert "temperature_trend_f" in view_fields(checkout, "origin_weather_v2")


def test_a_second_version_of_a_feature_is_refused_while_it_is_there(checkout: Path) -> None:
    run(checkout, commands()["version"])
    done = CliRunner().invoke(app, [*commands()["version"], "--root", str(checkout)])
    assert done.exit_code == 1
