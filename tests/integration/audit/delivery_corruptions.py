"""Ways in which a delivery can be wrong, each as a function of the true text frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Corrupt = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Corruption:
    """A named corruption of one dataset, and a column that the refusal must name."""

    name: str
    dataset: str
    column: str
    corrupt: Corrupt


def _scaled(column: str, factor: float, *, plus: float = 0.0, whole: bool = True) -> Corrupt:
    def change(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        values = pd.to_numeric(frame[column], errors="coerce") * factor + plus
        texts = values.map(lambda value: "NA" if np.isnan(value) else str(round(value) if whole else value))
        return frame.assign(**{column: texts})

    return change


def _set(column: str, value: str, where: Callable[[pd.DataFrame], pd.Series] | None = None) -> Corrupt:
    def change(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        rows = where(frame) if where else pd.Series(True, index=frame.index)
        return frame.assign(**{column: frame[column].mask(rows, value)})

    return change


def _swapped(one: str, other: str) -> Corrupt:
    return lambda frame, _: frame.assign(**{one: frame[other], other: frame[one]})


def _shuffled(*columns: str) -> Corrupt:
    def change(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        mixed = frame[list(columns)].sample(frac=1, random_state=7).to_numpy()
        return frame.assign(**{column: mixed[:, place] for place, column in enumerate(columns)})

    return change


def _without(where: Callable[[pd.DataFrame], pd.Series]) -> Corrupt:
    return lambda frame, _: frame[~where(frame)].reset_index(drop=True)


def _shifted(column: str, hours: int) -> Corrupt:
    def change(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
        moved = pd.to_datetime(frame[column]) + pd.Timedelta(hours=hours)
        return frame.assign(**{column: moved.dt.strftime("%Y-%m-%dT%H:%M:%SZ")})

    return change


def _delivered_again(days: int, *, redated: bool) -> Corrupt:
    """An earlier day's file under this night's name, with or without this night's dates."""

    def change(frame: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
        night = frame["night"].iloc[0]
        earlier = (pd.Timestamp(night) - pd.Timedelta(days=days)).date().isoformat()
        old = before[before["night"] == earlier].reset_index(drop=True).assign(night=night)
        if not redated:
            return old
        for column in ("known_at", "time_hour"):
            if column in old:
                moved = pd.to_datetime(old[column]) + pd.Timedelta(days=days)
                old[column] = moved.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        dates = pd.to_datetime(old[["year", "month", "day"]].astype(int)) + pd.Timedelta(days=days)
        return old.assign(
            year=dates.dt.year.astype(str), month=dates.dt.month.astype(str), day=dates.dt.day.astype(str)
        )

    return change


def _on_time(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    """All delays zero, with clock readings and known_at that agree."""
    flown = frame["arr_delay"] != "NA"
    late = pd.to_timedelta(pd.to_numeric(frame["arr_delay"], errors="coerce").fillna(0), unit="m")
    known = (pd.to_datetime(frame["known_at"]) - late).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    changed = {
        "dep_delay": "0",
        "arr_delay": "0",
        "dep_time": frame["sched_dep_time"],
        "arr_time": frame["sched_arr_time"],
        "known_at": known,
    }
    return frame.assign(**{column: frame[column].mask(flown, value) for column, value in changed.items()})


def _all_cancelled(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    gone = dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"), "NA")
    departs = pd.to_datetime(frame["time_hour"]) + pd.to_timedelta(frame["minute"].astype(int), unit="m")
    known = (departs + pd.Timedelta(hours=1)).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return frame.assign(**gone, known_at=known)


def _copied_station(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    own = frame[frame["origin"] != "LGA"]
    return pd.concat([own, frame[frame["origin"] == "JFK"].assign(origin="LGA")], ignore_index=True)


def _celsius(*columns: str) -> Corrupt:
    def change(frame: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
        for column in columns:
            frame = _scaled(column, 5 / 9, plus=-32 * 5 / 9, whole=False)(frame, before)
        return frame

    return change


def _origin(code: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: frame["origin"] == code


def _carrier(code: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: frame["carrier"] == code


def _every(n: int) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: pd.Series(frame.index % n == 0, index=frame.index)


def _last(share: float) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: pd.Series(frame.index >= len(frame) * (1 - share), index=frame.index)


def _twice(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[:1]], ignore_index=True)


def _duplicate_names(frame: pd.DataFrame, _: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis([*frame.columns[:1], frame.columns[0], *frame.columns[2:]], axis=1)


C = Corruption
OUTCOMES = [
    C("empty", "outcomes", "empty", lambda frame, _: frame.iloc[:0]),
    C("column dropped", "outcomes", "distance", lambda frame, _: frame.drop(columns="distance")),
    C(
        "column renamed",
        "outcomes",
        "departure",
        lambda frame, _: frame.rename(columns={"dep_time": "departure"}),
    ),
    C("column added", "outcomes", "rank", lambda frame, _: frame.assign(rank="1")),
    C("columns reordered", "outcomes", "minute", lambda frame, _: frame[[*frame.columns[::-1]]]),
    C("column names repeated", "outcomes", "year", _duplicate_names),
    C("origin and destination swapped", "outcomes", "origin", _swapped("origin", "dest")),
    C("departure and arrival swapped", "outcomes", "dep_delay_mismatch", _swapped("dep_time", "arr_time")),
    C("scheduled times swapped", "outcomes", "sched", _swapped("sched_dep_time", "sched_arr_time")),
    C("delays in seconds", "outcomes", "arr_delay", _scaled("arr_delay", 60)),
    C("departure delays in hours", "outcomes", "dep_delay_mismatch", _scaled("dep_delay", 1 / 60)),
    C("kilometres", "outcomes", "distance_error_percent", _scaled("distance", 1.609)),
    C("air time in seconds", "outcomes", "air_time", _scaled("air_time", 60)),
    C("air time constant", "outcomes", "speed", _set("air_time", "100")),
    C("known_at an hour late", "outcomes", "known_at_mismatch", _shifted("known_at", 1)),
    C("known_at a day late", "outcomes", "minutes_before_cutoff", _shifted("known_at", 24)),
    C("time_hour in local time", "outcomes", "time_hour_mismatch", _shifted("time_hour", -4)),
    C("a row twice", "outcomes", "flight", _twice),
    C("all rows twice", "outcomes", "rows", lambda frame, _: pd.concat([frame, frame], ignore_index=True)),
    C("half of the rows missing", "outcomes", "morning_share_missing", _without(_every(2))),
    C("a tenth of the rows missing", "outcomes", "morning_share_missing", _without(_every(10))),
    C("truncated", "outcomes", "rows_to_scheduled", _without(_last(0.3))),
    C("an origin missing", "outcomes", "origins", _without(_origin("LGA"))),
    C("a carrier missing", "outcomes", "carriers_missing", _without(_carrier("US"))),
    C("a carrier of few flights missing", "outcomes", "scheduled_carriers_missing", _without(_carrier("FL"))),
    C("another day's file", "outcomes", "minutes_into_night", _delivered_again(7, redated=False)),
    C("another day's file with new dates", "outcomes", "same_as_night", _delivered_again(7, redated=True)),
    C("nulls in arr_delay", "outcomes", "contradictions", _set("arr_delay", "NA", _every(3))),
    C("all of arr_delay null", "outcomes", "contradictions", _set("arr_delay", "NA")),
    C("nulls in distance", "outcomes", "distance", _set("distance", "NA", _every(50))),
    C("tail numbers constant", "outcomes", "commonest_tailnum", _set("tailnum", "N14228")),
    C("tail numbers shuffled", "outcomes", "impossible_turnaround", _shuffled("tailnum")),
    C("flight numbers shuffled", "outcomes", "matched_share", _shuffled("flight")),
    C("destinations shuffled", "outcomes", "distance_error_percent", _shuffled("dest")),
    C("routes shuffled", "outcomes", "matched_share", _shuffled("origin", "dest", "distance")),
    C("delays shuffled", "outcomes", "arr_delay_mismatch", _shuffled("arr_delay")),
    C("air times shuffled", "outcomes", "speed_mph", _shuffled("air_time")),
    C("delays zeroed", "outcomes", "dep_delay_mismatch", _set("dep_delay", "0")),
    C("all on time in every column", "outcomes", "on_the_minute_arrival_share", _on_time),
    C("all cancelled", "outcomes", "cancelled_share", _all_cancelled),
    C("distance negative", "outcomes", "distance_error_percent", _scaled("distance", -1)),
    C("unknown carrier", "outcomes", "carrier", _set("carrier", "ZZ", _every(200))),
    C(
        "carriers in lower case",
        "outcomes",
        "carrier",
        lambda f, _: f.assign(carrier=f["carrier"].str.lower()),
    ),
    C("blanks after carriers", "outcomes", "carrier", lambda f, _: f.assign(carrier=f["carrier"] + " ")),
    C("unknown destination", "outcomes", "great_circle_miles", _set("dest", "XXX", _every(300))),
    C("line ends in tail numbers", "outcomes", "tailnum", lambda f, _: f.assign(tailnum=f["tailnum"] + "\n")),
    C("encoding garbage", "outcomes", "tailnum", _set("tailnum", "N\ufffd\u00c3\u00a928", _every(100))),
    C("numbers with units", "outcomes", "air_time", lambda f, _: f.assign(air_time=f["air_time"] + " min")),
    C("numbers overflow", "outcomes", "distance", _set("distance", "99999999999", _every(100))),
    C("not a number", "outcomes", "arr_delay", _set("arr_delay", "nan", _every(100))),
    C("infinite", "outcomes", "distance", _set("distance", "inf", _every(100))),
    C("impossible clock", "outcomes", "invalid_clocks", _set("arr_time", "1275", _every(100))),
    C("impossible date", "outcomes", "flight_date", _set("day", "31")),
]
SCHEDULE = [
    C("tail numbers leak", "schedule", "tailnum", lambda frame, _: frame.assign(tailnum="N14228")),
    C("yesterday's schedule", "schedule", "days_ahead", _delivered_again(1, redated=False)),
    C("yesterday's with new dates", "schedule", "same_as_night", _delivered_again(1, redated=True)),
    C("half of the rows missing", "schedule", "rows", _without(_every(2))),
    C("an origin missing", "schedule", "origins", _without(_origin("EWR"))),
    C("a carrier missing", "schedule", "carriers_missing", _without(_carrier("FL"))),
    C(
        "most of a carrier missing",
        "schedule",
        "carriers_uneven",
        _without(lambda f: _carrier("US")(f) & ~_every(5)(f)),
    ),
    C("known in the future", "schedule", "minutes_before_cutoff", _shifted("known_at", 24)),
    C("known_at as local time", "schedule", "known_at_mismatch", _shifted("known_at", -4)),
    C("times shifted by five hours", "schedule", "sched_dep_time", _scaled("sched_dep_time", 1, plus=500)),
    C("departures shuffled", "schedule", "block_over_cruise", _shuffled("sched_dep_time")),
    C("flight numbers shuffled", "schedule", "seen_before_share", _shuffled("flight")),
    C("departures constant", "schedule", "hours_without_flights", _set("sched_dep_time", "1200")),
    C("origin and destination swapped", "schedule", "origin", _swapped("origin", "dest")),
    C("from the wrong airport", "schedule", "distance_error", _set("origin", "JFK", _origin("EWR"))),
    C("kilometres", "schedule", "distance_error", _scaled("distance", 1.609)),
]
WEATHER = [
    C("Celsius", "weather", "humidity_error", _celsius("temp", "dewp")),
    C("temperature alone in Celsius", "weather", "temp_minus_dewp", _celsius("temp")),
    C("kilometres per hour", "weather", "wind_knots_remainder", _scaled("wind_speed", 1.609, whole=False)),
    C("metres per second", "weather", "wind_knots_remainder", _scaled("wind_speed", 0.447, whole=False)),
    C("inches of mercury", "weather", "pressure", _scaled("pressure", 0.02953, whole=False)),
    C("visibility in kilometres", "weather", "visib", _scaled("visib", 1.609, whole=False)),
    C("a station copied to another", "weather", "identical_station_share", _copied_station),
    C("a station missing", "weather", "stations", _without(_origin("LGA"))),
    C(
        "the evening missing",
        "weather",
        "hours_missing_between",
        _without(lambda f: f["hour"].astype(int) > 17),
    ),
    C("the end missing", "weather", "hours_missing_at_end", _without(lambda f: f["hour"].astype(int) < 3)),
    C("temperatures shuffled", "weather", "temp", _shuffled("temp")),
    C("all readings shuffled", "weather", "mean_temp_step", _shuffled("temp", "dewp", "humid")),
    C("a constant temperature", "weather", "temp", _set("temp", "50")),
    C("calm all day", "weather", "calm_share", _set("wind_speed", "0")),
    C("pressure all null", "weather", "missing_pressure_share", _set("pressure", "NA")),
    C("time_hour in local time", "weather", "clock_mismatch_hours", _shifted("time_hour", -4)),
    C("another day's file", "weather", "minutes_into_night", _delivered_again(3, redated=False)),
    C("another day's file with new dates", "weather", "same_as_night", _delivered_again(3, redated=True)),
    C("an hour twice", "weather", "time_hour", _twice),
    C("humidity as a share", "weather", "humid", _scaled("humid", 0.01, whole=False)),
]
DIMENSIONS = [
    C("truncated planes", "planes", "row_count", _without(_last(0.5))),
    C("a plane twice", "planes", "tailnum", _twice),
    C("seats constant", "planes", "seats", _set("seats", "100")),
    C("coordinates swapped", "airports", "lat", _swapped("lat", "lon")),
    C("coordinates shuffled", "airports", "known_place_error", _shuffled("lat", "lon")),
    C("zones shuffled", "airports", "known_zone_differs", _shuffled("tzone")),
    C("airport names garbled", "airports", "name", _set("name", "\u00c3\u00a9\u00c3\u00a8", _every(40))),
    C("a carrier missing", "airlines", "carrier", _without(_carrier("UA"))),
    C("carriers constant", "airlines", "carrier", _set("carrier", "AA")),
]
CORRUPTIONS = [*OUTCOMES, *SCHEDULE, *WEATHER, *DIMENSIONS]
