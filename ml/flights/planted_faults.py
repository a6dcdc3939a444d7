"""Faults that are planted into single nights of deliveries, to measure what the audits of arrivals find.

Each works on text frames and is as hard to see as its kind allows: dates, clocks and keys stay those of the night.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from flights.planted_values import list_outcome_faults, list_schedule_faults, list_weather_faults
from redeye.sources.logic.deliveries import MISSING
from redeye.sources.logic.faults import PlantedFault

READINGS = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
# Changed alone they break no physics, so that no other check has it easier than with the kind itself.
FREE = ("wind_dir", "pressure", "visib")
STATIONS = ("EWR", "JFK", "LGA")
Rng = np.random.Generator
Spoil = Callable[[pd.DataFrame, pd.DataFrame, Rng], pd.DataFrame]


def planted_faults() -> dict[str, PlantedFault]:
    """The faults by name: of readings that are stale, shifted, stuck or zero, and of volumes, codes and old files."""
    of_weather: dict[str, Spoil] = {
        "yesterday's readings with new dates, one value changed": partial(_redate, days=1, changed=0.0),
        "yesterday's readings with new dates, a tenth of them changed": partial(_redate, days=1, changed=0.1),
        "last week's readings with new dates, one value changed": partial(_redate, days=7, changed=0.0),
        "half of the hours are yesterday's": _mix_yesterday,
        "readings 1 hour late": partial(_delay, hours=(1, 1)),
        "readings 2 or 3 hours late": partial(_delay, hours=(2, 3)),
        "readings 4 to 12 hours late": partial(_delay, hours=(4, 12)),
        "readings of one station 2 to 12 hours late": partial(_delay, hours=(2, 12), stations=1),
        "pressures alone 3 to 12 hours late": partial(_delay, hours=(3, 12), columns=("pressure",)),
        "winds alone 3 to 12 hours late": partial(
            _delay, hours=(3, 12), columns=("wind_dir", "wind_speed", "wind_gust")
        ),
        "hours turned in a ring by 1 to 12": _turn,
        "hours of one station turned in a ring by 3 to 12": partial(_turn, stations=1),
        "two stations swapped": _swap,
        "one station frozen for 4 to 12 hours": _freeze,
        "visibility 0": partial(_zero, columns={"visib": "0"}),
        "visibility of one station 0": partial(_zero, columns={"visib": "0"}, stations=1),
        "wind of one station 0": partial(
            _zero, columns={"wind_speed": "0", "wind_gust": MISSING, "wind_dir": "0"}, stations=1
        ),
        "precipitation 0 in a night with 0.1 inches or more": partial(
            _zero, columns={"precip": "0"}, least=0.1
        ),
        "precipitation of one station 0 in a night with 0.5 inches or more": partial(
            _zero, columns={"precip": "0"}, stations=1, least=0.5
        ),
        "humidity and dew point of one station missing": partial(
            _zero, columns={"humid": MISSING, "dewp": MISSING}, stations=1
        ),
        "pressure of one station stuck": partial(_stick, columns=("pressure",)),
        "wind of one station stuck": partial(_stick, columns=("wind_dir", "wind_speed")),
        "pressures rounded to whole millibars": partial(
            _change, column="pressure", change=lambda values: values.round()
        ),
        "precipitation summed since the start of the night, 0.5 inches or more": _sum_rain,
        "winds from the opposite side": partial(
            _change, column="wind_dir", change=lambda degrees: (degrees + 180) % 360
        ),
    }
    of_flights: dict[str, tuple[str, Spoil]] = {
        "yesterday's schedule with new dates, one value changed": (
            "schedule",
            partial(_redate_schedule, days=1),
        ),
        "last week's schedule with new dates, one value changed": (
            "schedule",
            partial(_redate_schedule, days=7),
        ),
        "a schedule without 40 percent of its rows": ("schedule", partial(_thin, share=0.4)),
        "a schedule twice, the second time under other numbers": ("schedule", _double),
        "a schedule without a tenth of its rows": ("schedule", partial(_thin, share=0.1)),
        "a schedule without its busiest destination": ("schedule", _drop_destination),
        "a schedule whose departures are an hour late": ("schedule", _delay_departures),
        "a schedule with two carriers swapped": ("schedule", _swap_carriers),
        "a schedule with 20 flights again a minute later": ("schedule", _repeat_flights),
        "outcomes without a twentieth of their afternoon": ("outcomes", _thin_afternoon),
        "outcomes whose last tenth is missing": ("outcomes", partial(_cut_off, share=0.1)),
        "outcomes whose last 3 percent are missing": ("outcomes", partial(_cut_off, share=0.03)),
        "outcomes of which 40 percent are missing": ("outcomes", partial(_thin, share=0.4)),
    }
    faults = {name: PlantedFault("weather", spoil) for name, spoil in of_weather.items()}
    faults |= {name: PlantedFault(dataset, spoil) for name, (dataset, spoil) in of_flights.items()}
    of_values = {
        "weather": list_weather_faults(),
        "schedule": list_schedule_faults(),
        "outcomes": list_outcome_faults(),
    }
    return faults | {
        name: PlantedFault(dataset, spoil)
        for dataset, spoils in of_values.items()
        for name, spoil in spoils.items()
    }


def _read_back(
    frame: pd.DataFrame,
    before: pd.DataFrame,
    hours: int,
    rows: pd.Series,
    columns: tuple[str, ...] = READINGS,
) -> pd.DataFrame:
    """The frame with, in some of its rows, the readings of the same station so many hours before."""
    both = pd.concat([before, frame]).drop_duplicates(["origin", "time_hour"])
    past = both.set_index([both["origin"], pd.to_datetime(both["time_hour"])])[list(columns)]
    wanted = pd.MultiIndex.from_arrays(
        [frame["origin"], pd.to_datetime(frame["time_hour"]) - pd.Timedelta(hours=hours)]
    )
    found = past.reindex(wanted)
    changed = frame.copy()
    is_moved = rows.to_numpy() & found.notna().any(axis=1).to_numpy()
    changed.loc[is_moved, list(columns)] = found.to_numpy()[is_moved]
    return changed


def _choose_rows(frame: pd.DataFrame, rng: Rng, stations: int) -> pd.Series:
    """All rows, or those of so many stations."""
    if not stations:
        return pd.Series(True, index=frame.index)
    return frame["origin"].isin(rng.choice(STATIONS, size=stations, replace=False))


def _redate(
    frame: pd.DataFrame, before: pd.DataFrame, rng: Rng, *, days: int, changed: float
) -> pd.DataFrame:
    old = _read_back(frame, before, 24 * days, _choose_rows(frame, rng, 0))
    cells = max(1, round(changed * len(frame) * len(READINGS)))
    for _ in range(cells):
        column, row = str(rng.choice(FREE)), int(rng.integers(len(frame)))
        old.loc[frame.index[row], column] = before[column].iloc[rng.integers(len(before))]
    return old


def _mix_yesterday(frame: pd.DataFrame, before: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    hours = frame["time_hour"].drop_duplicates().sort_values()
    start = int(rng.integers(len(hours) // 2))
    return _read_back(frame, before, 24, frame["time_hour"].isin(hours.iloc[start : start + len(hours) // 2]))


def _delay(
    frame: pd.DataFrame,
    before: pd.DataFrame,
    rng: Rng,
    *,
    hours: tuple[int, int],
    stations: int = 0,
    columns: tuple[str, ...] = READINGS,
) -> pd.DataFrame:
    late = int(rng.integers(hours[0], hours[1] + 1))
    return _read_back(frame, before, late, _choose_rows(frame, rng, stations), columns)


def _turn(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng, *, stations: int = 0) -> pd.DataFrame:
    by = int(rng.choice([-1, 1]) * rng.integers(3 if stations else 1, 13))
    chosen = _choose_rows(frame, rng, stations)
    turned = frame.copy()
    for station in frame.loc[chosen, "origin"].unique():
        rows = frame.index[frame["origin"] == station]
        turned.loc[rows, list(READINGS)] = np.roll(frame.loc[rows, list(READINGS)].to_numpy(), by, axis=0)
    return turned


def _swap(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    one, other = rng.choice(STATIONS, size=2, replace=False)
    return frame.assign(origin=frame["origin"].replace({one: other, other: one}))


def _freeze(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    rows = frame.index[_choose_rows(frame, rng, 1)]
    length = int(rng.integers(4, 13))
    start = int(rng.integers(max(1, len(rows) - length)))
    frozen = frame.copy()
    frozen.loc[rows[start : start + length], list(READINGS)] = frame.loc[
        rows[start], list(READINGS)
    ].to_numpy()
    return frozen


def _zero(
    frame: pd.DataFrame,
    _: pd.DataFrame,
    rng: Rng,
    *,
    columns: dict[str, str],
    stations: int = 0,
    least: float = 0.0,
) -> pd.DataFrame:
    if pd.to_numeric(frame["precip"], errors="coerce").sum() < least:
        return frame
    chosen = _choose_rows(frame, rng, stations)
    return frame.assign(**{column: frame[column].mask(chosen, value) for column, value in columns.items()})


def _redate_schedule(frame: pd.DataFrame, before: pd.DataFrame, rng: Rng, *, days: int) -> pd.DataFrame:
    night = frame["night"].iloc[0]
    earlier = (pd.Timestamp(night) - pd.Timedelta(days=days)).date().isoformat()
    old = before[before["night"] == earlier].reset_index(drop=True)
    dates = {column: frame[column].iloc[0] for column in ("year", "month", "day", "known_at", "night")}
    old = old.assign(**dates)
    old.loc[rng.integers(len(old)), "flight"] = str(rng.integers(9000, 9999))
    return old


def _thin(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng, *, share: float) -> pd.DataFrame:
    return frame[rng.random(len(frame)) >= share].reset_index(drop=True)


def _thin_afternoon(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    is_afternoon = frame["sched_dep_time"].astype(int).between(1200, 2000)
    return frame[~is_afternoon | (rng.random(len(frame)) >= 0.05)].reset_index(drop=True)


def _double(frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng) -> pd.DataFrame:
    other = frame.assign(flight=(10_000 - frame["flight"].astype(int)).astype(str))
    return pd.concat([frame, other], ignore_index=True)


def _stick(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng, *, columns: tuple[str, ...]) -> pd.DataFrame:
    """One station says all night what it said at some hour."""
    rows = frame.index[_choose_rows(frame, rng, 1)]
    known = frame.loc[rows, list(columns)]
    known = known[(known != MISSING).all(axis=1) & (known != "0").all(axis=1)]
    if known.empty:
        return frame
    stuck = frame.copy()
    stuck.loc[rows, list(columns)] = known.iloc[rng.integers(len(known))].to_numpy()
    return stuck


def _change(
    frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng, *, column: str, change: Callable[[pd.Series], pd.Series]
) -> pd.DataFrame:
    values = pd.to_numeric(frame[column], errors="coerce")
    return frame.assign(**{column: frame[column].mask(values.notna(), change(values).map("{:g}".format))})


def _sum_rain(frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng) -> pd.DataFrame:
    rain = pd.to_numeric(frame["precip"], errors="coerce")
    if rain.sum() < 0.5:
        return frame
    return frame.assign(precip=rain.groupby(frame["origin"]).cumsum().round(2).map("{:g}".format))


def _drop_destination(frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng) -> pd.DataFrame:
    return frame[frame["dest"] != frame["dest"].mode().iloc[0]].reset_index(drop=True)


def _delay_departures(frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng) -> pd.DataFrame:
    later = {
        name: ((frame[name].astype(int) + 100) % 2400).astype(str)
        for name in ("sched_dep_time", "sched_arr_time")
    }
    return frame.assign(**later)


def _swap_carriers(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    large = frame["carrier"].value_counts().index[:6]
    one, other = rng.choice(large, size=2, replace=False)
    return frame.assign(carrier=frame["carrier"].replace({one: other, other: one}))


def _repeat_flights(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    some = frame[frame["sched_dep_time"].astype(int) % 100 < 59]
    again = some.iloc[rng.choice(len(some), size=20, replace=False)]
    later = (again["sched_dep_time"].astype(int) + 1).astype(str)
    return pd.concat([frame, again.assign(sched_dep_time=later)], ignore_index=True)


def _cut_off(frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng, *, share: float) -> pd.DataFrame:
    """The file ends too early: rows come in the order in which they became known."""
    return frame.head(len(frame) - max(1, round(share * len(frame))))
