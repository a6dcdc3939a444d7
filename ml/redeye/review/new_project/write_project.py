"""Writing a project's folder from answers and a sample: plain dbt, Feast and contracts, the team's from then on."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from redeye.audits.suite_files import load_suite, suite_names
from redeye.declarations.project import load_project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.models.kinds.interface import find_kind
from redeye.review.generate import generate
from redeye.review.new_project.answers import OF_COLUMN, Answers
from redeye.review.new_project.column_values import write_name
from redeye.review.new_project.entity_values import check_sample, describe_entity_values
from redeye.review.new_project.row_values import describe_row_values
from redeye.review.new_project.sample import NUMBERS, Column, locate_data, read_sample
from redeye.review.new_project.sampled_answers import complete_answers

TEMPLATES = Path(__file__).parent / "templates"


def write_project(folder: Path, answers: Answers) -> list[Path]:
    """Write a project into an empty folder, or one that holds nothing but data.

    Returns:
        The files, from the folder.

    Raises:
        ConfigError: if the folder has a project, the sample cannot be read or does not fit the answers, or an answer
            is none; then nothing is written.
    """
    if (folder / "redeye.yaml").exists():
        raise ConfigError(f"{folder} is a project already: choose another folder")
    path = locate_data(folder, answers.data)
    sample = read_sample(
        path,
        time=answers.time,
        key=answers.key,
        wanted=answers.columns,
        each=answers.each,
        zone=answers.zone,
    )
    answers = complete_answers(answers, sample, path)
    if answers.predict and answers.take not in OF_COLUMN and not answers.classes:
        _check_predicted(answers, sample.columns[answers.predict])
    if answers.each:
        check_sample(answers, sample)
    with tempfile.TemporaryDirectory(prefix="redeye-new-", dir=folder.parent) as name:
        made = Path(name) / folder.name
        given = (
            describe_entity_values(answers, sample) if answers.each else describe_row_values(answers, sample)
        )
        _write(made, _render(answers, given))
        load_project(made / "redeye.yaml")
        spec = load_spec(made / "models" / f"{answers.model}.yaml")
        suite = f"expectations/predictions/{answers.model}.yml"
        _write(
            made,
            {Path(suite): _fill("expectations/predictions/model.yml", {**given, "kind": find_kind(spec)})},
        )
        generate(made)
        for suite in suite_names(made / "expectations"):
            load_suite(suite, made / "expectations")
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())


def _check_predicted(answers: Answers, column: Column) -> None:
    is_number, what = column.type in NUMBERS, f"{column.name} is {column.type.lower()}"
    for name in ("is_at_least", "is_number"):
        if getattr(answers, name) not in (None, False) and not is_number:
            raise ConfigError(f"{name}: {what}, no number: leave it out")
    if answers.is_at_least is None and not answers.is_number and column.type != "BOOLEAN":
        ways = {
            "with `is_at_least` from which value on it is yes": is_number,
            "with `is_number` that the number itself is predicted": is_number and not answers.each,
            "with `classes` that it is one of several": column.type in ("VARCHAR", "BIGINT"),
        }
        told = ", or ".join(way for way, is_one in ways.items() if is_one)
        raise ConfigError(
            f"predict: {what}, neither yes nor no: " + (f"say {told}" if told else "choose another column")
        )


def _write(folder: Path, texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _fill(template: str, given: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  YAML, SQL and Python
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
    )

    environment.filters["sql"] = write_name
    environment.filters["text"] = partial(json.dumps, ensure_ascii=False)
    return environment.get_template(f"{template}.j2").render(given)


def _render(answers: Answers, given: Mapping[str, Any]) -> dict[Path, str]:
    """All files but the suite of predictions, which asks the model's kind."""
    files = {
        **{name: name for name in _SAME},
        ".gitignore": "gitignore",
        f"models/{answers.model}.yaml": "models/model.yaml",
        **(_name_entity_files(answers) if answers.each else _name_row_files(answers)),
    }
    found = {Path(name): _fill(template, given) for name, template in files.items()}
    for dataset in given["datasets"]:
        path = Path(f"expectations/arrivals/{dataset['name']}.odcs.yaml")
        found[path] = _fill("expectations/arrivals/rows.odcs.yaml", {**given, "dataset": dataset})
    history = "entities/features/history" if answers.each else "dbt/models/features/history"
    for entity in given["entities"]:
        table = f"feat_{entity['name']}__history"
        for ending in ("sql", "yml"):
            path = Path(f"dbt/models/features/{table}.{ending}")
            found[path] = _fill(f"{history}.{ending}", {**given, "entity": entity})
        found[Path(f"expectations/releases/{table}.yml")] = _fill(
            "expectations/releases/history.yml", {**given, "entity": entity}
        )
    return found


def _name_row_files(answers: Answers) -> dict[str, str]:
    """The files of a project whose rows are predicted, with the template of each."""
    staging, stem = f"dbt/models/staging/{answers.project}", f"stg_{answers.project}__"
    return {
        "redeye.yaml": "redeye.yaml",
        "dbt/macros/columns.sql": "dbt/macros/columns.sql",
        "dbt/models/marts/_models.yml": "dbt/models/marts/_models.yml",
        f"{staging}/_sources.yml": "dbt/models/staging/_sources.yml",
        f"{staging}/_models.yml": "dbt/models/staging/_models.yml",
        f"{staging}/{stem}{answers.many}.sql": "dbt/models/staging/schedule.sql",
        f"{staging}/{stem}{answers.many}_in_time.sql": "dbt/models/staging/schedule_in_time.sql",
        f"{staging}/{stem}{answers.many}_versions.sql": "dbt/models/staging/schedule_versions.sql",
        f"{staging}/{stem}outcomes.sql": "dbt/models/staging/outcomes.sql",
        f"dbt/models/marts/fct_{answers.many}.sql": "dbt/models/marts/fct.sql",
        f"expectations/releases/fct_{answers.many}.yml": "expectations/releases/fct.yml",
    }


def _name_entity_files(answers: Answers) -> dict[str, str]:
    """The files of a project that predicts whoever rows are of, with the template of each."""
    staging, marts = f"dbt/models/staging/{answers.project}", "dbt/models/marts"
    return {
        "redeye.yaml": "entities/redeye.yaml",
        "dbt/macros/columns.sql": "entities/columns.sql",
        f"{staging}/_sources.yml": "entities/staging/_sources.yml",
        f"{staging}/_models.yml": "entities/staging/_models.yml",
        f"{staging}/stg_{answers.project}__events.sql": "entities/staging/events.sql",
        f"{marts}/_models.yml": "entities/marts/_models.yml",
        f"{marts}/dim_{answers.many}.sql": "entities/marts/dim.sql",
        f"{marts}/fct_{answers.many}.sql": "entities/marts/fct.sql",
        f"expectations/releases/fct_{answers.many}.yml": "entities/fct_suite.yml",
    }


_SAME = (
    "README.md",
    "dbt/dbt_project.yml",
    "dbt/profiles.yml",
    "feature_repo/entities.py",
    "feature_repo/services.py",
    "feature_repo/feature_store.yaml",
    "tests/test_declarations.py",
)
