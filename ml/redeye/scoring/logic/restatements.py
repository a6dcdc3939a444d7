"""Restated deliveries: what changed in them, and which predictions were made before that was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from redeye.sources.logic.deliveries import KNOWN_AT, DeliveryRef

SHOWN = 5


@dataclass(frozen=True)
class Change:
    """What a restatement changed in one row of a delivery, with its natural key, column by column.

    `columns` has the text before and after; it is empty for a row that was `added` or `removed`, not `changed`.
    """

    key: Mapping[str, str]
    columns: Mapping[str, tuple[str, str]]
    kind: str = "changed"


@dataclass(frozen=True)
class Restatement:
    """One delivery that another replaced, with what changed row by row.

    Attributes:
        from_night: the first night that knew `before`.
        until_night: the last night that was scored without `after`.
        release_id: the release that took in `before`.
        taken_in_by: the release that took in `after`; empty while none has.
        shared: the columns of the delivery that name what a feature is computed for, and those of a prediction.
        is_of_one_night: whether its rows count in the features of their own night alone; else in sums over all
            history.
    """

    before: DeliveryRef
    after: DeliveryRef
    from_night: date
    until_night: date
    release_id: str
    taken_in_by: str
    changes: tuple[Change, ...]
    shared: Mapping[str, str]
    is_of_one_night: bool

    @property
    def columns(self) -> dict[str, int]:
        """How many rows changed, by column; rows added and removed by those words."""
        found: dict[str, int] = {}
        for each in self.changes:
            for name in each.columns or (each.kind,):
                found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items()))

    def touches(self, night: date) -> bool:
        """Whether what was known on a night, and counted in its features, is what was restated."""
        if self.is_of_one_night:
            return night == self.before.night and night <= self.until_night
        return self.from_night <= night <= self.until_night

    def behind(self, predictions: pd.DataFrame) -> pd.Series:
        """Which predictions have a restated row behind one of their features: those that share a key with it.

        A delivery whose rows name none of a prediction's keys counts for all.
        """
        is_touched = pd.Series(
            [self.touches(night) for night in _dates(predictions)], index=predictions.index
        )
        wanted: dict[str, set[str]] = {}
        for change in self.changes:
            for name, value in change.key.items():
                if name in self.shared:
                    wanted.setdefault(self.shared[name], set()).add(value)
        if not wanted:
            return is_touched
        shared = pd.Series(False, index=predictions.index)
        for column, values in wanted.items():
            shared |= predictions[column].isin(values)
        return is_touched & shared

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "source": self.before.source,
            "dataset": self.before.dataset,
            "night": self.before.night.isoformat(),
            "before": self.before.content_hash,
            "after": self.after.content_hash,
            "known_on_nights": [self.from_night.isoformat(), self.until_night.isoformat()],
            "release_id": self.release_id,
            "taken_in_by": self.taken_in_by,
            "rows_changed": len(self.changes),
            "columns": self.columns,
        }


def changes(before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str]) -> tuple[Change, ...]:
    """What differs between two versions of a delivery, row by row in the order of the key; times of knowing do not."""
    names, others = list(key), [name for name in before.columns if name not in key and name != KNOWN_AT]
    both = before.merge(after, how="outer", on=names, suffixes=("_then", "_now"), indicator="side")
    differs = pd.Series(False, index=both.index)
    for name in others:
        differs |= both[f"{name}_then"] != both[f"{name}_now"]
    found = []
    for row in both[differs | (both["side"] != "both")].to_dict("records"):
        named = {name: str(row[name]) for name in names}
        if row["side"] != "both":
            found.append(Change(named, {}, "removed" if row["side"] == "left_only" else "added"))
            continue
        pairs = {name: (str(row[f"{name}_then"]), str(row[f"{name}_now"])) for name in others}
        found.append(Change(named, {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}))
    return tuple(found)


def _dates(predictions: pd.DataFrame) -> list[date]:
    return [stamp.date() for stamp in pd.to_datetime(predictions["night"])]
