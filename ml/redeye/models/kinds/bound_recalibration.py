"""Recalibration of bounds: moved anew by the champion's own nights, where they no longer hold as often as promised.

The margin of a version is that of its validation. Here it is found once more, in the same way (`conformal`), on nights
that were served and whose labels are final. It is served only where the raw bounds are off, so that what is right is
left alone: where coverage is as promised, a look finds it off with at most one minus the gates' confidence.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from redeye.models.kinds.conformal import find_margin
from redeye.models.kinds.regression_spec import BoundsRules
from redeye.models.kinds.scored_quantiles import LOWER, UPPER, VALUE, ScoredQuantiles
from redeye.models.logic.night_statistics import Floats
from redeye.models.logic.promises import check_promise
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration


def move_bounds(raw: Floats, by: Recalibration) -> Floats:
    """Both bounds moved outwards by the intercept; the number stays, and lies between them."""
    if by == IDENTITY:
        return raw
    value = raw[:, VALUE]
    lower = np.minimum(raw[:, LOWER] - by.intercept, value)
    return np.column_stack([value, lower, np.maximum(raw[:, UPPER] + by.intercept, value)])


def judge_bounds(
    scored: ScoredQuantiles, night: date, rules: BoundsRules, *, confidence: float
) -> JudgedRecalibration:
    """The margin after `night`, and whether it may be served.

    Args:
        scored: the champion's own raw predictions, with labels known at the night's cutoff.
        night: at whose end it is decided.
        rules: of the spec.
        confidence: that coverage is off, whichever way.
    """
    coverage, _ = scored.promises
    # It may be off to either side, so that each bound has half of the error.
    held = check_promise(scored, coverage, (1 + confidence) / 2)
    margin = find_margin(
        scored.labels, scored.predictions[:, LOWER], scored.predictions[:, UPPER], coverage.share
    )
    beyond = float("nan")
    if held.found is not None:
        beyond = max(coverage.share - held.found.upper, held.found.lower - coverage.share)
    nights = len(scored.nights)
    return JudgedRecalibration(
        # A sum with 0 has no minus sign before it.
        recalibration=Recalibration(margin + 0.0, 1.0, night),
        nights=nights,
        rows=scored.labels.size,
        judged_nights=nights,
        improvement=scored.measure("coverage_error"),
        lower=beyond,
        is_in_use=bool(held.is_off) and nights >= rules.minimum_nights and margin != 0,
    )
