"""A model for a made project of which rows of a place come first by what they cost, by declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from added_models import Label, add_model, expect_between, replace_probability

GROUP, CUT = "place_id", 3
_DAMAGE = "(size * newest_outcomes.is_failed::bigint)::double"


def add_damage(folder: Path, answers: Mapping[str, Any], leak: str) -> None:
    """Give a made project the model: what failed costs its size."""
    label = Label("damage", _DAMAGE, ("double", "float"), "What it cost.")
    add_model(folder, answers, leak, label, edit_suite=_edit_suite, edit_spec=_edit_spec)


def _edit_spec(spec: Any) -> None:
    spec["target"] |= {"kind": "ranking", "group": [GROUP], "cut": CUT}
    spec["algorithms"]["heuristic"] = {"groups": [GROUP], "prior_strength": 20}
    spec["algorithms"]["xgboost"] |= {"rounds": 80, "learning_rate": 0.2}
    for key in ("maximum_auc", "maximum_auc_drop", "maximum_calibration_error"):
        del spec["gates"][key]
    spec["gates"]["primary_metric"] = "ndcg_loss"
    spec["monitor"]["quality"] = {"relative_ndcg_loss": {"warning": 0.97, "critical": 1.0}}


def _edit_suite(suite: Any) -> None:
    """A score and a rank in each place."""
    unique = {"column_list": [GROUP, "rank"]}
    replace_probability(
        suite,
        {"score": "float", "baseline_score": "float"},
        key="score",
        left={"same_probabilities", "mean_probability", "spread_probability"},
        derived={"orders": "How many places the night has."},
        dropped=["Ranks are 1 to the number of predictions, each once."],
        expectations=[
            {
                "expect_compound_columns_to_be_unique": unique,
                "because": "Each rank of a place is given once.",
            },
            expect_between("rank_beyond_rows", 0, 0, "Ranks of a place are 1 to the number of its rows."),
        ],
    )
