"""Columns of a weather hour that must agree: physics of humidity, units of the instruments, neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flights.arrivals.clocks import add_known_at_columns, flight_dates, minutes_between
from flights.constants import AIRPORT_ZONE

MPH_PER_KNOT = 1.15078


def derive_weather(frame: pd.DataFrame) -> pd.DataFrame:
    """The weather's checks, one value per station and hour; missing where a reading is missing."""
    frame = add_known_at_columns(frame)
    local = frame["time_hour"].dt.tz_localize("UTC").dt.tz_convert(AIRPORT_ZONE)
    stated = flight_dates(frame)
    medians = frame.groupby("time_hour")[["temp", "pressure"]].transform("median")
    return frame.assign(
        clock_mismatch_hours=(local.dt.hour - frame["hour"]).abs(),
        date_mismatch_days=(local.dt.tz_localize(None).dt.normalize() - stated).dt.days.abs(),
        known_at_mismatch_minutes=minutes_between(frame["time_hour"], frame["known_at"]) - 60,
        temp_minus_dewp=frame["temp"] - frame["dewp"],
        humidity_error=humidity_percent(frame["temp"], frame["dewp"]) - frame["humid"],
        wind_knots_remainder=remainder(frame["wind_speed"] / MPH_PER_KNOT),
        gust_knots_remainder=remainder(frame["wind_gust"] / MPH_PER_KNOT),
        gust_minus_wind=frame["wind_gust"] - frame["wind_speed"],
        precip_hundredths_remainder=remainder(frame["precip"] * 100),
        wind_dir_tens_remainder=remainder(frame["wind_dir"] / 10),
        temp_from_neighbours=(frame["temp"] - medians["temp"]).abs(),
        pressure_from_neighbours=(frame["pressure"] - medians["pressure"]).abs(),
    )


def humidity_percent(temp_f: pd.Series, dewp_f: pd.Series) -> pd.Series:
    """Relative humidity by the Magnus formula, from temperature and dew point in Fahrenheit."""
    temp, dewp = (temp_f - 32) / 1.8, (dewp_f - 32) / 1.8
    return 100 * np.exp(17.625 * dewp / (243.04 + dewp) - 17.625 * temp / (243.04 + temp))


def remainder(values: pd.Series) -> pd.Series:
    """Distance to the nearest whole number: 0 where an instrument reports whole steps of its unit."""
    return (values - values.round()).abs()
