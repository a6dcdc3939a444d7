"""What is shown of the predictions whose labels are final, as a whole and by slice: read again, nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from redeye.declarations.calendar import zone
from redeye.declarations.project import Slicing, project
from redeye.declarations.specs import Spec
from redeye.declarations.successions import rename_codes
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.blocks import Block, Cut
from redeye.monitoring.matured_predictions import read_matured_predictions
from redeye.warehouse import release_store

# Of a slice: below it, what is measured is mostly chance.
MINIMUM_ROWS = 200


@dataclass(frozen=True)
class MaturedView:
    """Matured predictions of some nights, as their kind shows them.

    Attributes:
        blocks: as a whole and in slices of at least `MINIMUM_ROWS`.
        left_out: how many slices were smaller.
    """

    first: date
    last: date
    rows: int = 0
    blocks: Sequence[Block] = ()
    left_out: int = 0


def measure(spec: Spec, night: date, first: date, last: date) -> MaturedView:
    """Predictions of the nights `first` to `last` against their labels as known at the cutoff of `night`."""
    release = release_store.covering_release(night)
    frame = read_matured_predictions(spec, release, night, first, last) if release else pd.DataFrame()
    if frame.empty:
        return MaturedView(first, last)
    cuts = [
        Cut(each.by, str(value), [int(row) for row in rows])
        for each in project().slices
        for value, rows in frame.groupby(cut_values(frame, each, last), sort=True).indices.items()
    ]
    large = [cut for cut in cuts if len(cut.rows) >= MINIMUM_ROWS]
    blocks = find_kind(spec).show_matured(frame, large)
    return MaturedView(first, last, len(frame), blocks, len(cuts) - len(large))


def cut_values(frame: pd.DataFrame, slicing: Slicing, night: date) -> pd.Series:
    """What each row is cut by; an hour as two digits, local. A code counts to the one that replaced it by `night`."""
    values = rename_codes(frame[slicing.column], project().successions, name=slicing.column, night=night)
    if slicing.part != "hour":
        return values
    return pd.to_datetime(values, utc=True).dt.tz_convert(zone()).dt.hour.map("{:02d}".format)
