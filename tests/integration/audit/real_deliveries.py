"""Real deliveries as text frames, by dataset or by suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

from flights.nycflights13 import NycFlights13

NIGHT = date(2013, 4, 4)
Frames = Mapping[str, pd.DataFrame]


def delivered(first: date, last: date) -> Frames:
    """Every row of the nights, by dataset, as text with its `night`; datasets without rows are left out."""
    parts: dict[str, list[pd.DataFrame]] = {}
    source = NycFlights13()
    for delivery in source.fetch(max(first, source.first_night), min(last, source.final_night)):
        if delivery.frame.num_rows:
            frame = delivery.frame.to_pandas().assign(night=delivery.night.isoformat())
            parts.setdefault(delivery.dataset, []).append(frame)
    return {dataset: pd.concat(frames, ignore_index=True) for dataset, frames in parts.items()}


def of_nights(frames: Frames, keep: Callable[[pd.Series], pd.Series]) -> dict[str, pd.DataFrame]:
    """The rows of some nights, by suite."""
    kept = {f"arrivals/{name}": frame[keep(frame["night"])] for name, frame in frames.items()}
    return {suite: frame.reset_index(drop=True) for suite, frame in kept.items() if len(frame)}
