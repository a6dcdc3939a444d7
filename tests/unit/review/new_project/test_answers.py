"""The answers that a project is written from."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import (
    FROM_SAMPLE,
    load_answers,
)

ANSWERS = """\
project: clinic
zone: Europe/Madrid
data: data/visits.csv
one: visit
many: visits
time: starts
key: [number]
in_advance: [place]
groups: [place]
predict: missed
label: is_missed
"""

OF_CUSTOMERS = """\
project: shop
zone: Europe/Madrid
data: data/orders.csv
one: customer
many: customers
time: at
key: [number]
each: [customer_id]
seen_within: 28
take: sum
predict: paid
during: 7
if_none: 0
label: spends
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_are_listed_once_and_the_model_is_named_after_subject_and_label(tmp_path: Path) -> None:
    answers = load_answers(write(tmp_path, ANSWERS))
    assert answers.columns == ("number", "starts", "place", "missed")
    assert answers.model == "visit_missed"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("predict: missed", "predict: place"), r":\d+: .*place is said to be known in advance"),
        (("groups: [place]", "groups: [plce]"), "plce is not in `in_advance`"),
        (
            ("label: is_missed", "label: missed"),
            "label: missed is a column of the data: call it another name",
        ),
        (
            ("predict: missed", "predict: missed\nis_at_least: 3\nclasses: sample"),
            r":12: classes: stand beside `is_at_least`",
        ),
        (
            ("predict: missed", "predict: missed\nis_at_least: 3\nis_number: true"),
            r":12: is_number: stands beside `is_at_least`",
        ),
        (
            ("predict: missed", "predict: missed\nclasses: sample\nis_number: true"),
            r":12: is_number: stands beside `classes`",
        ),
        (
            ("label: is_missed", "label: missed\nis_number: true"),
            "label: missed is a column of the data: call it another name, as final_missed",
        ),
        (
            ("predict: missed", "predict: missed\nclasses: [a, b]"),
            r":11: classes: of 2 it is no question which",
        ),
        (("predict: missed", "predict: missed\nclasses: [a, b, a]"), r":11: classes: a appears twice"),
        (("predict: missed", "predict: missed\nclasses: [a, b, true]"), r":11: classes"),
        (
            ("predict: missed", "predict: missed\nunseen_class: other"),
            r":11: unseen_class: is one of which\? say them with `classes`",
        ),
        (
            ("predict: missed", "predict: missed\nclasses: [a, b, c]\nunseen_class: d"),
            r":12: unseen_class: d is none of `classes`",
        ),
        (
            ("time: starts", "time: starts\nevery: week\ncutoff: '04:00'"),
            r":8: cutoff: '04:00' ends no night of a week: write HH:MM after one of MON, .*, or `every: day`",
        ),
        (
            ("time: starts", "time: starts\ncutoff: MON 04:00"),
            r":7: cutoff: .*ends no night of a day: .*`every: week`",
        ),
        (("time: starts", "time: starts\nevery: month"), r":7: every: "),
        (
            ("Europe/Madrid", "Europe/Madird"),
            r":2: zone: 'Europe/Madird' is no time zone: write one as Europe/Madrid",
        ),
        (("zone: Europe", "zon: Europe"), r":2: zon: unknown key; did you mean 'zone'"),
    ],
)
def test_answers_that_do_not_fit_are_named(tmp_path: Path, edit: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_answers(write(tmp_path, ANSWERS.replace(*edit)))


def test_whoever_rows_are_of_is_predicted_by_the_rows_of_a_span(tmp_path: Path) -> None:
    answers = load_answers(write(tmp_path, OF_CUSTOMERS))
    assert answers.columns == ("number", "at", "customer_id", "paid")
    assert (answers.begins, answers.if_none, answers.final_after) == ("midnight", "0", 0)
    none = {"take: sum\npredict: paid": "take: exists", "if_none: 0": "if_none: false"}
    text = OF_CUSTOMERS
    for old, new in none.items():
        text = text.replace(old, new)
    assert load_answers(write(tmp_path, text)).if_none == "false"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("if_none: 0\n", "", r"if_none: is missing; write what holds then"),
        ("take: sum", "take: mean", r":13: if_none: 0 is no mean of nothing; write missing"),
        ("take: sum\npredict: paid", "take: exists", r":12: if_none: 0 is no exists of nothing; write false"),
        ("if_none: 0", "if_none: zero", r":13: if_none: 'zero' is none of 0, false, missing"),
        ("take: sum", "take: summ", r":10: take: 'summ' is none of .*; did you mean 'sum'\?"),
        ("take: sum\n", "", r"take: is missing; write one of exists, count, sum, mean, last"),
        ("predict: paid\n", "", r"predict: is missing; name the column whose sum is taken"),
        ("during: 7", "during: week", r":12: during: 'week': input should be a valid integer"),
        ("during: 7", "during: 0", r":12: during: 0: .*greater than or equal to 1"),
        ("during: 7\n", "", r"during: is missing; write how many nights, as 7"),
        ("during: 7", "during: 7\nbegins: noon", r":13: begins: 'noon' is none of cutoff, midnight"),
        ("seen_within: 28\n", "", r":8: each: say with `seen_within` or `valid` who is one at a cutoff"),
        ("seen_within: 28", "seen_within: 28\nvalid: [a, b]", r":10: valid: stands beside `seen_within`"),
        ("seen_within: 28", "valid: [since]", r":9: valid"),
        ("each: [customer_id]\n", "", r":8: seen_within: says nothing of rows; remove it, or say of `each`"),
        (
            "predict: paid",
            "predict: customer_id",
            r":11: predict: customer_id is said to be known in advance",
        ),
        ("predict: paid", "predict: paid\nis_at_least: 3", r":12: is_at_least: says which rows count"),
        (
            "predict: paid",
            "predict: paid\nis_number: true",
            r"is_number: of whoever rows are of, `take` says",
        ),
        ("label: spends", "label: paid", r":14: label: paid is a column of the data"),
        ("each: [customer_id]", "each: [customer_id, shop]", r":4: one: customer names one of `each` alone"),
        ("if_none: 0", "if_none: 0\nevery: week", r"every: whoever rows are of is predicted each day"),
        (
            "if_none: 0",
            "if_none: 0\nclasses: sample",
            r":14: classes: sum is no column's value; write `take: last`",
        ),
        ("seen_within: 28", "seen_witin: 28", r":9: seen_witin: unknown key; did you mean 'seen_within'"),
    ],
)
def test_a_mistake_about_whoever_rows_are_of_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in OF_CUSTOMERS
    with pytest.raises(ConfigError, match=message):
        load_answers(write(tmp_path, OF_CUSTOMERS.replace(old, new, 1)))


def test_classes_are_named_or_left_to_the_sample(tmp_path: Path) -> None:
    left = load_answers(write(tmp_path, f"{ANSWERS}classes: sample\n"))
    assert left.classes == FROM_SAMPLE
    named = load_answers(write(tmp_path, f"{ANSWERS}classes: [3, 1, 2]\nunseen_class: 1\n"))
    assert (named.classes, named.unseen_class) == (("3", "1", "2"), "1")
