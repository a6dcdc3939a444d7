"""Bounds that hold as often as they promise: the split-conformal correction of quantiles.

Quantiles that were learned are too narrow or too wide on new rows. On rows that they were not fitted to, the distance
by which each label lies outside its bounds (negative: inside) is known; both bounds are moved by the quantile of these
distances that stands for the promised coverage, counted as one of one more row (Romano, Patterson and Candes,
"Conformalized Quantile Regression", 2019, algorithm 1 and theorem 1).

What that guarantees: where the rows that correct and a new one are exchangeable, and nothing else was chosen by those
rows, the new label lies within its bounds with at least the promised probability, on average over all rows, and with at
most 1 / (rows + 1) more where no two distances are equal. Equal distances, as of whole numbers, may make it more.
What it does not: rows of one night resemble each other and seasons move, so that nights to come are not exchangeable
with those of the validation; trees are stopped and a candidate is chosen by the same nights; and no coverage is
promised for a part of the rows. Hence coverage is held by a gate on nights that nothing was chosen by, and watched.
"""

from __future__ import annotations

import numpy as np

from redeye.models.logic.night_statistics import Floats


def find_margin(labels: Floats, lower: Floats, upper: Floats, coverage: float) -> float:
    """By how much both bounds go outwards, so that they cover as promised; inwards, if it is negative.

    Fewer rows than a promise so high needs give the largest distance there is: no finite one would be enough.

    Raises:
        ValueError: if there are no rows.
    """
    if not len(labels):
        raise ValueError("there are no rows to correct the bounds by")
    distances = np.sort(np.maximum(lower - labels, labels - upper))
    rank = int(np.ceil(np.round((len(labels) + 1) * coverage, 9)))
    return float(distances[min(rank, len(labels)) - 1])
