"""One row per night and dataset: what a single row cannot show, such as shares, spreads and gaps.

A profile is computed from the night alone (`profile_outcomes`, `profile_schedule`, `profile_weather`)
and can be stored; `redeye.core.arrivals.history` relates it to earlier nights before it is judged.
Statistics of a night with fewer than `SMALL` flights say nothing and are missing on purpose; how many
rows a night must have is judged in any case.
"""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd

from redeye.core.arrivals.clocks import DAY_MINUTES, night_bounds

SMALL = 100
HOURS_OF_DAY = range(6, 22)
OUTCOME_STATISTICS = (
    "cancelled_share",
    "diverted_share",
    "missing_tailnum_share",
    "mean_departure_delay_minutes",
    "mean_arrival_delay_minutes",
    "spread_arrival_delay_minutes",
    "on_the_minute_departure_share",
    "on_the_minute_arrival_share",
    "late_share",
    "median_speed_mph",
    "median_taxi_minutes",
    "impossible_turnaround_share",
    "commonest_tailnum_share",
)


def profile_schedule(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of the schedule: how many flights, of whom, from where, at which hours.

    Args:
        frame: typed rows with the columns of `derive_schedule`.
    """
    return _flight_counts(frame, ["carrier", "flight", "origin", "dest", "sched_dep_time", "sched_arr_time"])


def profile_outcomes(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of outcomes: counts, and how delays, speeds and aircraft are distributed.

    Args:
        frame: typed rows with the columns of `derive_outcomes`.
    """
    frame = frame.assign(
        is_cancelled=frame["dep_time"].isna(),
        is_diverted=frame["dep_time"].notna() & frame["arr_delay"].isna(),
        is_without_tailnum=frame["tailnum"].isna(),
        on_minute_departure=(frame["dep_delay"] == 0).where(frame["dep_delay"].notna()).astype("float64"),
        on_minute_arrival=(frame["arr_delay"] == 0).where(frame["arr_delay"].notna()).astype("float64"),
        is_late=(frame["arr_delay"] >= 15).where(frame["arr_delay"].notna()).astype("float64"),
        is_impossible=_impossible_turnarounds(frame),
    )
    nights = frame.groupby("night")
    counts = _flight_counts(frame, ["flight", "dest", "dep_time", "arr_time", "air_time"]).set_index("night")
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
    flown = frame.groupby(["night", "tailnum"]).size().groupby("night").max()
    statistics["commonest_tailnum_share"] = flown.reindex(statistics.index) / nights.size()
    is_small = nights.size() < SMALL
    unknown = statistics[list(OUTCOME_STATISTICS)].isna().sum(axis=1)
    statistics.loc[is_small, list(OUTCOME_STATISTICS)] = np.nan
    counts["statistics_unknown"] = unknown.where(~is_small, 0)
    counts["rows_of_the_day"] = (frame["flight_date"] == frame["night"]).groupby(frame["night"]).sum()
    return counts.join(statistics).reset_index()


def profile_weather(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of weather: hours per station, gaps, missing readings, and how alike stations are.

    Args:
        frame: typed rows with the columns of `derive_weather`.
    """
    records = []
    for night, rows in frame.groupby("night"):
        start, end = (bound.iloc[0] for bound in night_bounds(rows["night"].head(1)))
        records.append({"night": night, **_weather_record(rows, start, end)})
    fingerprints = _fingerprints(frame, ["temp", "dewp", "humid", "wind_speed"])
    return pd.DataFrame(records).assign(fingerprint=fingerprints.to_numpy())


def _flight_counts(frame: pd.DataFrame, identity: list[str]) -> pd.DataFrame:
    nights = frame.groupby("night")
    rows = nights.size()
    by_origin = frame.groupby(["night", "origin"]).size().unstack(fill_value=0)
    hours = (frame["sched_dep_time"] // 100).where((frame["sched_dep_time"] // 100).isin(HOURS_OF_DAY))
    covered = hours.groupby(frame["night"]).nunique()
    shares = by_origin.div(rows, axis=0)
    record = pd.DataFrame(
        {
            "rows": rows,
            "hours_without_flights": len(HOURS_OF_DAY) - covered,
            "origins": (by_origin > 0).sum(axis=1),
            "smallest_origin_share": shares.min(axis=1).where(rows >= SMALL),
            "largest_origin_share": shares.max(axis=1).where(rows >= SMALL),
            "destinations": nights["dest"].nunique(),
            "flight_numbers": nights["flight"].nunique(),
        }
    )
    counts = frame.groupby(["night", "carrier"]).size().unstack(fill_value=0)
    record["carriers"] = [
        json.dumps({str(carrier): int(n) for carrier, n in row.items() if n}, sort_keys=True)
        for row in counts.reindex(record.index, fill_value=0).to_dict("records")
    ]
    record["fingerprint"] = _fingerprints(frame, identity).reindex(record.index)
    return record.rename_axis("night").reset_index()


def _fingerprints(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Text by night that is equal for equal values in any order: finds a day that is delivered again."""
    values = frame[columns].copy()
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
    minutes = (flown["left_at"] - flown["left_at"].shift()) / np.timedelta64(1, "m")
    verdict = (minutes < 2 * flown["air_time"].shift()).where(same & minutes.lt(DAY_MINUTES))
    return verdict.astype("float64").reindex(frame.index)


def _weather_record(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, float]:
    hours = rows["time_hour"]
    by_station = rows.drop_duplicates(["origin", "time_hour"]).groupby("origin")["time_hour"]
    spans = (by_station.max() - by_station.min()) / np.timedelta64(1, "h") + 1
    total = (end - start) / np.timedelta64(1, "h")
    wide = rows.drop_duplicates(["origin", "time_hour"]).set_index(["time_hour", "origin"])
    readings = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    nulls = rows[readings].isna().mean()
    steps = rows.sort_values(["origin", "time_hour"])
    changes = {name: steps.groupby("origin")[name].diff().abs() for name in ("temp", "pressure", "humid")}
    per_station = rows.groupby("origin")
    return {
        "rows": len(rows),
        "stations": rows["origin"].nunique(),
        "hours_of_night": total,
        "hours_fewest": float(by_station.count().min()),
        "hours_missing_at_start": (hours.min() - start) / np.timedelta64(1, "h"),
        "hours_missing_at_end": (end - hours.max()) / np.timedelta64(1, "h") - 1,
        "hours_missing_between": float((spans - by_station.count()).max()),
        "station_hours_apart": float(by_station.count().max() - by_station.count().min()),
        "identical_station_share": _identical_share(wide),
        "missing_temp_share": nulls["temp"],
        "missing_wind_share": nulls["wind_speed"],
        "missing_wind_dir_share": nulls["wind_dir"],
        "missing_pressure_share": nulls["pressure"],
        "missing_gust_share": nulls["wind_gust"],
        "mean_temp": rows["temp"].mean(),
        "mean_humidity_error": rows["humidity_error"].abs().mean(),
        "largest_temp_step": changes["temp"].max(),
        "mean_temp_step": changes["temp"].mean(),
        "mean_humidity_step": changes["humid"].mean(),
        "largest_pressure_step": changes["pressure"].max(),
        "fewest_temperatures": float(per_station["temp"].nunique().min()),
        "fewest_humidities": float(per_station["humid"].nunique().min()),
        "wind_speeds": float(rows["wind_speed"].nunique()),
        "calm_share": float((rows["wind_speed"] == 0).mean()),
        "winds_over_90_mph": float((rows["wind_speed"] > 90).sum()),
        "temps_far_from_neighbours": float((rows["temp_from_neighbours"] > 25).sum()),
        "mean_temp_from_neighbours": rows["temp_from_neighbours"].mean(),
        "total_precip": rows["precip"].sum(),
        "rain_in_clear_air_hours": float(((rows["precip"] > 0.05) & (rows["humid"] < 40)).sum()),
    }


def _identical_share(wide: pd.DataFrame) -> float:
    """The largest share of hours in which two stations report the very same five readings."""
    readings = ["temp", "dewp", "humid", "wind_dir", "wind_speed"]
    stations = {name: part.droplevel("origin")[readings] for name, part in wide.groupby(level="origin")}
    shares = [0.0]
    for one, other in combinations(stations.values(), 2):
        common = one.index.intersection(other.index)
        if len(common):
            shares.append(float((one.loc[common] == other.loc[common]).all(axis=1).mean()))
    return max(shares)
