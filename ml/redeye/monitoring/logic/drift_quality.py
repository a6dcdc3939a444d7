"""Quality on matured labels as drift: how much worse than on the nights after the champion's fit.

The verdict judges quality by its own rules; these rows show the same change against what windows of a night
and of a week of clean history vary by anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from redeye.declarations.spec_rules import Drift
from redeye.models.kinds.interface import Kind as TargetKind
from redeye.models.logic.evaluation import Scored
from redeye.monitoring.logic.drift_calibration import CalibratedThreshold, Thresholds, make_threshold
from redeye.monitoring.logic.drift_measures import Floats
from redeye.monitoring.logic.drift_profile import is_enough
from redeye.monitoring.logic.drift_result import TOO_FEW, ColumnDrift, Kind, Span

QUALITY_COLUMN = "label"


def name_statistic(target: TargetKind, metric: str) -> str:
    """Name of the statistic: `auc_drop`, `log_loss_rise`."""
    return f"{metric}_{'drop' if metric in target.scored.HIGHER_IS_BETTER else 'rise'}"


def calibrate_quality(
    target: TargetKind, predictions: pd.DataFrame, rules: Drift
) -> list[CalibratedThreshold]:
    """A threshold for each span and metric: what a window is worse than the other nights by.

    `predictions` have `night`, `label` and the columns of the kind, of nights that the champion was not fitted to.
    """
    scored = target.score_rows(predictions, target.columns)
    nights = len(scored.nights)
    found = []
    for span in Span:
        starts = range(max(0, nights - span.nights + 1))
        inside = np.array([[1.0 if s <= n < s + span.nights else 0.0 for n in range(nights)] for s in starts])
        dates = [str(night) for night in scored.nights[span.nights - 1 :]]
        for metric in scored.TITLES:
            values = np.empty(0)
            if inside.size:
                now, then = (scored.resample(metric, each) for each in (inside, 1 - inside))
                values = _worse(scored, metric, now, then)
            place = (QUALITY_COLUMN, span, name_statistic(target, metric))
            found.append(make_threshold(place, Kind.QUALITY, values, dates, rules))
    return found


def quality_drift(
    target: TargetKind,
    matured: Mapping[Span, pd.DataFrame],
    reference: pd.DataFrame,
    thresholds: Thresholds,
    rules: Drift,
) -> list[ColumnDrift]:
    """How much worse each metric is than on the reference; a row per span and metric.

    `matured` are the champion's own predictions with labels, `reference` those that `calibrate_quality` was given.
    """
    then = target.score_rows(reference, target.columns)
    base = {metric: then.resample(metric, np.ones((1, len(then.nights)))) for metric in then.TITLES}
    found = []
    for span, frame in matured.items():
        is_judged = is_enough(span, frame, rules)
        scored = target.score_rows(frame, target.columns) if is_judged else None
        for metric in then.TITLES:
            place, value = (QUALITY_COLUMN, span, name_statistic(target, metric)), float("nan")
            if scored is not None:
                now = scored.resample(metric, np.ones((1, len(scored.nights))))
                value = float(_worse(scored, metric, now, base[metric])[0])
            row = ColumnDrift.of(
                place,
                Kind.QUALITY,
                value,
                thresholds.get(place),
                rows=len(frame),
                reference_rows=len(reference),
                unknown=TOO_FEW,
            )
            found.append(row)
    return found


def _worse(scored: Scored, metric: str, now: Floats, then: Floats) -> Floats:
    return then - now if metric in scored.HIGHER_IS_BETTER else now - then
