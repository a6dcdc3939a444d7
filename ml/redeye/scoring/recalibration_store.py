"""Recalibrations as they were recorded, one per judged night, and which of them a night is scored by."""

from __future__ import annotations

from datetime import date

import pandas as pd

from redeye.declarations.calendar import shift_nights
from redeye.declarations.specs import Spec
from redeye.foundation.errors import AlreadyDecided
from redeye.models.logic.recalibration import IDENTITY, Recalibration
from redeye.scoring import outputs_store

# Gaps are single nights; what is older than a week no longer follows anything.
LOOKED_BACK = 7


def find_recalibration(spec: Spec, night: date, version: int) -> Recalibration:
    """Of a version on a night: as last decided by the spec's lag before it; the identity if that is not in use."""
    if spec.recalibration is None:
        return IDENTITY
    last = shift_nights(night, -spec.effective_lag_nights)
    rows = outputs_store.read("recalibrations", spec.model, shift_nights(last, 1 - LOOKED_BACK), last)
    own = rows[rows["model_version"] == version].sort_values("night").tail(1)
    return _recalibration(own) if own["is_in_use"].astype(bool).any() else IDENTITY


def read_recalibration(model: str, night: date) -> Recalibration:
    """That which was decided after a night, in use now or not.

    Raises:
        AlreadyDecided: if there is none, although predictions name it.
    """
    rows = outputs_store.read("recalibrations", model, night, night)
    if rows.empty:
        raise AlreadyDecided(
            f"predictions name the recalibration of night {night}, which the outputs do not have"
        )
    return _recalibration(rows)


def _recalibration(rows: pd.DataFrame) -> Recalibration:
    row = rows.iloc[0]
    return Recalibration(float(row["intercept"]), float(row["slope"]), pd.Timestamp(row["night"]).date())
