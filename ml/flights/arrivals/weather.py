"""Columns of a weather hour that must agree: physics of humidity, units of the instruments, neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flights.arrivals.clocks import flight_dates, minutes_between
from flights.declared_constants import AIRPORT_ZONE
from redeye.audits.logic.known_times import add_known_at_columns

MPH_PER_KNOT = 1.15078
GUSTS_NEEDED, USUAL_GUST_RATIO, GUSTY_FROM_MPH = 5, 1.5, 20
DAMP_PERCENT, FULL_VISIBILITY = 93, 10
DRY_PERCENT, VERY_DRY_PERCENT, CLEAR_MILES, DIM_MILES, HEAVY_INCHES = 80, 65, 7, 5, 0.25
WET_BASE, WET_TOGETHER = -4.84, -3.05
WET_WEIGHTS = {
    "no_pressure": 3.70,
    "humid": 3.20,
    "under_10_miles": 1.89,
    "to_5_miles": 0.93,
    "to_2_miles": -1.82,
}


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
        visib_in_dry_air=frame["visib"].where((frame["humid"] < DRY_PERCENT) & (frame["precip"] == 0)),
        precip_in_clear_air=frame["precip"].where(frame["visib"] >= CLEAR_MILES),
    )


def humidity_percent(temp_f: pd.Series, dewp_f: pd.Series) -> pd.Series:
    """Relative humidity by the Magnus formula, from temperature and dew point in Fahrenheit."""
    temp, dewp = (temp_f - 32) / 1.8, (dewp_f - 32) / 1.8
    return 100 * np.exp(17.625 * dewp / (243.04 + dewp) - 17.625 * temp / (243.04 + temp))


def remainder(values: pd.Series) -> pd.Series:
    """Distance to the nearest whole number: 0 where an instrument reports whole steps of its unit."""
    return (values - values.round()).abs()


def weigh_dryness(frame: pd.DataFrame) -> pd.Series:
    """By night without any precipitation, how unlikely that is by the other readings; 0 for other nights.

    The chance of precipitation in an hour is a logistic regression on the stations' mean share of missing pressures,
    of visibilities below 10, 5 and 2 miles and of humidity above 75 percent, each over three hours; fitted on the
    nights to June 2013. The sum over a night's rows of -log(1 - chance) is what is returned.
    """
    rows = frame.sort_values(["night", "origin", "time_hour"])
    signs = pd.DataFrame(
        {
            "no_pressure": rows["pressure"].isna().astype("float64"),
            "under_10_miles": (rows["visib"] < 10).astype("float64"),
            "to_5_miles": (rows["visib"] <= 5).astype("float64"),
            "to_2_miles": (rows["visib"] <= 2).astype("float64"),
            "humid": (rows["humid"].fillna(60) - 75).clip(lower=0) / 25,
        }
    )
    stations = signs.groupby([rows["night"], rows["origin"]])
    smooth = (signs + stations.shift(1).fillna(signs) + stations.shift(-1).fillna(signs)) / 3
    means = smooth.groupby(rows["time_hour"]).transform("mean")
    odds = WET_BASE + sum(weight * means[name] for name, weight in WET_WEIGHTS.items())
    odds += WET_TOGETHER * means["no_pressure"] * means["humid"]
    chance = (1 / (1 + np.exp(-odds))).clip(upper=0.97)
    nights = rows["night"]
    unlikely, is_dry = (-np.log1p(-chance)).groupby(nights).sum(), rows["precip"].eq(0).groupby(nights).all()
    return unlikely.where(is_dry, 0.0)


def measure_gusts(frame: pd.DataFrame) -> pd.DataFrame:
    """By night, the median of gusts over winds, 1.5 if fewer than `GUSTS_NEEDED` are known, and windy hours without."""
    ratio = frame["wind_gust"] / frame["wind_speed"].where(frame["wind_speed"] > 0)
    by_night = ratio.groupby(frame["night"])
    lacking = (frame["wind_speed"] >= GUSTY_FROM_MPH) & frame["wind_gust"].isna()
    return pd.DataFrame(
        {
            "median_gust_ratio": by_night.median().where(by_night.count() >= GUSTS_NEEDED, USUAL_GUST_RATIO),
            "windy_hours_without_gust": lacking.groupby(frame["night"]).sum().astype("float64"),
        }
    )


def count_damp_while_clear(frame: pd.DataFrame) -> pd.Series:
    """By night with full visibility in every hour, the hours of rain or of damp air; 0 of other nights."""
    is_damp = (frame["humid"] >= DAMP_PERCENT) | (frame["precip"] > 0)
    is_clear = frame["visib"].eq(FULL_VISIBILITY).groupby(frame["night"]).all()
    return is_damp.groupby(frame["night"]).sum().where(is_clear, 0).astype("float64")


def count_contradicted_visibility(frame: pd.DataFrame) -> pd.DataFrame:
    """By night, dim hours in very dry air without rain, and hours of heavy rain in clear air."""
    is_dim = (frame["visib_in_dry_air"] < DIM_MILES) & (frame["humid"] < VERY_DRY_PERCENT)
    is_heavy = frame["precip_in_clear_air"] >= HEAVY_INCHES
    hours = pd.DataFrame({"dim_hours_in_dry_air": is_dim, "heavy_hours_while_clear": is_heavy})
    return hours.groupby(frame["night"]).sum().astype("float64")
