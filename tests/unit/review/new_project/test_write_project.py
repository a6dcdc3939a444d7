"""A project that is written from answers: it can be read, and nothing of it has to be edited first."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from made_projects import make_project

from redeye.declarations.project import load_project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.review.check_project import list_caveats, list_faults
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers.model_validate(make_project(tmp_path, 3, first=date(2026, 1, 1), nights=5).answers)


def test_everything_that_is_written_can_be_read(tmp_path: Path, answers: Answers) -> None:
    written = write_project(tmp_path, answers)
    assert list_faults(tmp_path, tmp_path / "models") == []
    assert {said.partition(": ")[2] for said in list_caveats(tmp_path)} == {
        "when its rows became known is assumed, not recorded"
    }
    declared = load_project(tmp_path / "redeye.yaml")
    assert (declared.clock.zone, declared.clock.cutoff) == (answers.zone, answers.cutoff)
    assert set(declared.datasets or {}) == {answers.many, "outcomes"}
    spec = load_spec(tmp_path / "models" / f"{answers.model}.yaml")
    assert {"place_id", "hour_of_day_id", "day_of_week_id", f"any_{answers.one}_id"} == set(spec.entity_keys)
    assert all((tmp_path / path).is_file() for path in written)


def test_a_folder_that_has_a_project_is_left_alone(tmp_path: Path, answers: Answers) -> None:
    write_project(tmp_path, answers)
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is a project already"):
        write_project(tmp_path, answers)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("groups", [["place"], []])
def test_rows_of_dates_alone_have_no_slice_by_hour(
    tmp_path: Path, answers: Answers, groups: list[str]
) -> None:
    path = tmp_path / answers.data
    path.write_text(re.sub(r"T\d\d:\d\d:00", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    write_project(tmp_path, Answers.model_validate({**answers.model_dump(), "groups": groups}))
    assert list_faults(tmp_path, tmp_path / "models") == []
    assert [each.by for each in load_project(tmp_path / "redeye.yaml").slices] == [
        f"{name}_id" for name in groups
    ]


def test_a_project_of_weeks_says_weeks_everywhere(tmp_path: Path, answers: Answers) -> None:
    weekly = Answers.model_validate(
        {**answers.model_dump(), "every": "week", "cutoff": None, "known_after": "P9D"}
    )
    write_project(tmp_path, weekly)
    assert list_faults(tmp_path, tmp_path / "models") == []
    declared = load_project(tmp_path / "redeye.yaml")
    assert (declared.clock.every, declared.clock.cutoff) == ("week", "THU 03:00")  # rows of 1 to 5 January
    spec = load_spec(tmp_path / "models" / f"{answers.model}.yaml")
    assert {"place_history:rows_1n", "place_history:rate_4n", "place_history:rate_13n"} <= set(spec.features)
    assert spec.algorithms.heuristic.successes == "place_history:yes_13n"
    assert (spec.split.test_nights, spec.monitor.window_nights) == (10, 4)
    assert spec.label_maturity_nights == 3  # a week, and nine days
    written = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.*") if path.suffix != ".csv"]
    stale = "coming day|before its (day|{)|(?<![0-9])28n|nightly|{answers"
    assert [found.group() for text in written if (found := re.search(stale, text))] == []


def test_labels_of_days_are_final_when_all_outcomes_are_known(tmp_path: Path, answers: Answers) -> None:
    write_project(tmp_path, Answers.model_validate({**answers.model_dump(), "known_after": "P5D"}))
    assert load_spec(tmp_path / "models" / f"{answers.model}.yaml").label_maturity_nights == 6


@pytest.fixture
def of_fates(tmp_path: Path, answers: Answers) -> dict[str, Any]:
    """Answers to which of four words becomes of a row."""
    path = tmp_path / answers.data
    words = ["fine", "very late", "lost", 'didn\'t "come": why?']
    rows = path.read_text(encoding="utf-8").splitlines()
    said = [f'{row},"{words[at % 4].replace(chr(34), chr(34) * 2)}"' for at, row in enumerate(rows[1:])]
    path.write_text("\n".join([f"{rows[0]},fate", *said]), encoding="utf-8")
    return {**answers.model_dump(), "predict": "fate", "label": "final_fate", "classes": "sample"}


@pytest.mark.parametrize("has_groups", [True, False])
def test_which_of_several_is_asked_with_a_share_of_each_and_can_be_read(
    tmp_path: Path, of_fates: dict[str, Any], has_groups: bool
) -> None:
    if not has_groups:
        of_fates["groups"] = []
    answers = Answers.model_validate(of_fates)
    write_project(tmp_path, answers)
    assert list_faults(tmp_path, tmp_path / "models") == []
    spec = load_spec(tmp_path / "models" / f"{answers.model}.yaml")
    stated = spec.target.model_dump()
    assert stated["classes"] == ('didn\'t "come": why?', "fine", "lost", "very late")
    assert stated["unseen_class"] is None
    groups = ("place_id",) if has_groups else ("hour_of_day_id", "day_of_week_id")
    assert spec.algorithms.heuristic.groups == groups
    assert f"any_{answers.one}_history:share_very_late_28n" in spec.features
    suite = (tmp_path / "expectations" / "predictions" / f"{answers.model}.yml").read_text(encoding="utf-8")
    assert {"predicted_class", "baseline_probability_very_late"} <= set(
        re.findall(r"^  (\w+):", suite, flags=re.M)
    )
    assert "didn''t" in (tmp_path / "dbt/models/features/feat_day_of_week__history.sql").read_text(
        encoding="utf-8"
    )


def test_classes_that_are_named_rank_by_the_first_and_say_what_others_count_to(
    tmp_path: Path, of_fates: dict[str, Any]
) -> None:
    named = ["very late", "lost", "fine", "stolen"]
    answers = Answers.model_validate({**of_fates, "classes": named, "unseen_class": "lost"})
    write_project(tmp_path, answers)
    stated = load_spec(tmp_path / "models" / f"{answers.model}.yaml").target.model_dump()
    assert (list(stated["classes"]), stated["unseen_class"]) == (named, "lost")


@pytest.mark.parametrize("has_groups", [True, False])
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_number_is_predicted_with_bounds_from_the_mean_of_earlier_ones(
    tmp_path: Path, answers: Answers, has_groups: bool, is_whole: bool
) -> None:
    path = tmp_path / answers.data
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    said = [f"{row},{at % 50}{'' if is_whole else '.5'}" for at, row in enumerate(rows)]
    path.write_text("\n".join([f"{head},cost", *said]), encoding="utf-8")
    asked = {"predict": "cost", "label": "final_cost", "is_number": True}
    answers = Answers.model_validate(
        {**answers.model_dump(), **asked, **({} if has_groups else {"groups": []})}
    )
    write_project(tmp_path, answers)
    assert list_faults(tmp_path, tmp_path / "models") == []
    spec = load_spec(tmp_path / "models" / f"{answers.model}.yaml")
    assert (spec.target.kind, spec.target.model_dump()["integer"]) == ("regression", is_whole)
    groups = ("place_id",) if has_groups else ("hour_of_day_id", "day_of_week_id")
    assert spec.algorithms.heuristic.groups == groups
    told = {name.partition("_history:")[2] for name in spec.features}
    assert told == {f"{what}_{nights}n" for what in ("rows", "mean") for nights in (1, 7, 28)}
    suite = (tmp_path / "expectations" / "predictions" / f"{answers.model}.yml").read_text(encoding="utf-8")
    assert {"value", "lower", "upper", "beyond_bounds"} <= set(re.findall(r"^  (\w+):", suite, flags=re.M))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            {"predict": "size", "in_advance": ()},
            "size is double, neither yes nor no: say with `is_at_least` .* or with `is_number`",
        ),
        ({"is_number": True}, "is_number: failed is boolean, no number"),
        ({"is_at_least": 2}, "is_at_least: failed is boolean, no number"),
    ],
)
def test_answers_that_the_data_refutes_write_nothing(
    tmp_path: Path, answers: Answers, edit: dict[str, object], message: str
) -> None:
    given = {**answers.model_dump(), "groups": (), **edit}
    with pytest.raises(ConfigError, match=message):
        write_project(tmp_path, Answers.model_validate(given))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "redeye.yaml",
            "cutoff:",
            "cutof:",
            r"redeye\.yaml:8: clock\.cutof: unknown key; did you mean 'cutoff'",
        ),
        (
            "redeye.yaml",
            "lag: PT1H",
            "lag: 1",
            r"redeye\.yaml:\d+: datasets\.outcomes\.known_at\.lag: .*no unit",
        ),
        ("models/*.yaml", "validation_nights: 14", "validation_nights: 0", r"models/\w+\.yaml:\d+: split"),
        (
            "models/*.yaml",
            "test_nights: 14",
            "test_nights: 9",
            "gates.minimum_nights is above split.test_nights",
        ),
        (
            "expectations/arrivals/outcomes.odcs.yaml",
            "logicalType: number",
            "logicalType: numbr",
            r"odcs\.yaml:\d+:",
        ),
        (
            "expectations/releases/fct_*.yml",
            "because: A ",
            "becuse: A ",
            r"fct_\w+\.yml:\d+: expectations\.0",
        ),
        (
            "dbt/macros/nights.sql",
            "first_night()",
            "erste_night()",
            "nights.sql does not follow its declaration",
        ),
        (
            "redeye.yaml",
            "known_at: {before: day, of: ",
            "known_at: {before: day, of: x",
            r"redeye\.yaml:\d+: datasets\.\w+\.known_at\.of: 'x\w+' is no column of .*did you mean",
        ),
        (
            "feature_repo/views.py",
            "Int64,",
            "Float64,",
            r"views\.py does not follow .*place_history:rows_1n is Float64",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, answers: Answers, file: str, old: str, new: str, message: str
) -> None:
    write_project(tmp_path, answers)
    (path,) = tmp_path.glob(file)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1 if path.suffix != ".py" else -1), encoding="utf-8")
    faults = list_faults(tmp_path, tmp_path / "models")
    assert faults, "no fault is found"
    assert re.search(message, "\n".join(faults)), faults
