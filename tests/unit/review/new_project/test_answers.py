"""The answers that a project is written from."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import Answers, describe_questions, load_answers

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
        (("zone: Europe", "zon: Europe"), r":2: zon: unknown key; did you mean 'zone'"),
    ],
)
def test_answers_that_do_not_fit_are_named(tmp_path: Path, edit: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_answers(write(tmp_path, ANSWERS.replace(*edit)))


def test_every_answer_is_asked_for_with_what_it_means() -> None:
    asked = describe_questions()
    assert [name for name, _, _ in asked] == list(Answers.model_fields)
    assert all(len(question) > 15 for _, question, _ in asked)
