"""A change of the dbt project gets the right verdict, from what it does to the data."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from redeye.adapters import impact_page, promotions, sandbox
from redeye.core.algorithms.heuristic import HeuristicModel
from redeye.core.algorithms.storage import save_model
from redeye.core.impact import Impact, Origin, Verdict, judge
from redeye.core.releases import Release
from redeye.core.spec_fields import column_of
from redeye.core.specs import load_spec
from redeye.jobs.impact import assess
from redeye.settings import PROJECT_ROOT, SPECS, settings

MODEL = "flight_delay"
FEATURES = Path("dbt") / "models" / "features"


@pytest.fixture(scope="module")
def champion(release: Release) -> HeuristicModel:
    """Reads two features of carrier, origin and hour; serves from the night after the release."""
    given = load_spec(SPECS / f"{MODEL}.yaml").algorithms.heuristic
    model = HeuristicModel(column_of(given.successes), column_of(given.trials), 0.2, given.prior_strength)
    folder = settings().artifacts / "a-heuristic"
    sha256 = save_model(model, folder)
    promotions.promote(
        MODEL,
        follows=None,
        version=1,
        algorithm="heuristic",
        feature_service=f"{MODEL}_v1",
        artifact_uri=folder.resolve().as_uri(),
        artifact_sha256=sha256,
        decided_night=release.night,
        effective_night=release.night + timedelta(days=1),
        reason="a test",
        evidence={},
        actor="test",
        run_id="test",
    )
    return model


@pytest.fixture
def checkout(tmp_path: Path, champion: HeuristicModel) -> Path:
    """The declarations in a repository of their own, committed."""
    for part in ("dbt", "ml/specs", "feature_repo"):
        shutil.copytree(PROJECT_ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "base"]):
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True)
    return tmp_path


def _edit(checkout: Path, path: Path, old: str, new: str) -> None:
    text = (checkout / path).read_text()
    assert old in text
    (checkout / path).write_text(text.replace(old, new))


def _impact(checkout: Path) -> Impact:
    found = assess("main", root=checkout)
    # Nothing of it is left.
    assert not sandbox.root().exists()
    return found


def test_a_refactoring_is_safe_and_nothing_else_is_built(checkout: Path) -> None:
    path = FEATURES / "feat_origin__evening.sql"
    _edit(checkout, path, "count(*) as flights", "-- all of them\n        count(flight_id) as flights")
    found = _impact(checkout)
    assert judge(found).verdict is Verdict.SAFE
    assert [(each.title, each.origin, each.is_same) for each in found.models] == [
        ("feat_origin__evening", Origin.CHANGED, True)
    ]


def test_another_window_of_a_feature_is_to_be_looked_at_and_told_with_numbers(
    checkout: Path, tmp_path: Path
) -> None:
    path = FEATURES / "feat_origin__evening.sql"
    _edit(checkout, path, "scheduled_departure_time >= 1700", "scheduled_departure_time >= 1900")
    found = _impact(checkout)
    judgement = judge(found)
    assert judgement.verdict is Verdict.LOOK
    assert judgement.verdict.exit_code == 1
    (model,) = found.models
    evening = next(each for each in model.columns if each.name == "evening_flights")
    assert evening.rows > 0
    assert evening.mean_new is not None
    assert evening.mean_old is not None
    assert evening.mean_new < evening.mean_old
    assert found.checked_nights
    assert (model.rows_old, model.keys_added, model.keys_lost) == (model.rows_new, 0, 0)
    # No version that serves reads it: no score can move.
    assert found.scores == ()
    page = impact_page.write(found, judgement, tmp_path / "report")
    assert "<svg" in page.read_text()
    assert "feat_origin__evening.evening_flights" in page.with_suffix(".md").read_text()


def test_a_feature_that_the_champion_reads_may_not_change_in_place(checkout: Path) -> None:
    path = Path("dbt") / "macros" / "flight_columns.sql"
    _edit(checkout, path, "{{ arrival_delay_minutes }} >= 15", "{{ arrival_delay_minutes }} >= 20")
    found = _impact(checkout)
    judgement = judge(found)
    assert judgement.verdict is Verdict.BREAKS
    assert judgement.verdict.exit_code == 2
    assert "features that flight_delay version 1 (heuristic, champion) reads change" in judgement.reasons[0]
    assert "new version" in judgement.reasons[0]
    (score,) = found.scores
    assert score.moved > 0
    assert score.rows > 5_000
    assert score.old is not None
    assert score.new is not None
    assert score.old.auc != score.new.auc


def test_a_leak_breaks_whether_the_sql_or_only_the_rows_show_it(checkout: Path) -> None:
    """The analyst vouches for a window function that looks ahead: the rule passes it, the rows do not."""
    path = FEATURES / "feat_origin__weather.sql"
    ahead = "lead(temperature_f, 20) over (partition by origin_id order by hour_ends_at)"
    _edit(checkout, path, "hour_ends_at > cutoff_at - interval 6 hour as", f"coalesce({ahead}, -99) > -90 as")
    _edit(
        checkout,
        FEATURES / "_models.yml",
        "  - name: feat_origin__weather\n",
        '  - name: feat_origin__weather\n    config: {meta: {trusted: {is_newest: "It is fine."}}}\n',
    )
    found = _impact(checkout)
    assert found.violations == ()
    assert judge(found).verdict is Verdict.BREAKS
    assert "feat_origin__weather has other rows for night" in judge(found).reasons[0]
