"""A model for a made project of which rows of a place come first by what they cost, by declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from made_fates import read_text, replace_text
from ruamel.yaml import YAML

GROUP, CUT = "place_id", 3


def add_damage(folder: Path, answers: Mapping[str, Any], leak: str) -> None:
    """Give a project of `made_projects.make_project` the model, which does not read the column that leaks.

    What failed costs its size.
    """
    one, many = answers["one"], answers["many"]
    _add_label(folder, many)
    yaml, first, model = YAML(), f"{one}_failed", f"{one}_damage"
    suites = folder / "expectations" / "predictions"
    yaml.dump(_write_suite(yaml.load(read_text(suites / f"{first}.yml"))), suites / f"{model}.yml")
    spec = yaml.load(read_text(folder / "models" / f"{first}.yaml"))
    spec["model"] = model
    spec["target"] |= {"column": "damage", "kind": "ranking", "group": [GROUP], "cut": CUT}
    spec["schedule_columns"] = [each for each in spec["schedule_columns"] if each["name"] != leak]
    spec["algorithms"]["heuristic"] = {"groups": [GROUP], "prior_strength": 20}
    spec["algorithms"]["xgboost"] |= {"rounds": 80, "learning_rate": 0.2}
    for key in ("maximum_auc", "maximum_auc_drop", "maximum_calibration_error"):
        del spec["gates"][key]
    spec["gates"]["primary_metric"] = "ndcg_loss"
    spec["monitor"]["quality"] = {"relative_ndcg_loss": {"warning": 0.97, "critical": 1.0}}
    yaml.dump(spec, folder / "models" / f"{model}.yaml")


def _add_label(folder: Path, many: str) -> None:
    """The column in the mart, its contract and its suite."""
    marts, suite = (
        folder / "dbt" / "models" / "marts",
        folder / "expectations" / "releases" / f"fct_{many}.yml",
    )
    label = "    newest_outcomes.is_failed,\n"
    damage = "(size * newest_outcomes.is_failed::bigint)::double as damage"
    replace_text(marts / f"fct_{many}.sql", label, f"{label}    {damage},\n")
    before = "      - {name: starts_at,"
    told = '      - {name: damage, data_type: double, description: "What it cost."}\n'
    replace_text(marts / "_models.yml", before, told + before)
    replace_text(suite, "  is_failed: bool\n", "  is_failed: bool\n  damage: float\n")
    replace_text(suite, "is_failed, ", "is_failed, damage, ")


def _write_suite(suite: Any) -> Any:
    """That of one probability, with a score and a rank in each place."""
    types = list(suite["types"].items())
    place = [name for name, _ in types].index("probability")
    scores = (("score", "float"), ("baseline_score", "float"))
    suite["types"] = dict([*types[:place], *scores, *types[place + 2 :]])
    suite["key"] = [*suite["key"][:-1], "score"]
    left = {"same_probabilities", "mean_probability", "spread_probability"}
    suite["derived"] = {name: told for name, told in suite["derived"].items() if name not in left} | {
        "orders": "How many places the night has."
    }
    unique = "Ranks are 1 to the number of predictions, each once."
    kept = [each for each in suite["expectations"] if each["because"] not in ("A probability.", unique)]
    ranks = {"column_list": [GROUP, "rank"]}
    suite["expectations"] = [
        *kept,
        {"expect_compound_columns_to_be_unique": ranks, "because": "Each rank of a place is given once."},
        {
            "expect_column_values_to_be_between": {
                "column": "rank_beyond_rows",
                "min_value": 0,
                "max_value": 0,
            },
            "because": "Ranks of a place are 1 to the number of its rows.",
        },
    ]
    return suite
