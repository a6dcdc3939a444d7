"""What follows from the declarations of a checkout, written into its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.generate import describe_stale_texts, find_stale_texts, generate

EVENING = "feat_origin__evening.yml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for part in ("dbt", "expectations", "feature_repo"):
        shutil.copytree(PROJECT_ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT_ROOT / "redeye.yaml", tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_changed_type_reaches_view_and_suite(checkout: Path) -> None:
    edit(checkout / "dbt/models/features" / EVENING, "data_type: bigint", "data_type: double")
    assert [str(path) for path in generate(checkout)] == [
        f"expectations/releases/{EVENING}",
        "feature_repo/views.py",
    ]
    assert "  evening_flights: float\n" in (checkout / "expectations/releases" / EVENING).read_text()
    assert '"evening_flights": Float64' in (checkout / "feature_repo/views.py").read_text()
    assert find_stale_texts(checkout) == {}


def test_a_column_that_is_renamed_is_renamed_in_every_window_and_table(checkout: Path) -> None:
    delays = checkout / "dbt/models/features/feat_delays.yml"
    edit(delays, '&late_flights {name: "late_flights_', '&slow_flights {name: "slow_flights_')
    generate(checkout)
    assert "late_flights" not in delays.read_text().partition("unit_tests:")[0]
    assert delays.read_text().count("*slow_flights_7n,") == 7
    assert '"slow_flights_7n": Int64' in (checkout / "feature_repo/views.py").read_text()
    assert "  slow_flights_all: int\n" in (checkout / "expectations/releases/feat_delays.yml").read_text()


def test_the_macros_of_nights_follow_a_clock_of_weeks(checkout: Path) -> None:
    macros = checkout / "dbt/macros/nights.sql"
    plain = macros.read_text()
    edit(
        checkout / "redeye.yaml",
        'cutoff: "03:00"',
        'cutoff: "MON 03:00"\n  every: week\n  skip: [2013-07-01]',
    )
    assert [path.name for path in generate(checkout)] == ["nights.sql"]
    written = macros.read_text()
    assert "({{ night }} + CASE {{ night }} WHEN DATE '2013-06-24' THEN 14 ELSE 7 END)::TIMESTAMP" in written
    assert written.count("{% macro cutoff(night) -%}") == written.count("{% macro next_night(night) -%}") == 1
    assert written.startswith(plain.partition("{# The end of a night")[0])


def test_what_is_edited_by_hand_is_stale(checkout: Path) -> None:
    edit(checkout / "dbt/macros/declared.sql", "return(15)", "return(20)")
    assert [str(path) for path in find_stale_texts(checkout)] == ["dbt/macros/declared.sql"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("data_type: bigint", "data_type: hugeint", "hugeint"),
        ("feature_rows", "unique_key", "feature_rows"),
    ],
)
def test_what_cannot_be_is_refused_with_its_file_and_changes_nothing(
    checkout: Path, old: str, new: str, said: str
) -> None:
    views = checkout / "feature_repo/views.py"
    views.write_text("stale", encoding="utf-8")
    edit(checkout / "dbt/models/features" / EVENING, old, new)
    with pytest.raises(ConfigError, match=rf"{EVENING}.*{said}"):
        generate(checkout)
    assert views.read_text() == "stale"


def test_a_table_without_its_suite_is_refused(checkout: Path) -> None:
    (checkout / "expectations/releases" / EVENING).unlink()
    with pytest.raises(ConfigError, match=f"releases/{EVENING}"):
        find_stale_texts(checkout)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            '"evening_flights": Int64',
            '"evening_flights": Float64',
            "origin_evening:evening_flights is Float64 where its table has it Int64",
        ),
        (
            '    "evening_flights": Int64,\n',
            "",
            "origin_evening:evening_flights is not there where its table has it Int64",
        ),
        (
            '"evening_flights": Int64',
            '"dawn": Int64, "evening_flights": Int64',
            "origin_evening:dawn is in no table",
        ),
        ("from __future__", "from from", "line 6 is no Python"),
    ],
)
def test_a_view_that_was_edited_is_told_with_its_fields(
    checkout: Path, old: str, new: str, told: str
) -> None:
    assert describe_stale_texts(checkout) == []
    edit(checkout / "feature_repo/views.py", old, new)
    assert describe_stale_texts(checkout) == [
        f"feature_repo/views.py does not follow its declaration: `./redeye generate` writes it ({told})"
    ]
