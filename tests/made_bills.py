"""A model for a made project of how much each row will cost, by declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from added_models import Label, add_model, expect_between, list_categories, replace_probability

COLUMNS = ["value", "lower", "upper"]
_BILL = "(size + 30 * newest_outcomes.is_failed::bigint + minute(announced.starts_at) / 6)::double"


def add_bill(folder: Path, answers: Mapping[str, Any], leak: str) -> None:
    """Give a made project the model.

    What failed costs thirty more than its size; the minute of the hour, which no group tells, adds noise.
    """
    label = Label("bill", _BILL, ("double", "float"), "What it cost.")
    add_model(folder, answers, leak, label, edit_suite=_edit_suite, edit_spec=_edit_spec)


def _edit_spec(spec: Any) -> None:
    spec["target"]["kind"] = "regression"
    trees = spec["algorithms"]["xgboost"] | {"rounds": 80, "learning_rate": 0.2}
    heuristic = {"groups": list_categories(spec), "prior_strength": 20}
    spec["algorithms"] = {"heuristic": heuristic, "xgboost": trees}
    for key in ("maximum_auc", "maximum_auc_drop", "maximum_calibration_error"):
        del spec["gates"][key]
    spec["gates"] |= {"primary_metric": "pinball_loss", "maximum_coverage_error": 0.15}
    quality = {"relative_pinball_loss": {"warning": 0.97, "critical": 1.0}}
    spec["monitor"]["quality"] = quality | {"coverage_error": {"warning": 0.15, "critical": 0.3}}


def _edit_suite(suite: Any) -> None:
    replace_probability(
        suite,
        {f"{begin}{name}": "float" for begin in ("", "baseline_") for name in COLUMNS},
        key=COLUMNS[0],
        left={"same_probabilities", "mean_probability", "spread_probability"},
        derived={"beyond_bounds": "How far the number lies outside its bounds."},
        expectations=[expect_between("beyond_bounds", 0, 0, "The number lies between its bounds.")],
    )
