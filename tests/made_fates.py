"""A second model for a made project, of which of three classes becomes of a row, by declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

FATES = ("fine", "light", "heavy")
COLUMNS = [f"probability_{name}" for name in FATES]
HEAVY = 20
"""From which size on what failed is heavy."""


def find_fate_chances(rows: pd.DataFrame) -> np.ndarray:
    """The true probabilities of `FATES`, one row per row of a made project."""
    chance, is_heavy = rows["chance"].to_numpy(), rows["size"].to_numpy() >= HEAVY
    return np.column_stack([1 - chance, np.where(is_heavy, 0, chance), np.where(is_heavy, chance, 0)])


def add_fate(folder: Path, answers: Mapping[str, Any], leak: str) -> None:
    """Give a project of `made_projects.make_project` the model, which does not read the column that leaks."""
    one, many = answers["one"], answers["many"]
    _add_label(folder, many)
    yaml, first, model = YAML(), f"{one}_failed", f"{one}_fate"
    suites = folder / "expectations" / "predictions"
    yaml.dump(_write_suite(yaml.load(read_text(suites / f"{first}.yml"))), suites / f"{model}.yml")
    spec = yaml.load(read_text(folder / "models" / f"{first}.yaml"))
    spec["model"] = model
    spec["target"] |= {"column": "fate", "kind": "multiclass", "classes": list(FATES)}
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != leak]
    grouped = [each["name"] for each in spec["schedule_columns"] if each["kind"] == "categorical"]
    spec["algorithms"]["heuristic"] = {"groups": grouped, "prior_strength": 20}
    for key in ("maximum_auc", "maximum_auc_drop"):
        del spec["gates"][key]
    del spec["monitor"]["quality"]["auc_drop"]
    spec["recalibration"] = {"minimum_nights": 10}
    yaml.dump(spec, folder / "models" / f"{model}.yaml")


def _add_label(folder: Path, many: str) -> None:
    """The column in the mart, its contract and its suite."""
    marts, suite = (
        folder / "dbt" / "models" / "marts",
        folder / "expectations" / "releases" / f"fct_{many}.yml",
    )
    fate = f"case when not is_failed then 'fine' when size < {HEAVY} then 'light' when is_failed then 'heavy' end"
    label = "    newest_outcomes.is_failed,\n"
    replace_text(marts / f"fct_{many}.sql", label, f"{label}    {fate} as fate,\n")
    before = "      - {name: starts_at,"
    told = '      - {name: fate, data_type: varchar, description: "What became of it."}\n'
    replace_text(marts / "_models.yml", before, told + before)
    replace_text(suite, "  is_failed: bool\n", "  is_failed: bool\n  fate: text\n")
    replace_text(suite, "is_failed, outcome_night", "is_failed, fate, outcome_night")


def _write_suite(suite: Any) -> Any:
    """That of one probability, with the columns of classes in place of it."""
    own = {
        "predicted_class": "text",
        **{f"{begin}{name}": "float" for begin in ("", "baseline_") for name in COLUMNS},
    }
    types = list(suite["types"].items())
    place = [name for name, _ in types].index("probability")
    suite["types"] = dict([*types[:place], *own.items(), *types[place + 2 :]])
    suite["key"] = [*suite["key"][:-1], COLUMNS[0]]
    left = {"mean_probability", "spread_probability"}
    suite["derived"] = {name: told for name, told in suite["derived"].items() if name not in left} | {
        "sum_error": "How far the probabilities of a row are from the sum 1."
    }
    kept = [each for each in suite["expectations"] if each["because"] != "A probability."]
    bound = {"column": "sum_error", "min_value": 0, "max_value": 0.001}
    suite["expectations"] = [
        *kept,
        {"expect_column_values_to_be_between": bound, "because": "One of the classes comes."},
    ]
    return suite


def read_text(path: Path) -> str:
    """A file of the project."""
    return path.read_text(encoding="utf-8")


def replace_text(path: Path, old: str, new: str) -> None:
    """Change the one place of a file that says `old`."""
    text = read_text(path)
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
