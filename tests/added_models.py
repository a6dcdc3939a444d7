"""A further model for a made project by declarations alone: a copy of its first one with another label and kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True)
class Label:
    """A column of the mart.

    Attributes:
        sql: what it is, of `announced` and `newest_outcomes`.
        type: in dbt and in the suite of the mart.
    """

    name: str
    sql: str
    type: tuple[str, str]
    description: str


def add_model(
    folder: Path,
    answers: Mapping[str, Any],
    leak: str,
    label: Label,
    *,
    edit_suite: Callable[[Any], None],
    edit_spec: Callable[[Any], None],
) -> None:
    """Give a project of `made_projects.make_project` a label's model, which does not read the column that leaks."""
    one, many = answers["one"], answers["many"]
    _add_label(folder, many, label)
    yaml, first, model = YAML(), f"{one}_failed", f"{one}_{label.name}"
    suites = folder / "expectations" / "predictions"
    suite = yaml.load(_read(suites / f"{first}.yml"))
    edit_suite(suite)
    yaml.dump(suite, suites / f"{model}.yml")
    spec = yaml.load(_read(folder / "models" / f"{first}.yaml"))
    spec["model"] = model
    spec["target"]["column"] = label.name
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != leak]
    edit_spec(spec)
    yaml.dump(spec, folder / "models" / f"{model}.yaml")


def list_categories(spec: Any) -> list[str]:
    """The schedule's columns that are no numbers."""
    return [each["name"] for each in spec["schedule_columns"] if each["kind"] == "categorical"]


def replace_probability(
    suite: Any,
    columns: Mapping[str, str],
    *,
    key: str,
    left: Collection[str],
    derived: Mapping[str, str],
    expectations: Sequence[Mapping[str, Any]],
    dropped: Collection[str] = (),
) -> None:
    """Have a suite of one probability judge other columns in its place.

    Args:
        suite: is changed.
        columns: in place of the probability and the heuristic's, with their types.
        key: the one that rows are ranked by.
        left: derived columns that there are none of.
        derived: those that come in addition.
        expectations: those that come in addition.
        dropped: reasons of expectations that do not hold, besides that of a probability.
    """
    types = list(suite["types"].items())
    place = [name for name, _ in types].index("probability")
    suite["types"] = dict([*types[:place], *columns.items(), *types[place + 2 :]])
    suite["key"] = [*suite["key"][:-1], key]
    kept = {name: told for name, told in suite["derived"].items() if name not in left}
    suite["derived"] = kept | dict(derived)
    gone = {"A probability.", *dropped}
    suite["expectations"] = [
        *(each for each in suite["expectations"] if each["because"] not in gone),
        *expectations,
    ]


def expect_between(column: str, low: float, high: float, because: str) -> dict[str, Any]:
    """An expectation on each value of a column."""
    bounds = {"column": column, "min_value": low, "max_value": high}
    return {"expect_column_values_to_be_between": bounds, "because": because}


def _add_label(folder: Path, many: str, label: Label) -> None:
    """The column in the mart, its contract and its suite."""
    marts, suite = (
        folder / "dbt" / "models" / "marts",
        folder / "expectations" / "releases" / f"fct_{many}.yml",
    )
    in_dbt, in_suite = label.type
    before = "    newest_outcomes.is_failed,\n"
    _replace(marts / f"fct_{many}.sql", before, f"{before}    {label.sql} as {label.name},\n")
    before = "      - {name: starts_at,"
    told = f'      - {{name: {label.name}, data_type: {in_dbt}, description: "{label.description}"}}\n'
    _replace(marts / "_models.yml", before, told + before)
    _replace(suite, "  is_failed: bool\n", f"  is_failed: bool\n  {label.name}: {in_suite}\n")
    _replace(suite, "is_failed, ", f"is_failed, {label.name}, ")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    """Change the one place of a file that says `old`."""
    text = _read(path)
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
