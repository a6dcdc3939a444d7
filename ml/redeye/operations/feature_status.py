"""How the features of a model looked over some nights, and how far they drifted: what the pages show. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from redeye.declarations.calendar import shift_nights
from redeye.scoring.outputs_reader import OutputsReader, Row

SHOWN_NIGHTS = 56


@dataclass(frozen=True)
class FeatureNights:
    """One feature over some nights.

    Attributes:
        quality: by night rows, null share, mean, range and distinct values, as scoring saw them.
        drift: by night the distance of the week that ends with it, and its threshold.
    """

    name: str
    quality: Sequence[Row]
    drift: Sequence[Row]

    @property
    def last(self) -> Row | None:
        """The newest night's quality."""
        return self.quality[-1] if self.quality else None

    @property
    def excess(self) -> float | None:
        """How many times its threshold the newest distance is; None if it was not measured."""
        last = self.drift[-1] if self.drift else None
        if last is None or last["value"] is None or not last["threshold"]:
            return None
        return float(last["value"] / last["threshold"])


def read_features(reader: OutputsReader, model: str, night: date) -> list[FeatureNights]:
    """Every feature of the last `SHOWN_NIGHTS` nights, the farthest beyond its threshold first."""
    first = shift_nights(night, 1 - SHOWN_NIGHTS)
    quality: dict[str, list[Row]] = {}
    drift: dict[str, list[Row]] = {}
    for found, rows in (
        (quality, reader.feature_quality(model, first, night)),
        (drift, reader.drift_of_features(model, first, night, "week")),
    ):
        for row in rows:
            found.setdefault(row["column_name"], []).append(row)
    # Nights before the quality was recorded have drift alone, and so have the predictions.
    features = [
        FeatureNights(name, quality.get(name, ()), drift.get(name, ())) for name in sorted({*quality, *drift})
    ]
    return sorted(features, key=lambda each: -1.0 if each.excess is None else each.excess, reverse=True)
