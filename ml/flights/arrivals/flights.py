"""Columns of a flight that must agree with each other: clocks, delays, routes, speeds, what is known when."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from flights.arrivals.clocks import (
    DAY_MINUTES,
    flight_dates,
    is_clock,
    minutes_between,
    minutes_of_day,
    offset_minutes,
    signed_day_remainder,
    to_utc,
)
from redeye.audits.logic.known_times import add_known_at_columns

EARTH_RADIUS_MILES = 3958.8
# Two airports of one city may lie 17 miles apart, where a rounded mile is 3 percent.
ROUNDING_MILES = 1.0
ARRIVAL_LAG_MINUTES = 30


def derive_schedule(frame: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The schedule's checks, one value per scheduled flight of its typed rows; `places` are the known airports."""
    frame = _add_route_columns(add_known_at_columns(frame), places)
    times = frame.groupby(["night", "carrier", "flight", "origin", "dest"])["sched_dep_time"]
    evening = to_utc(frame["night"], pd.Series(20.0, index=frame.index))
    return frame.assign(
        known_at_mismatch_minutes=minutes_between(evening, frame["known_at"]),
        days_ahead=(frame["flight_date"] - frame["night"]).dt.days,
        invalid_clocks=_invalid_clocks(frame, ["sched_dep_time", "sched_arr_time"]),
        other_times=times.transform("nunique") - 1,
    )


def derive_outcomes(frame: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The outcomes' checks, one value per flight.

    A check that does not concern a flight (an arrival's, of a cancelled one) is missing.
    """
    frame = _add_route_columns(add_known_at_columns(frame), places)
    scheduled = minutes_of_day(frame["sched_dep_time"])
    departs_at = to_utc(frame["flight_date"], frame["hour"]) + pd.to_timedelta(frame["minute"], unit="m")
    in_air = frame["air_time"].where(frame["air_time"] > 0)
    landed_at = departs_at + pd.to_timedelta(frame["dep_delay"] + in_air, unit="m")
    since_departure = minutes_between(departs_at, frame["known_at"])
    arrived, departed = frame["arr_delay"].notna(), frame["dep_time"].notna()
    return frame.assign(
        departs_at=departs_at,
        nights_after_flight=(frame["night"] - frame["flight_date"]).dt.days,
        dep_delay_mismatch_minutes=signed_day_remainder(
            minutes_of_day(frame["dep_time"]) - scheduled - frame["dep_delay"]
        ),
        arr_delay_mismatch_minutes=signed_day_remainder(
            minutes_of_day(frame["arr_time"]) - minutes_of_day(frame["sched_arr_time"]) - frame["arr_delay"]
        ),
        scheduled_clock_mismatch=frame["hour"] * 100 + frame["minute"] - frame["sched_dep_time"],
        time_hour_mismatch_minutes=minutes_between(
            to_utc(frame["flight_date"], frame["hour"]), frame["time_hour"]
        ),
        known_at_mismatch_minutes=signed_day_remainder(
            since_departure - frame["block_minutes"] - frame["arr_delay"] - 30
        ),
        taxi_minutes=minutes_between(landed_at, frame["known_at"]) - 30,
        cancelled_known_after_minutes=since_departure.where(~departed),
        diverted_known_after_minutes=since_departure.where(departed & ~arrived),
        speed_mph=frame["distance"] / in_air * 60,
        invalid_clocks=_invalid_clocks(frame, ["dep_time", "sched_dep_time", "arr_time", "sched_arr_time"]),
        contradictions=_contradictions(frame),
    )


def _add_route_columns(frame: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Adds the flight's date, the route's great circle, and how long the schedule lets it fly."""
    known = places.set_index("code")
    frame = frame.assign(flight_date=flight_dates(frame))
    ends = {end: known.reindex(frame[end].to_numpy()).reset_index(drop=True) for end in ("origin", "dest")}
    circle = great_circle_miles(ends["origin"], ends["dest"])
    circle.index = frame.index
    block = _find_block_minutes(frame, {end: ends[end]["zone"] for end in ends})
    error = (frame["distance"] - circle).abs() - ROUNDING_MILES
    return frame.assign(
        great_circle_miles=circle,
        distance_error_percent=(error.clip(lower=0) / circle.where(circle > 0) * 100),
        block_minutes=block,
        block_over_cruise_minutes=block - circle / 8,
    )


def find_due_minutes(schedule: pd.DataFrame, places: pd.DataFrame) -> pd.Series:
    """From the start of each flight's date, New York's clock, to the minute at which a punctual arrival is known."""
    return (
        minutes_of_day(schedule["sched_dep_time"])
        + find_block_minutes(schedule, places)
        + ARRIVAL_LAG_MINUTES
    )


def find_block_minutes(schedule: pd.DataFrame, places: pd.DataFrame) -> pd.Series:
    """Scheduled minutes from gate to gate, by the zones of the known airports; missing where one is not known."""
    zones = places.set_index("code")["zone"]
    return _find_block_minutes(
        schedule, {end: zones.reindex(schedule[end].to_numpy()) for end in ("origin", "dest")}
    )


def _find_block_minutes(frame: pd.DataFrame, zones: Mapping[str, pd.Series]) -> pd.Series:
    """Scheduled minutes from gate to gate; missing where a zone of the rows' ends is."""
    offsets = {
        end: offset_minutes(frame["flight_date"], pd.Series(zone.to_numpy(), index=frame.index))
        for end, zone in zones.items()
    }
    clocks = minutes_of_day(frame["sched_arr_time"]) - minutes_of_day(frame["sched_dep_time"])
    return (clocks - offsets["dest"] + offsets["origin"]) % DAY_MINUTES


def great_circle_miles(here: pd.DataFrame, there: pd.DataFrame) -> pd.Series:
    """Miles over the globe between rows of two frames with `latitude` and `longitude`, row by row."""
    lat1, lat2 = np.radians(here["latitude"]), np.radians(there["latitude"])
    lon = np.radians(there["longitude"] - here["longitude"])
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(lon / 2) ** 2
    return 2 * EARTH_RADIUS_MILES * np.arcsin(np.sqrt(half))


def _invalid_clocks(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    return sum((~is_clock(frame[column])).astype("int64") for column in columns)  # type: ignore[return-value]


def _contradictions(frame: pd.DataFrame) -> pd.Series:
    """How many statements of a flight's outcome contradict each other.

    A flight that did not depart has no delay and does not arrive; the delay at the gate and the time
    in the air are both known or both not; an aircraft is missing only from a flight that did not fly.
    """
    departed, arrived = frame["dep_time"].notna(), frame["arr_time"].notna()
    delayed, flown = frame["arr_delay"].notna(), frame["air_time"].notna()
    statements = (
        departed != frame["dep_delay"].notna(),
        arrived & ~departed,
        delayed & ~arrived,
        delayed != flown,
        departed & frame["tailnum"].isna(),
    )
    return sum(statement.astype("int64") for statement in statements)  # type: ignore[return-value]
