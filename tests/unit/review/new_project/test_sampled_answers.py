"""What answers leave to the sample."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.sample import read_sample
from redeye.review.new_project.sampled_answers import complete_answers, suggest_cutoff

GIVEN: dict[str, Any] = {
    "project": "courier",
    "zone": "Europe/Madrid",
    "data": "rows.csv",
    "one": "parcel",
    "many": "parcels",
    "time": "due",
    "key": ["number"],
    "predict": "outcome",
    "label": "fate",
}
OUTCOMES = ("on time", "late", "on time", "lost", "late", "on time", "")


def complete(folder: Path, outcomes: tuple[str, ...] = OUTCOMES, **more: object) -> Answers:
    path = folder / "rows.csv"
    rows = "".join(f"{at},2026-01-{at + 1:02},{outcome}\n" for at, outcome in enumerate(outcomes))
    path.write_text(f"number,due,outcome\n{rows}", encoding="utf-8")
    answers = Answers.model_validate({**GIVEN, **more})
    sample = read_sample(str(path), time=answers.time, key=answers.key, wanted=answers.columns)
    return complete_answers(answers, sample, str(path))


MONDAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("weekdays", "first"),
    [
        ("0123456", "MON"),
        ("01234", "MON"),
        ("60123", "SUN"),
        ("1", "TUE"),
        ("15", "SAT"),
        ("024", "MON"),
        ("5", "SAT"),
    ],
)
def test_a_week_begins_after_the_days_without_rows(weekdays: str, first: str) -> None:
    dates = [MONDAY + timedelta(weeks=week, days=int(day)) for week in range(3) for day in weekdays]
    assert suggest_cutoff("week", dates) == f"{first} 03:00"
    assert suggest_cutoff("day", dates) == "03:00"
    assert suggest_cutoff("week", []) == "MON 03:00"


def test_a_cutoff_that_is_said_stays_and_one_that_is_not_is_filled(tmp_path: Path) -> None:
    of_days = ("on time", "late", "late")
    assert complete(tmp_path, of_days).cutoff == "03:00"
    assert complete(tmp_path, of_days, every="week").cutoff == "THU 03:00"
    assert complete(tmp_path, of_days, every="week", cutoff="SUN 12:00").cutoff == "SUN 12:00"


def test_classes_of_the_sample_are_its_values_the_rarest_first(tmp_path: Path) -> None:
    assert complete(tmp_path, classes="sample").classes == ("lost", "late", "on time")
    assert complete(tmp_path, ("3", "2", "1", "3"), classes="sample").classes == ("1", "2", "3")


def test_classes_that_are_named_keep_their_order_and_may_be_more(tmp_path: Path) -> None:
    named = ("late", "on time", "lost", "stolen")
    assert complete(tmp_path, classes=named).classes == named
    assert complete(tmp_path).classes == ()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"classes": ["late", "lost", "stolen"]},
            "classes: outcome also has on time in the sample: name them",
        ),
        (
            {"classes": "sample", "unseen_class": "stolen"},
            "unseen_class: stolen is no value of outcome; it has lost",
        ),
        (
            {"classes": "sample", "outcomes": ("1.5", "2", "3")},
            "outcome is double, neither text nor whole numbers",
        ),
        (
            {"classes": "sample", "outcomes": ("good", "bad")},
            "outcome has 2 values in the sample, bad, good; from 3 to",
        ),
        (
            {"classes": "sample", "outcomes": ("on time", "on-time", "late")},
            "classes: 'on time' names no column of its own",
        ),
    ],
)
def test_classes_that_the_sample_refutes_are_named(
    tmp_path: Path, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        complete(tmp_path, **more)


def test_a_column_of_many_values_is_no_choice_of_classes(tmp_path: Path) -> None:
    many = tuple("abcdefghijklm")
    with pytest.raises(
        ConfigError, match="list the classes, and say with `unseen_class` which the others count to"
    ):
        complete(tmp_path, many, classes="sample")


def test_what_is_not_named_counts_to_the_unseen_class(tmp_path: Path) -> None:
    found = complete(tmp_path, classes=["late", "lost", "stolen"], unseen_class="lost")
    assert (found.classes, found.unseen_class) == (("late", "lost", "stolen"), "lost")
