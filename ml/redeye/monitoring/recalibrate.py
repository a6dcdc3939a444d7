"""Recalibrating after a night: the champion's own raw predictions against the labels that are final by then."""

from __future__ import annotations

from datetime import date

import pandas as pd

from redeye.champions.logic.promotions import Promotion
from redeye.declarations.calendar import shift_nights
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.monitoring.logic.maturity import Maturity
from redeye.monitoring.matured_predictions import read_matured_predictions
from redeye.warehouse.logic.releases import Release


def recalibrate(
    spec: Spec, release: Release, night: date, champion: Promotion | None, labels: Maturity
) -> pd.DataFrame:
    """What is recorded of a night's recalibration: one row, or none.

    There is none where the spec declares none, or nothing that the champion predicted itself has a final label.
    """
    rules = spec.recalibration
    if rules is None or champion is None:
        return pd.DataFrame()
    last = shift_nights(night, -spec.label_maturity_nights)
    first = shift_nights(last, 1 - rules.window_nights)
    matured = read_matured_predictions(spec, release, night, first, last)
    own = matured[
        (matured["model_version"] == champion.version)
        & ~matured["is_degraded"].astype(bool)
        & matured["night"].isin([pd.Timestamp(each) for each in labels.final])
    ]
    if own.empty:
        return pd.DataFrame()
    judged = find_kind(spec).judge_recalibration(own.sort_values(["night", spec.population.key]), night)
    if judged is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "model_version": [champion.version],
            "intercept": judged.recalibration.intercept,
            "slope": judged.recalibration.slope,
            "nights": judged.nights,
            "rows": judged.rows,
            "judged_nights": judged.judged_nights,
            "improvement": judged.improvement,
            "lower": judged.lower,
            "is_in_use": judged.is_in_use,
        }
    )
