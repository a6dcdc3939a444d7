"""Candidate against champion on slices of the rows, with a bound that holds for all slices together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.models.logic.evaluation import Scored, estimate_improvement

OTHER = "other"
# Fewer nights do not show how skewed they are: what comes out is no bound.
FEWEST_NIGHTS = 5


@dataclass(frozen=True)
class Part:
    """One slice.

    Attributes:
        name: `column=value`.
        value: loss by which the candidate is better; negative: worse.
        upper: how much better it may be at most; None where too few nights hold such rows.
    """

    name: str
    rows: int
    value: float | None
    upper: float | None


def pool_slices(values: npt.ArrayLike, minimum_rows: int) -> npt.NDArray[np.object_]:
    """The slice of each row: its value, or `other` where too few rows share it.

    An `other` that is still too small takes the smallest of the large ones in: no slice is below the minimum, unless
    all rows together are. A missing value is a value.
    """
    given = pd.Series(np.asarray(values, dtype=object)).map(
        lambda one: "missing" if pd.isna(one) else str(one)
    )
    counts = given.value_counts().sort_index().sort_values(kind="stable")
    small = set(counts.index[counts < minimum_rows])
    large = [name for name in counts.index if name not in small]
    while small and large and counts[list(small)].sum() < minimum_rows:
        small.add(large.pop(0))
    return given.where(~given.isin(small), OTHER).to_numpy(dtype=object)


def name_slices(groups: Mapping[str, npt.ArrayLike], minimum_rows: int) -> dict[str, npt.NDArray[np.bool_]]:
    """By `column=value` the rows of each slice, after `pool_slices`."""
    return {
        f"{column}={name}": named == name
        for column, values in groups.items()
        for named in [pool_slices(values, minimum_rows)]
        for name in sorted(set(named))
    }


def compare_by_slice(
    candidate: Scored,
    champion: Scored,
    groups: Mapping[str, npt.ArrayLike],
    *,
    minimum_rows: int,
    confidence: float,
) -> tuple[Part, ...]:
    """How the candidate's loss stands against the champion's, slice by slice.

    The upper bounds hold for all slices at once with `confidence`: each has its share of the error (Bonferroni). For
    the question whether any slice is worse, Holm's procedure comes to the same.

    Both models' predictions and the values of `groups`, by column, are of the same rows in the same order. Slices of
    fewer than `minimum_rows` are pooled.

    Raises:
        ValueError: if a column does not have one value per row.
    """
    slices = name_slices(groups, minimum_rows)
    each = 1 - (1 - confidence) / max(len(slices), 1)
    return tuple(
        _part(name, candidate.where(rows), champion.where(rows), each) for name, rows in slices.items()
    )


def _part(name: str, candidate: Scored, champion: Scored, confidence: float) -> Part:
    better = estimate_improvement(candidate, champion, candidate.LOSS, confidence=confidence)
    if better is None or len(candidate.nights) < FEWEST_NIGHTS:
        return Part(name, candidate.labels.size, None, None)
    return Part(name, candidate.labels.size, better.value, better.upper)
