"""Calibration and quality by slice of the predictions whose labels are final: read again, nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from redeye.declarations.calendar import zone
from redeye.declarations.project import Slicing, project
from redeye.declarations.specs import Spec
from redeye.declarations.successions import rename_codes
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.monitoring.matured_predictions import read_matured_predictions
from redeye.warehouse import release_store

# Of a slice: below it, AUC is mostly chance.
MINIMUM_ROWS = 200


@dataclass(frozen=True)
class Slices:
    """Matured predictions of some nights, as a whole and in parts.

    Attributes:
        bins: mean prediction, observed share and rows, by tenth of the predictions.
        parts: slices of at least `MINIMUM_ROWS`: what they are cut by, rows, shares and quality of each.
        left_out: how many slices were smaller.
    """

    first: date
    last: date
    rows: int = 0
    bins: Sequence[tuple[float, float, int]] = ()
    parts: Sequence[dict[str, Any]] = ()
    left_out: int = 0


def measure(spec: Spec, night: date, first: date, last: date) -> Slices:
    """Predictions of the nights `first` to `last` against their labels as known at the cutoff of `night`."""
    release = release_store.covering_release(night)
    frame = read_matured_predictions(spec, release, night, first, last) if release else pd.DataFrame()
    if frame.empty:
        return Slices(first, last)
    whole = _make_scored(frame, "probability").metrics()
    bins = [(one.mean_prediction, one.observed_rate, one.rows) for one in whole.calibration]
    parts, left_out = [], 0
    for each in project().slices:
        for value, rows in frame.groupby(cut_values(frame, each, last), sort=True):
            if len(rows) < MINIMUM_ROWS or rows["label"].nunique() < 2:
                left_out += 1
                continue
            own = _make_scored(rows, "probability").metrics()
            parts.append(
                {
                    "by": each.by,
                    "value": str(value),
                    "rows": len(rows),
                    "observed": float(rows["label"].mean()),
                    "predicted": float(rows["probability"].mean()),
                    "auc": own.auc,
                    "heuristic_auc": _make_scored(rows, "baseline_probability").metrics().auc,
                    "log_loss": own.log_loss,
                }
            )
    return Slices(first, last, len(frame), bins, parts, left_out)


def cut_values(frame: pd.DataFrame, slicing: Slicing, night: date) -> pd.Series:
    """What each row is cut by; an hour as two digits, local. A code counts to the one that replaced it by `night`."""
    values = rename_codes(frame[slicing.column], project().successions, name=slicing.column, night=night)
    if slicing.part != "hour":
        return values
    return pd.to_datetime(values, utc=True).dt.tz_convert(zone()).dt.hour.map("{:02d}".format)


def _make_scored(frame: pd.DataFrame, column: str) -> ScoredProbabilities:
    known = frame[frame[column].notna()]
    return ScoredProbabilities(known["label"].to_numpy(), known[column].to_numpy(), known["night"].to_numpy())
