"""A model for a made project of how much each row will cost, by declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from made_fates import read_text, replace_text
from ruamel.yaml import YAML

COLUMNS = ["value", "lower", "upper"]
_NUMBERS = [*COLUMNS, *(f"baseline_{name}" for name in COLUMNS)]


def add_bill(folder: Path, answers: Mapping[str, Any], leak: str) -> None:
    """Give a project of `made_projects.make_project` the model, which does not read the column that leaks.

    What failed costs thirty more than its size; the minute of the hour, which no group tells, adds noise.
    """
    one, many = answers["one"], answers["many"]
    _add_label(folder, many)
    yaml, first, model = YAML(), f"{one}_failed", f"{one}_bill"
    suites = folder / "expectations" / "predictions"
    yaml.dump(_write_suite(yaml.load(read_text(suites / f"{first}.yml"))), suites / f"{model}.yml")
    spec = yaml.load(read_text(folder / "models" / f"{first}.yaml"))
    spec["model"] = model
    spec["target"] |= {"column": "bill", "kind": "regression"}
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != leak]
    grouped = [each["name"] for each in spec["schedule_columns"] if each["kind"] == "categorical"]
    trees = spec["algorithms"]["xgboost"] | {"rounds": 80, "learning_rate": 0.2}
    spec["algorithms"] = {"heuristic": {"groups": grouped, "prior_strength": 20}, "xgboost": trees}
    for key in ("maximum_auc", "maximum_auc_drop", "maximum_calibration_error"):
        del spec["gates"][key]
    spec["gates"] |= {"primary_metric": "pinball_loss", "maximum_coverage_error": 0.15}
    quality = {"relative_pinball_loss": {"warning": 0.97, "critical": 1.0}}
    spec["monitor"]["quality"] = quality | {"coverage_error": {"warning": 0.15, "critical": 0.3}}
    yaml.dump(spec, folder / "models" / f"{model}.yaml")


def _add_label(folder: Path, many: str) -> None:
    """The column in the mart, its contract and its suite."""
    marts, suite = (
        folder / "dbt" / "models" / "marts",
        folder / "expectations" / "releases" / f"fct_{many}.yml",
    )
    bill = "size + 30 * newest_outcomes.is_failed::bigint + minute(announced.starts_at) / 6"
    label = "    newest_outcomes.is_failed,\n"
    replace_text(marts / f"fct_{many}.sql", label, f"{label}    ({bill})::double as bill,\n")
    before = "      - {name: starts_at,"
    told = '      - {name: bill, data_type: double, description: "What it cost."}\n'
    replace_text(marts / "_models.yml", before, told + before)
    replace_text(suite, "  is_failed: bool\n", "  is_failed: bool\n  bill: float\n")
    replace_text(suite, "is_failed, ", "is_failed, bill, ")


def _write_suite(suite: Any) -> Any:
    """That of one probability, with numbers between bounds in place of it."""
    types = list(suite["types"].items())
    place = [name for name, _ in types].index("probability")
    suite["types"] = dict([*types[:place], *((name, "float") for name in _NUMBERS), *types[place + 2 :]])
    suite["key"] = [*suite["key"][:-1], COLUMNS[0]]
    left = {"same_probabilities", "mean_probability", "spread_probability"}
    suite["derived"] = {name: told for name, told in suite["derived"].items() if name not in left} | {
        "beyond_bounds": "How far the number lies outside its bounds."
    }
    kept = [each for each in suite["expectations"] if each["because"] != "A probability."]
    bound = {"column": "beyond_bounds", "min_value": 0, "max_value": 0}
    suite["expectations"] = [
        *kept,
        {"expect_column_values_to_be_between": bound, "because": "The number lies between its bounds."},
    ]
    return suite
