"""Made-up readings of three gauges, whose temperatures and flows wander from hour to hour."""

from __future__ import annotations

import numpy as np
import pandas as pd

GAUGES = ("ash", "birch", "cedar")
QUANTITIES = ("degrees", "flow", "level")
HOURS = 24


def make_readings(nights: int, *, seed: int = 7) -> pd.DataFrame:
    """Hourly readings: what all gauges share wanders, each has an offset of its own and a little noise."""
    rng = np.random.default_rng(seed)
    hours = nights * HOURS
    times = pd.date_range("2013-01-01T03:00", periods=hours, freq="h").astype("datetime64[us]")
    parts = []
    shared = {name: rng.normal(size=hours).cumsum() for name in QUANTITIES}
    for place, gauge in enumerate(GAUGES):
        own = {
            name: (shared[name] + 3 * place + rng.normal(scale=0.3, size=hours)).round(2)
            for name in QUANTITIES
        }
        parts.append(pd.DataFrame({"gauge": gauge, "read_at": times, **own}))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(night=(rows["read_at"] - pd.Timedelta(hours=3)).dt.normalize())


def last_night(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of the last night, and those before it."""
    is_last = rows["night"] == rows["night"].max()
    return rows[is_last].reset_index(drop=True), rows[~is_last].reset_index(drop=True)


def move(now: pd.DataFrame, before: pd.DataFrame, hours: int) -> pd.DataFrame:
    """Each gauge's readings of so many hours before, under this night's hours."""
    both = pd.concat([before, now]).sort_values(["gauge", "read_at"])
    late = both.groupby("gauge")[list(QUANTITIES)].shift(hours)
    moved = both.assign(**{name: late[name] for name in QUANTITIES})
    return moved[moved["night"] == now["night"].iloc[0]].reset_index(drop=True)


def turn(now: pd.DataFrame, hours: int) -> pd.DataFrame:
    """Each gauge's readings turned in a ring by so many hours."""
    turned = now.copy()
    for gauge in GAUGES:
        own = turned["gauge"] == gauge
        turned.loc[own, list(QUANTITIES)] = np.roll(
            turned.loc[own, list(QUANTITIES)].to_numpy(), hours, axis=0
        )
    return turned


def swap(now: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """Two gauges under each other's names."""
    return now.assign(gauge=now["gauge"].replace({one: other, other: one}))
