"""A project that nobody has seen, made and played once for all that look at it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_alone import run_apart
from made_bills import add_bill
from made_damages import add_damage
from made_fates import add_fate
from made_projects import MadeProject, make_project, take_seed
from ruamel.yaml import YAML

from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project

FIRST, HISTORY, NIGHTS = date(2026, 1, 1), 62, 4
LEAK = "remark"


@pytest.fixture(scope="package")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeProject]:
    """The project's folder: a model without the column that tells the outcome, one with it, three of other kinds."""
    folder = tmp_path_factory.mktemp("made") / "project"
    project = make_project(folder, take_seed(), first=FIRST, nights=HISTORY + NIGHTS + 3)
    answers = Answers.model_validate(project.answers)
    write_project(folder, answers)
    yaml = YAML()
    path = folder / "models" / f"{answers.model}.yaml"
    spec = yaml.load(path.read_text(encoding="utf-8"))
    spec["model"] += "_leak"
    yaml.dump(spec, path.with_name(f"{spec['model']}.yaml"))
    spec["model"] = answers.model
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != LEAK]
    yaml.dump(spec, path)
    suites = folder / "expectations" / "predictions"
    (suites / f"{answers.model}_leak.yml").write_bytes((suites / f"{answers.model}.yml").read_bytes())
    add_fate(folder, project.answers, LEAK)
    add_bill(folder, project.answers, LEAK)
    add_damage(folder, project.answers, LEAK)
    return folder, project


@pytest.fixture(scope="package")
def played_project(
    made_project: tuple[Path, MadeProject], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What came of it, played in a process of its own."""
    folder, place = made_project[0], tmp_path_factory.mktemp("played")
    last = FIRST + timedelta(days=HISTORY - 2)
    return run_apart(
        Path(__file__).with_name("story.py"), folder, place, [FIRST - timedelta(days=1), last, NIGHTS]
    )
