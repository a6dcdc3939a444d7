"""A project of whoever rows are of that is written from answers: it can be read, and nothing of it has to be edited."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from made_projects import make_entity_project

from redeye.declarations.project import load_project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.review.check_project import list_faults
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project


@pytest.fixture
def of_buyers(tmp_path: Path) -> dict[str, Any]:
    made = make_entity_project(tmp_path, 3, first=date(2026, 1, 1), nights=12, buyers=8)
    return made.answers


def test_a_threshold_is_written_with_all_its_digits(tmp_path: Path, of_buyers: dict[str, Any]) -> None:
    given = {**of_buyers, "predict": "paid", "is_at_least": 1234567}
    given["in_advance"] = [name for name in given["in_advance"] if name != "paid"]
    write_project(tmp_path, Answers.model_validate(given))
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "dbt").rglob("*.sql"))
    assert ">= 1234567," in written


def test_who_rows_are_of_may_be_named_again_as_known(tmp_path: Path, of_buyers: dict[str, Any]) -> None:
    given = {**of_buyers, "in_advance": [*of_buyers["in_advance"], *of_buyers["each"]]}
    write_project(tmp_path, Answers.model_validate(given))
    assert list_faults(tmp_path, tmp_path / "models") == []


@pytest.mark.parametrize(
    ("edit", "target"),
    [
        ({}, {"kind": "binary"}),
        ({"take": "count", "if_none": 0}, {"kind": "regression", "integer": True}),
        ({"take": "sum", "predict": "paid", "if_none": 0}, {"kind": "regression", "integer": False}),
        ({"take": "mean", "predict": "paid", "if_none": "missing"}, {"kind": "regression", "integer": False}),
        ({"take": "last", "predict": "paid", "if_none": "missing"}, {"kind": "regression", "integer": False}),
        (
            {
                "take": "last",
                "predict": "channel",
                "if_none": "missing",
                "groups": [],
                "classes": ["web", "shop", "app"],
            },
            {"kind": "multiclass", "classes": ("web", "shop", "app")},
        ),
        ({"predict": "paid", "is_at_least": 20}, {"kind": "binary"}),
        ({"begins": "cutoff", "seen_within": None, "valid": ["at", "at"]}, {"kind": "binary"}),
        ({"each": ["channel", "buyer"], "one": "pair", "many": "pairs"}, {"kind": "binary"}),
    ],
    ids=[
        "exists",
        "count",
        "sum",
        "mean",
        "last",
        "last of several",
        "exists of some",
        "valid",
        "of two columns",
    ],
)
def test_a_project_of_whoever_rows_are_of_can_be_read(
    tmp_path: Path, of_buyers: dict[str, Any], edit: dict[str, Any], target: dict[str, object]
) -> None:
    given = {**of_buyers, **edit}
    given["each"] = [of_buyers["each"][0] if each == "buyer" else each for each in given["each"]]
    given["in_advance"] = [name for name in given["in_advance"] if name != given.get("predict")]
    answers = Answers.model_validate(given)
    write_project(tmp_path, answers)
    assert list_faults(tmp_path, tmp_path / "models") == []
    declared = load_project(tmp_path / "redeye.yaml")
    spec = load_spec(tmp_path / "models" / f"{answers.model}.yaml")
    assert declared.due_nights
    assert spec.label_maturity_nights == declared.due_nights.final
    stated = spec.target.model_dump()
    assert {key: stated[key] for key in target} == target
    assert set(spec.entity_keys) >= {f"{name.removesuffix('_id')}_id" for name in answers.each}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"each": ["custmer"]}, "has no column custmer; it has order, at, "),
        ({"key": ["channel"]}, r"key \(channel\) does not tell rows apart, such as "),
        (
            {"take": "sum", "predict": "channel", "if_none": 0, "groups": []},
            "channel is varchar, and has no sum",
        ),
        ({"predict": "paid"}, "predict: paid is double, neither yes nor no"),
        ({"seen_within": None, "valid": ["paid", "at"]}, "valid: paid is double, no date"),
        (
            {"during": 28},
            r"during: a label of 28 nights is final 30 nights after its own, and the sample has 9: none",
        ),
    ],
)
def test_answers_about_whoever_rows_are_of_that_the_data_refutes_write_nothing(
    tmp_path: Path, of_buyers: dict[str, Any], edit: dict[str, Any], message: str
) -> None:
    given = {**of_buyers, **edit}
    taken = {given.get("predict"), *(given.get("valid") or ())}
    given["in_advance"] = [name for name in given["in_advance"] if name not in taken]
    with pytest.raises(ConfigError, match=message):
        write_project(tmp_path, Answers.model_validate(given))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "models/*.yaml",
            "label_maturity_nights: 5",
            "label_maturity_nights: 4",
            r"models/\w+\.yaml:\d+: label_maturity_nights: 4 is before the labels .* are final: write 5",
        ),
        (
            "redeye.yaml",
            "span: {of: events",
            "span: {of: event",
            r"event is no declared dataset; did you mean 'events'",
        ),
        ("redeye.yaml", "nights: 3", "nights: week", r"redeye\.yaml:\d+: subject\.span\.nights: 'week'"),
        (
            "redeye.yaml",
            "begins: midnight",
            "begins: noon",
            r"redeye\.yaml:\d+: subject\.span\.begins: 'noon'",
        ),
        ("redeye.yaml", "nights: 3", "nights: 4", r"declared\.sql does not follow its declaration"),
    ],
)
def test_a_mistake_about_the_span_is_named_with_its_place(
    tmp_path: Path, of_buyers: dict[str, Any], file: str, old: str, new: str, message: str
) -> None:
    write_project(tmp_path, Answers.model_validate(of_buyers))
    (path,) = tmp_path.glob(file)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert re.search(message, "\n".join(list_faults(tmp_path, tmp_path / "models")))
