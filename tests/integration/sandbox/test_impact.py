"""A change of the dbt project gets the right verdict, from what it does to the data."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from redeye.champions import promotion_store
from redeye.declarations.spec_fields import name_column
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT, SPECS, settings
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import save_model
from redeye.review.impact import assess
from redeye.review.logic.impact_verdict import Impact, Verdict, judge
from redeye.review.logic.model_diff import Origin
from redeye.review.reports.compare_branches import compare_branches
from redeye.review.reports.impact_page import write_page
from redeye.review.sandboxes import sandbox as job
from redeye.review.sandboxes import sandbox_catalog as sandbox
from redeye.scoring import outputs_store
from redeye.warehouse.logic.releases import Release

MODEL = "flight_delay"
FEATURES = Path("dbt") / "models" / "features"


@pytest.fixture(scope="module")
def champion(release: Release) -> HeuristicModel:
    """Reads two features of carrier, origin and hour; serves from the night after the release."""
    given = load_spec(SPECS / f"{MODEL}.yaml").algorithms.heuristic
    model = HeuristicModel(name_column(given.successes), name_column(given.trials), 0.2, given.prior_strength)
    folder = settings().artifacts / "a-heuristic"
    sha256 = save_model(model, folder)
    promotion_store.promote(
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
        last_scored_night=outputs_store.find_last_scored_night,
    )
    return model


@pytest.fixture
def checkout(tmp_path: Path, champion: HeuristicModel) -> Path:
    """The declarations in a repository of their own, committed."""
    for part in ("dbt", "ml/specs", "feature_repo"):
        shutil.copytree(PROJECT_ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    _commit(tmp_path, "base")
    return tmp_path


def _commit(checkout: Path, message: str) -> None:
    for words in (["add", "."], ["commit", "-q", "-m", message]):
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *who, *words], cwd=checkout, check=True)


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


@pytest.mark.long
def test_a_refactoring_of_what_the_champion_reads_is_to_be_brought_in_on_purpose(checkout: Path) -> None:
    path = Path("dbt") / "macros" / "delays.sql"
    late = "coalesce({{ sums }}.late_flights_{{ nights }}, 0)::bigint as late"
    _edit(checkout, path, late, "coalesce({{ sums }}.late_flights_{{ nights }}, 0, 0)::bigint as late")
    found = _impact(checkout)
    assert all(each.is_same for each in found.models)
    judgement = judge(found)
    assert judgement.verdict is Verdict.LOOK
    assert "feat_carrier_origin_hour__delays.late_flights_all is defined otherwise" in judgement.reasons[0]
    assert "redeye rebuild" in judgement.reasons[0]


def test_a_column_that_the_suite_does_not_name_is_refused_as_the_night_refuses_it(checkout: Path) -> None:
    _edit(
        checkout,
        FEATURES / "feat_origin__evening.sql",
        "    {{ cutoff('keys.night') }} as event_at,",
        "    coalesce(state.late_departures, 0)::bigint as evening_late,\n    {{ cutoff('keys.night') }} as event_at,",
    )
    _edit(
        checkout,
        FEATURES / "feat_origin__evening.yml",
        "      - {name: event_at, data_type: timestamp,",
        '      - {name: evening_late, data_type: bigint, description: "Those that left late."}\n'
        "      - {name: event_at, data_type: timestamp,",
    )
    found = _impact(checkout)
    assert found.failed_unit_tests == ""
    (refusal,) = found.refusals
    assert refusal.startswith("releases/feat_origin__evening: ")
    assert "evening_late" in refusal
    judgement = judge(found)
    assert judgement.verdict is Verdict.BREAKS
    assert f"the next night would be refused: {refusal}" in judgement.reasons


def test_a_changed_test_and_a_changed_suite_are_held_against_the_last_night(checkout: Path) -> None:
    _edit(
        checkout,
        Path("dbt") / "tests" / "singular" / "labels_are_consistent.sql",
        "    and (\n",
        "    and (\n        is_late\n        or ",
    )
    found = _impact(checkout)
    assert found.models == ()
    (refusal,) = found.refusals
    assert refusal.startswith("the build: test.redeye.labels_are_consistent: Got ")
    assert judge(found).verdict is Verdict.BREAKS

    subprocess.run(["git", "checkout", "-q", "."], cwd=checkout, check=True)
    shutil.copytree(PROJECT_ROOT / "expectations", checkout / "expectations")
    _edit(
        checkout,
        Path("expectations") / "releases" / "feat_origin__evening.yml",
        "{column: evening_flights, min_value: 0, max_value: 300}",
        "{column: evening_flights, min_value: 0, max_value: 3}",
    )
    _edit(checkout, FEATURES / "feat_origin__evening.yml", "evening_flights: 3,", "evening_flights: 4,")
    found = _impact(checkout)
    (refusal,) = found.refusals
    assert "evening_flights" in refusal
    assert "the_evening_is_what_was_known_of_it_at_the_cutoff" in found.failed_unit_tests


def test_a_type_that_cannot_hold_earlier_values_is_refused_as_the_night_refuses_it(checkout: Path) -> None:
    path, name = FEATURES / "feat_origin__evening.sql", "evening_mean_departure_delay_minutes"
    mean = "{{ ratio('state.departure_delay_minutes', 'state.departed_flights') }}"
    _edit(checkout, path, f"{mean} as {name}", f"round({mean})::bigint as {name}")
    declared = path.with_suffix(".yml")
    _edit(checkout, declared, f"{name}, data_type: double", f"{name}, data_type: bigint")
    found = _impact(checkout)
    (refusal,) = found.refusals
    assert f"features.feat_origin__evening.{name} is DOUBLE in the table and BIGINT by the model" in refusal
    assert "`redeye rebuild 2012-12-31 --reason '...'`" in refusal
    (model,) = found.models
    (column,) = model.changed
    assert (column.title, column.is_unreadable) == (f"{name} (DOUBLE → BIGINT)", False)
    assert 0 < (column.largest or 0) <= 0.5
    assert judge(found).verdict is Verdict.BREAKS


@pytest.mark.long
def test_another_window_of_a_feature_is_to_be_looked_at_and_told_with_numbers(
    checkout: Path, tmp_path: Path
) -> None:
    path = FEATURES / "feat_origin__evening.sql"
    _edit(
        checkout, path, "scheduled_departure_time >= 1700", "scheduled_departure_time between 1700 and 2030"
    )
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
    assert model.examples[0].change == "values"
    at = job.make("rows")
    try:
        job.rebuild(at, ["model.redeye.feat_origin__evening"], project=checkout / "dbt")
        with at.connect() as con:
            con.execute("USE warehouse")
            rows = con.execute(model.query)
            names = [each[0] for each in rows.description or ()]
            differing = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    finally:
        sandbox.drop(at.name)
    assert sum(row["old_evening_flights"] != row["new_evening_flights"] for row in differing) == evening.rows
    newest = next(row for row in differing if (str(row["night"]), row["origin_id"]) == model.examples[0].key)
    shown = {name: (old, new) for name, old, new in model.examples[0].values}
    old, new = (str(newest[f"{side}_evening_flights"]) for side in ("old", "new"))
    assert shown["evening_flights"] == (old, new)
    page = write_page(found, judgement, tmp_path / "report")
    assert "<svg" in page.read_text()
    assert "feat_origin__evening.evening_flights" in page.with_suffix(".md").read_text()


def test_a_feature_that_the_champion_reads_may_not_change_in_place(checkout: Path) -> None:
    path = Path("dbt") / "macros" / "flight_columns.sql"
    _edit(checkout, path, "{{ late_minutes() }}", "20")
    found = _impact(checkout)
    judgement = judge(found)
    assert judgement.verdict is Verdict.BREAKS
    assert judgement.verdict.exit_code == 2
    assert "features that flight_delay version 1 (heuristic, champion) reads change" in judgement.reasons[0]
    # The table shares its declaration with others: no command copies it.
    assert "as columns of other names in feat_carrier_origin_hour__delays" in judgement.reasons[0]
    assert "redeye new version" not in judgement.reasons[0]
    label = "fct_flights.is_late is what flight_delay predicts"
    assert any(reason.startswith(label) for reason in judgement.reasons)
    assert "a_flight_is_late_from_fifteen_minutes" in found.failed_unit_tests
    (score,) = found.scores
    assert score.moved > 0
    assert score.rows > 5_000
    assert score.old is not None
    assert score.new is not None
    assert asdict(score.old)["auc"] != asdict(score.new)["auc"]


def _small_spec(checkout: Path) -> None:
    """A spec with few features, few trees, and windows that two weeks hold."""
    path, yaml = checkout / "ml" / "specs" / f"{MODEL}.yaml", YAML(typ="safe")
    spec = yaml.load(path.read_text())
    spec |= {
        "features": [
            "carrier_origin_hour_delays:{flights_all,late_flights_all}",
            "origin_evening:{evening_flights,evening_late_departure_rate}",
        ],
        "categorical_features": [],
        "split": {"validation_nights": 2, "test_nights": 2, "minimum_train_nights": 2, "history_nights": 30},
        "algorithms": {name: spec["algorithms"][name] for name in ("heuristic", "xgboost")},
        "candidates": {"preference": ["xgboost", "heuristic"]},
    }
    spec["algorithms"]["xgboost"] |= {"rounds": 20, "learning_rate": 0.3}
    spec["gates"] |= {"minimum_nights": 2, "bootstrap_samples": 100}
    yaml.dump(spec, path)


@pytest.mark.long
def test_a_base_that_built_no_release_is_built_beside_and_a_model_is_fitted_on_both(checkout: Path) -> None:
    """The release is of the code of before: only what the branch itself changes may be told."""
    path = FEATURES / "feat_origin__evening.sql"
    _small_spec(checkout)
    _edit(checkout, path, "{{ is_late('departure_delay_minutes') }}", "departure_delay_minutes >= 20")
    _edit(checkout, path, "scheduled_departure_time >= 1700", "scheduled_departure_time >= 1900")
    _commit(checkout, "a base of its own")
    _edit(checkout, path, "departure_delay_minutes >= 20", "departure_delay_minutes >= 30")

    found = assess("main", seeds=2, root=checkout)
    assert not sandbox.root().exists()
    assert "building the base" in found.seconds
    (model,) = found.models
    assert model.seconds_old is not None
    assert [(each.name, each.change) for each in model.changed] == [("evening_late_departure_rate", "values")]
    (gain,) = found.gains
    assert (gain.model, gain.algorithm, gain.seeds, gain.label) == (MODEL, "xgboost", 2, None)
    assert gain.rows > 1_000
    assert gain.old != gain.new
    assert gain.gain is not None


def test_where_the_spec_alone_changes_a_model_is_fitted_by_both(checkout: Path) -> None:
    _small_spec(checkout)
    _commit(checkout, "few features")
    path = Path("ml") / "specs" / f"{MODEL}.yaml"
    _edit(
        checkout,
        path,
        "origin_evening:{evening_flights,evening_late_departure_rate}",
        "origin_evening:{evening_flights}",
    )
    found = assess("main", seeds=2, root=checkout)
    assert found.models == ()
    (gain,) = found.gains
    assert gain.old != gain.new
    assert any(f"{MODEL} trained" in reason for reason in judge(found).reasons)


def test_other_windows_are_held_against_each_other_on_the_nights_that_both_test_on(checkout: Path) -> None:
    _small_spec(checkout)
    _commit(checkout, "few features")
    path = checkout / "ml" / "specs" / f"{MODEL}.yaml"
    yaml = YAML(typ="safe")
    spec = yaml.load(path.read_text())
    spec["split"] |= {"test_nights": 3, "history_nights": 4}
    yaml.dump(spec, path)
    found = assess("main", seeds=2, root=checkout)
    judgement = judge(found)
    assert judgement.verdict is Verdict.LOOK
    assert judgement.reasons[0] == f"the spec of {MODEL} changes in split"
    (gain,) = found.gains
    first, _, last = gain.nights.partition("..")
    assert (date.fromisoformat(last) - date.fromisoformat(first)).days + 1 == 2
    assert gain.old != gain.new
    spec["split"]["minimum_train_nights"] = 300
    yaml.dump(spec, path)
    (reason,) = assess("main", seeds=2, root=checkout).untrained
    assert reason.startswith(f"{MODEL} cannot be trained anew: night ")


@pytest.mark.long
def test_another_label_is_told_with_both_and_a_model_is_trained_on_each(checkout: Path) -> None:
    _small_spec(checkout)
    _commit(checkout, "few features")
    _edit(checkout, Path("dbt") / "macros" / "flight_columns.sql", "{{ late_minutes() }}", "30")
    found = assess("main", seeds=2, root=checkout)
    (gain,) = found.gains
    assert gain.label is not None
    assert gain.label.rows > 10_000
    # Rarer: what is thirty minutes late is fifteen minutes late too.
    ((before, after),) = gain.label.moves.values()
    assert gain.label.changed == pytest.approx(gain.label.rows * (before - after))
    by = {(fit.trained_on, fit.judged_by): fit for fit in gain.label.fits}
    assert len(by) == 4
    # Each label is told best by the model that learned it.
    for label, other in (("old", "new"), ("new", "old")):
        assert by[label, label].loss < by[other, label].loss
    assert gain.gain is not None
    assert gain.gain.value == pytest.approx(by["old", "new"].loss - by["new", "new"].loss)
    assert any(f"the label of {MODEL} flips in" in reason for reason in judge(found).reasons)


@pytest.mark.long
def test_branches_are_compared_in_one_table_each_with_its_merge_base(checkout: Path, tmp_path: Path) -> None:
    path = FEATURES / "feat_origin__evening.sql"
    edits = {"same": ("count(*) as flights", "count(flight_id) as flights"), "later": ("1700", "1900")}
    for branch, (old, new) in edits.items():
        subprocess.run(["git", "checkout", "-q", "-b", branch, "main"], cwd=checkout, check=True)
        _edit(checkout, path, old, new)
        _commit(checkout, branch)
    told: list[str] = []
    folder = tmp_path / "compared"
    table, verdict = compare_branches(list(edits), "main", folder, report=told.append, root=checkout)
    assert [row[:3] for row in table.rows] == [
        ("same", "safe", "none differs"),
        ("later", "breaks", "feat_origin__evening"),
    ]
    assert verdict is Verdict.BREAKS
    assert "| later | breaks |" in (folder / "comparison.md").read_text()
    assert {each.name for each in folder.iterdir() if each.is_dir()} == set(edits)
    left = subprocess.run(
        ["git", "worktree", "list"], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert len(left.stdout.splitlines()) == 1
    assert told[0] == "same: making a sandbox"
    with pytest.raises(ConfigError, match="no branch or commit 'nowhere'"):
        compare_branches(["same", "nowhere"], "main", folder, report=told.append, root=checkout)


def test_a_leak_breaks_whether_the_sql_or_only_the_rows_show_it(checkout: Path) -> None:
    """The analyst vouches for a window function that looks ahead: the rule passes it, the rows do not."""
    path = FEATURES / "feat_origin__weather.sql"
    ahead = "lead(temperature_f, 20) over (partition by origin_id order by hour_ends_at)"
    _edit(checkout, path, "hour_ends_at > cutoff_at - interval 6 hour as", f"coalesce({ahead}, -99) > -90 as")
    _edit(
        checkout,
        FEATURES / "feat_origin__weather.yml",
        "  - name: feat_origin__weather\n",
        '  - name: feat_origin__weather\n    config: {meta: {trusted: {is_newest: "It is fine."}}}\n',
    )
    found = _impact(checkout)
    assert found.violations == ()
    assert judge(found).verdict is Verdict.BREAKS
    assert "feat_origin__weather has other rows for night" in judge(found).reasons[0]
    assert [leak.partition(" ")[0] for leak in found.leaks] == ["feat_origin__weather"]


def test_history_that_a_night_built_by_itself_lacks_is_no_leak(checkout: Path) -> None:
    path = FEATURES / "feat_origin__evening.sql"
    window = "partition by keys.origin_id order by keys.night rows between 6 preceding and current row"
    flights = "coalesce(state.flights, 0)"
    _edit(checkout, path, f"{flights}::bigint as", f"(sum({flights}) over ({window}))::bigint as")
    found = _impact(checkout)
    assert (found.violations, found.leaks, found.redefined) == ((), (), ())
    (short,) = found.short_of_history
    assert short.startswith("feat_origin__evening: other rows for night")
    judgement = judge(found)
    assert judgement.verdict is Verdict.BREAKS
    assert short in judgement.reasons
