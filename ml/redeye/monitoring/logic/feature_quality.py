"""How each feature of a night looked: nulls, mean, range, distinct values. It is shown over nights; drift judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class FeatureQuality:
    """One feature of one night, as scoring saw it.

    Attributes:
        column_name: of the model's frame.
        rows: that were scored.
        null_share: of the rows, those without a value; an infinite number is none.
        mean: of a number; None of a category, or without any value.
        minimum: as the mean.
        maximum: as the mean.
        distinct_values: how many there are.
    """

    column_name: str
    rows: int
    null_share: float
    mean: float | None
    minimum: float | None
    maximum: float | None
    distinct_values: int


def summarize_features(rows: pd.DataFrame, inputs: Mapping[str, bool]) -> tuple[FeatureQuality, ...]:
    """The quality of each input, in order.

    Args:
        rows: of one night, a column for each input.
        inputs: the names of the inputs, and whether each is a number.
    """
    return tuple(_summarize(name, rows[name], is_number=is_number) for name, is_number in inputs.items())


def _summarize(name: str, values: pd.Series, *, is_number: bool) -> FeatureQuality:
    if is_number:
        values = pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan)).replace(
            [np.inf, -np.inf], np.nan
        )
    known = values.dropna()
    mean, minimum, maximum = (
        (float(known.mean()), float(known.min()), float(known.max()))
        if is_number and len(known)
        else (None, None, None)
    )
    empty = 1 - len(known) / len(values) if len(values) else 0.0
    return FeatureQuality(name, len(values), empty, mean, minimum, maximum, int(known.nunique()))


def make_frame(found: tuple[FeatureQuality, ...]) -> pd.DataFrame:
    """Rows of the outputs table `feature_quality`; model, lane, night, release and run are the writer's."""
    numbers = dict.fromkeys(("mean", "minimum", "maximum"), "float64")
    return pd.DataFrame([vars(each) for each in found]).astype(numbers)
