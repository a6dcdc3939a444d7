"""A second model for a made project, of which of three classes becomes of a row, by declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from added_models import Label, add_model, expect_between, list_categories, replace_probability

FATES = ("fine", "light", "heavy")
COLUMNS = [f"probability_{name}" for name in FATES]
HEAVY = 20
"""From which size on what failed is heavy."""


def find_fate_chances(rows: pd.DataFrame) -> np.ndarray:
    """The true probabilities of `FATES`, one row per row of a made project."""
    chance, is_heavy = rows["chance"].to_numpy(), rows["size"].to_numpy() >= HEAVY
    return np.column_stack([1 - chance, np.where(is_heavy, 0, chance), np.where(is_heavy, chance, 0)])


def add_fate(folder: Path, answers: Mapping[str, Any], leak: str) -> None:
    """Give a made project the model."""
    fate = f"case when not is_failed then 'fine' when size < {HEAVY} then 'light' when is_failed then 'heavy' end"
    label = Label("fate", fate, ("varchar", "text"), "What became of it.")
    add_model(folder, answers, leak, label, edit_suite=_edit_suite, edit_spec=_edit_spec)


def _edit_spec(spec: Any) -> None:
    spec["target"] |= {"kind": "multiclass", "classes": list(FATES)}
    spec["algorithms"]["heuristic"] = {"groups": list_categories(spec), "prior_strength": 20}
    for key in ("maximum_auc", "maximum_auc_drop"):
        del spec["gates"][key]
    del spec["monitor"]["quality"]["auc_drop"]
    spec["recalibration"] = {"minimum_nights": 10}


def _edit_suite(suite: Any) -> None:
    columns = {f"{begin}{name}": "float" for begin in ("", "baseline_") for name in COLUMNS}
    replace_probability(
        suite,
        {"predicted_class": "text", **columns},
        key=COLUMNS[0],
        left={"mean_probability", "spread_probability"},
        derived={"sum_error": "How far the probabilities of a row are from the sum 1."},
        expectations=[expect_between("sum_error", 0, 0.001, "One of the classes comes.")],
    )
