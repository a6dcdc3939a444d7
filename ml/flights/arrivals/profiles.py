"""One row per night and dataset: what a single row cannot show, such as shares, spreads and gaps.

A profile is computed from the night alone (`profile_outcomes`, `profile_schedule`, `profile_weather`)
and can be stored; `flights.arrivals.history` relates it to earlier nights before it is judged.
Statistics of a night with fewer than `SMALL` flights say nothing and are missing on purpose; how many
rows a night must have is judged in any case.
"""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd

from flights.arrivals.clocks import DAY_MINUTES, minutes_between
from flights.arrivals.weather import (
    count_contradicted_visibility,
    count_damp_while_clear,
    measure_gusts,
    weigh_dryness,
)
from flights.declared_constants import LATE_MINUTES
from redeye.audits.logic.known_times import find_night_bounds

SMALL = 100
SHORT_TAXI = 0.1
HOURS_OF_DAY = range(6, 22)
SCHEDULE_IDENTITY = ("carrier", "flight", "origin", "dest", "sched_dep_time", "sched_arr_time")
OUTCOME_IDENTITY = ("flight", "dest", "dep_time", "arr_time", "air_time")
WEATHER_IDENTITY = ("temp", "dewp", "humid", "wind_speed")
"""Columns whose values, without any date, tell one night from another."""


def profile_schedule(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of the frame of `derive_schedule`: how many flights, of whom, from where, at which hours."""
    return _flight_counts(frame, SCHEDULE_IDENTITY)


def profile_outcomes(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of the frame of `derive_outcomes`: counts, and how delays, speeds and aircraft spread."""
    frame = frame.assign(
        is_cancelled=frame["dep_time"].isna(),
        is_diverted=frame["dep_time"].notna() & frame["arr_delay"].isna(),
        is_without_tailnum=frame["tailnum"].isna(),
        on_minute_departure=_where_known(frame["dep_delay"] == 0, frame["dep_delay"]),
        on_minute_arrival=_where_known(frame["arr_delay"] == 0, frame["arr_delay"]),
        is_late=_where_known(frame["arr_delay"] >= LATE_MINUTES, frame["arr_delay"]),
        is_impossible=_impossible_turnarounds(frame),
    )
    nights = frame.groupby("night")
    counts = _flight_counts(frame, OUTCOME_IDENTITY).set_index("night")
    statistics = nights.agg(
        cancelled_share=("is_cancelled", "mean"),
        diverted_share=("is_diverted", "mean"),
        missing_tailnum_share=("is_without_tailnum", "mean"),
        mean_departure_delay_minutes=("dep_delay", "mean"),
        mean_arrival_delay_minutes=("arr_delay", "mean"),
        spread_arrival_delay_minutes=("arr_delay", "std"),
        on_the_minute_departure_share=("on_minute_departure", "mean"),
        on_the_minute_arrival_share=("on_minute_arrival", "mean"),
        late_share=("is_late", "mean"),
        median_speed_mph=("speed_mph", "median"),
        median_taxi_minutes=("taxi_minutes", "median"),
        impossible_turnaround_share=("is_impossible", "mean"),
    )
    statistics["short_taxi_minutes"] = nights["taxi_minutes"].quantile(SHORT_TAXI)
    flown = frame.groupby(["night", "tailnum"]).size().groupby("night").max()
    statistics["commonest_tailnum_share"] = flown.reindex(statistics.index) / nights.size()
    is_small = nights.size() < SMALL
    unknown = statistics.isna().sum(axis=1)
    statistics[is_small] = np.nan
    counts["statistics_unknown"] = unknown.where(~is_small, 0)
    counts["rows_of_the_day"] = (frame["flight_date"] == frame["night"]).groupby(frame["night"]).sum()
    return counts.join(statistics).reset_index()


def profile_weather(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of the frame of `derive_weather`: hours, gaps, missing readings, how alike stations are.

    How much readings change from one report of a station to the next is part of it: shuffled hours jump.
    """
    start, end = find_night_bounds(frame["night"])
    stations = frame.sort_values(["night", "origin", "time_hour"]).groupby(["night", "origin"])
    steps = stations[["temp", "humid", "pressure"]].diff().abs()
    rows = frame.assign(
        hours_after_start=minutes_between(start, frame["time_hour"]) / 60,
        hours_before_end=minutes_between(frame["time_hour"], end) / 60 - 1,
        humidity_error=frame["humidity_error"].abs(),
        is_calm=frame["wind_speed"] == 0,
        **{f"{name}_step": steps[name] for name in steps},
        **{f"no_{name}": frame[name].isna() for name in ("temp", "wind_speed", "wind_dir", "pressure")},
    )
    record = rows.groupby("night").agg(
        rows=("time_hour", "size"),
        stations=("origin", "nunique"),
        hours_missing_at_start=("hours_after_start", "min"),
        hours_missing_at_end=("hours_before_end", "min"),
        missing_temp_share=("no_temp", "mean"),
        missing_wind_share=("no_wind_speed", "mean"),
        missing_wind_dir_share=("no_wind_dir", "mean"),
        missing_pressure_share=("no_pressure", "mean"),
        mean_temp_step=("temp_step", "mean"),
        mean_humidity_step=("humid_step", "mean"),
        largest_pressure_step=("pressure_step", "max"),
        mean_temp=("temp", "mean"),
        mean_humidity_error=("humidity_error", "mean"),
        mean_temp_from_neighbours=("temp_from_neighbours", "mean"),
        wind_speeds=("wind_speed", "nunique"),
        calm_share=("is_calm", "mean"),
        total_precip=("precip", "sum"),
    )
    hours = stations["time_hour"].agg(["min", "max", "nunique"])
    missing = minutes_between(hours["min"], hours["max"]) / 60 + 1 - hours["nunique"]
    by_night = hours["nunique"].groupby("night")
    fewest = stations[["temp", "humid"]].nunique().groupby("night").min()
    gusts, contradicted = measure_gusts(frame), count_contradicted_visibility(frame)
    return record.assign(
        median_gust_ratio=gusts["median_gust_ratio"],
        windy_hours_without_gust=gusts["windy_hours_without_gust"],
        damp_hours_while_clear=count_damp_while_clear(frame),
        dim_hours_in_dry_air=contradicted["dim_hours_in_dry_air"],
        heavy_hours_while_clear=contradicted["heavy_hours_while_clear"],
        hours_missing_between=missing.groupby("night").max(),
        station_hours_apart=by_night.max() - by_night.min(),
        fewest_temperatures=fewest["temp"],
        fewest_humidities=fewest["humid"],
        identical_station_share=_identical_shares(frame),
        unlikely_dryness=weigh_dryness(frame),
        fingerprint=_fingerprints(frame, WEATHER_IDENTITY),
    ).reset_index()


def brief_flights(frame: pd.DataFrame, identity: tuple[str, ...]) -> pd.DataFrame:
    """The part of a profile of flights that later nights are compared with."""
    record = {
        "rows": frame.groupby("night").size(),
        "carriers": _carriers(frame),
        "fingerprint": _fingerprints(frame, identity),
    }
    return pd.DataFrame(record).rename_axis("night").reset_index()


def brief_weather(frame: pd.DataFrame) -> pd.DataFrame:
    """The part of a profile of weather that later nights are compared with."""
    means, fingerprints = frame.groupby("night")["temp"].mean(), _fingerprints(frame, WEATHER_IDENTITY)
    record = pd.DataFrame({"mean_temp": means, "fingerprint": fingerprints})
    return record.rename_axis("night").reset_index()


def _flight_counts(frame: pd.DataFrame, identity: tuple[str, ...]) -> pd.DataFrame:
    nights = frame.groupby("night")
    rows = nights.size()
    by_origin = frame.groupby(["night", "origin"]).size().unstack(fill_value=0)
    hours = (frame["sched_dep_time"] // 100).where((frame["sched_dep_time"] // 100).isin(HOURS_OF_DAY))
    covered = hours.groupby(frame["night"]).nunique()
    shares = by_origin.div(rows, axis=0)
    record = {
        "rows": rows,
        "hours_without_flights": len(HOURS_OF_DAY) - covered,
        "origins": (by_origin > 0).sum(axis=1),
        "smallest_origin_share": shares.min(axis=1).where(rows >= SMALL),
        "largest_origin_share": shares.max(axis=1).where(rows >= SMALL),
        "destinations": nights["dest"].nunique(),
        "flight_numbers": nights["flight"].nunique(),
        "carriers": _carriers(frame),
        "fingerprint": _fingerprints(frame, identity),
    }
    return pd.DataFrame(record).rename_axis("night").reset_index()


def _where_known(is_so: pd.Series, known: pd.Series) -> pd.Series:
    return is_so.where(known.notna()).astype("float64")


def _carriers(frame: pd.DataFrame) -> pd.Series:
    """Flights per carrier and night, as JSON text by night."""
    counts = frame.groupby(["night", "carrier"]).size().unstack(fill_value=0)
    texts = [
        json.dumps({str(carrier): int(n) for carrier, n in row.items() if n}, sort_keys=True)
        for row in counts.to_dict("records")
    ]
    return pd.Series(texts, index=counts.index, dtype=object)


def _fingerprints(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Text by night that is equal for equal values in any order: finds a day that is delivered again."""
    values = frame[list(columns)].copy()
    for column in values:
        if pd.api.types.is_numeric_dtype(values[column]):
            values[column] = values[column].astype("float64")
    hashes = pd.util.hash_pandas_object(values, index=False)
    sums = hashes.groupby(frame["night"]).agg(lambda group: np.add.reduce(group.to_numpy(dtype="uint64")))
    return sums.map(lambda value: f"{int(value):016x}")


def _impossible_turnarounds(frame: pd.DataFrame) -> pd.Series:
    """Whether the aircraft left New York again before it can have come back; missing where it flew once."""
    flown = frame[frame["tailnum"].notna() & frame["dep_delay"].notna() & frame["air_time"].notna()]
    flown = flown.assign(left_at=flown["departs_at"] + pd.to_timedelta(flown["dep_delay"], unit="m"))
    flown = flown.sort_values(["tailnum", "left_at"])
    same = flown["tailnum"].eq(flown["tailnum"].shift()) & flown["night"].eq(flown["night"].shift())
    minutes = minutes_between(flown["left_at"].shift(), flown["left_at"])
    verdict = (minutes < 2 * flown["air_time"].shift()).where(same & minutes.lt(DAY_MINUTES))
    return verdict.astype("float64").reindex(frame.index)


def _identical_shares(frame: pd.DataFrame) -> pd.Series:
    """By night, the largest share of hours in which two stations report the very same five readings."""
    readings = ["temp", "dewp", "humid", "wind_dir", "wind_speed"]
    rows = frame.drop_duplicates(["night", "origin", "time_hour"])
    shares = []
    for one, other in combinations(sorted(rows["origin"].dropna().unique()), 2):
        both = rows[rows["origin"] == one].merge(
            rows[rows["origin"] == other], on=["night", "time_hour"], suffixes=("_one", "_other")
        )
        pairs = [both[f"{name}_one"] == both[f"{name}_other"] for name in readings]
        shares.append(pd.concat(pairs, axis=1).all(axis=1).groupby(both["night"]).mean())
    nights = pd.Index(frame["night"].dropna().unique())
    if not shares:
        return pd.Series(0.0, index=nights)
    return pd.concat(shares, axis=1).reindex(nights).max(axis=1).fillna(0.0)
