"""Clock readings and instants, over whole columns: minutes of the day, zone offsets."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from flights.declared_constants import AIRPORT_ZONE

DAY_MINUTES = 1440


def is_clock(hhmm: pd.Series) -> pd.Series:
    """Whether each value is missing or reads as a clock, 0 to 2400."""
    return hhmm.isna() | (hhmm.between(0, 2400) & (hhmm % 100 < 60))


def minutes_of_day(hhmm: pd.Series) -> pd.Series:
    """Minutes since midnight of a clock reading such as 1745."""
    return hhmm // 100 * 60 + hhmm % 100


def minutes_between(earlier: pd.Series, later: pd.Series) -> pd.Series:
    """Minutes from one instant to another; missing where either is."""
    return (later - earlier).dt.total_seconds() / 60


def signed_day_remainder(minutes: pd.Series) -> pd.Series:
    """The remainder by whole days, from -720 to 719: 0 when two clocks agree."""
    return (minutes + DAY_MINUTES // 2) % DAY_MINUTES - DAY_MINUTES // 2


def flight_dates(frame: pd.DataFrame) -> pd.Series:
    """The date in the columns year, month, day; missing where they form none."""
    parts = frame[["year", "month", "day"]].astype("float64")
    return pd.to_datetime(parts, errors="coerce").astype("datetime64[us]")


def offset_minutes(dates: pd.Series, zones: pd.Series) -> pd.Series:
    """Minutes that each zone is ahead of UTC at noon of each date; missing where either is."""
    pairs = pd.DataFrame({"date": dates, "zone": zones})
    known = pairs.dropna().drop_duplicates()
    known["offset"] = [
        _offset(date.to_pydatetime(), zone) for date, zone in zip(known["date"], known["zone"], strict=True)
    ]
    merged = pairs.merge(known, how="left", on=["date", "zone"])["offset"]
    return pd.Series(merged.to_numpy(dtype="float64"), index=dates.index)


def _offset(date: datetime, zone: str) -> float:
    offset = date.replace(hour=12, tzinfo=ZoneInfo(zone)).utcoffset()
    return offset.total_seconds() / 60 if offset is not None else float("nan")


def to_utc(dates: pd.Series, hours: pd.Series) -> pd.Series:
    """The instant at which New York's clocks show an hour of a date, as naive UTC.

    An hour that comes twice is the first; one that is skipped is the hour after.
    """
    local = dates + pd.to_timedelta(hours.where(hours.between(0, 24)), unit="h")
    ahead = local.dt.tz_localize(
        AIRPORT_ZONE, ambiguous=np.ones(len(local), dtype=bool), nonexistent="shift_forward"
    )
    return ahead.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]")
