"""Answers that are typed one after the other: what is wrong is asked again, and nothing of it stays."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from redeye.review.new_project.answers import OF_ENTITIES, Answers, load_answers
from redeye.review.new_project.ask import ask_answers


def test_wrong_and_missing_answers_are_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.csv").write_text("number,at,temp\n1,2026-01-01,3\n", encoding="utf-8")
    typed = {name: [""] for name in Answers.model_fields} | {
        "project": ["", "clinic"],
        "zone": ["Europe/Madrid"],
        "every": ["month", "week"],
        "cutoff": ["3 am", "04:00", "MON 04:00"],
        "data": ["rows.cvs", "rows.csv"],
        "one": ["visit"],
        "many": ["visits"],
        "time": ["time", "at"],
        "key": ["numbr", "number"],
        "predict": ["temp"],
        "is_at_least": ["hot", ""],
        "classes": ["one, two", ""],
        "label": ["temp", "is_warm"],
        "known_after": ["1", "PT1H"],
    }
    said = io.StringIO()
    shown: dict[str, str] = {}

    def answer(question: str, *, default: str, **_: object) -> str:
        name = question.partition(":")[0]
        shown[name] = default
        return typed[name].pop(0)

    monkeypatch.setattr("redeye.review.new_project.ask.Prompt.ask", answer)
    found = ask_answers(tmp_path, Console(file=said, width=200))
    assert (found.project, found.cutoff, found.key, found.is_at_least) == (
        "clinic",
        "MON 04:00",
        ("number",),
        None,
    )
    assert "It must be said." in said.getvalue()
    assert "of 2 it is no question which" in said.getvalue()
    assert "temp: bigint, 3 to 3" in said.getvalue()
    assert "rows.cvs cannot be read" in said.getvalue()
    assert "there is no column numbr; did you mean 'number'?" in said.getvalue()
    assert "label: temp is a column of the data: call it another name" in said.getvalue()
    assert "'1' has no unit: write PT30M for 30 minutes" in said.getvalue()
    assert load_answers(tmp_path / "answers.yaml") == found
    assert shown["cutoff"] == "THU 03:00"  # the row is of one
    # What says something of whoever rows are of is not asked where rows are predicted.
    assert {name for name, left in typed.items() if left} == {*OF_ENTITIES[1:], "unseen_class"}


def test_what_follows_from_whom_rows_are_of_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.csv").write_text("number,at,buyer\n1,2026-01-01,b\n", encoding="utf-8")
    typed = {name: [""] for name in Answers.model_fields} | {
        "project": ["shop"],
        "zone": ["Europe/Madrid"],
        "data": ["rows.csv"],
        "one": ["buyer"],
        "many": ["buyers"],
        "time": ["at"],
        "key": ["number"],
        "each": ["buyer"],
        "seen_within": ["a month", "28"],
        "take": ["", "exist", "exists"],
        "during": ["a week", "7"],
        "if_none": ["", "false"],
        "label": ["is_back"],
    }
    said = io.StringIO()

    def answer(question: str, **_: object) -> str:
        return typed[question.partition(":")[0]].pop(0)

    monkeypatch.setattr("redeye.review.new_project.ask.Prompt.ask", answer)
    found = ask_answers(tmp_path, Console(file=said, width=120))
    assert (found.each, found.seen_within, found.take) == (("buyer",), 28, "exists")
    assert (found.during, found.if_none, found.predict) == (7, "false", None)
    assert "did you mean 'exists'?" in said.getvalue()
    assert {name for name, left in typed.items() if left} == {"valid", "is_number", "classes", "unseen_class"}


@pytest.mark.parametrize(("typed", "is_number"), [("", False), ("maybe", True), ("yes", True)])
def test_whether_the_number_itself_is_predicted_is_asked_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, is_number: bool
) -> None:
    (tmp_path / "rows.csv").write_text("number,at,temp\n1,2026-01-01,3\n", encoding="utf-8")
    said = {
        "project": "clinic",
        "zone": "Europe/Madrid",
        "data": "rows.csv",
        "one": "visit",
        "many": "visits",
        "time": "at",
        "key": "number",
        "predict": "temp",
        "label": "fever",
    }
    asked: list[str] = []

    def answer(question: str, *, default: str, **_: object) -> str:
        asked.append(question.partition(":")[0])
        if asked[-1] != "is_number":
            return said.get(asked[-1], default)
        return (typed if asked.count("is_number") == 1 else "yes") or default

    monkeypatch.setattr("redeye.review.new_project.ask.Prompt.ask", answer)
    found = ask_answers(tmp_path, Console(file=io.StringIO(), width=200))
    assert found.is_number == is_number
    assert ("classes" in asked) != is_number
