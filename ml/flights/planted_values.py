"""Faults that are planted into the values of single nights: other units, other zones, copies, cut and moved numbers.

All that follows from a changed value follows: clocks agree with delays, and with what was known when.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from flights.arrivals.clocks import minutes_of_day
from flights.arrivals.weather import MPH_PER_KNOT
from flights.declared_constants import AIRPORT_ZONE
from redeye.sources.logic.deliveries import MISSING

Rng = np.random.Generator
Spoil = Callable[[pd.DataFrame, pd.DataFrame, Rng], pd.DataFrame]
Change = Callable[[pd.Series], pd.Series]
AIR, WIND = ("temp", "dewp", "humid"), ("wind_dir", "wind_speed", "wind_gust")
SEEN_MILES = (0, 0.06, 0.12, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10)
TIMES = ("sched_dep_time", "sched_arr_time")


def list_weather_faults() -> dict[str, Spoil]:
    """Faults of readings, by name."""
    return {
        "winds twice as strong": partial(_change, columns=WIND[1:], change=lambda mph: mph * 2),
        "winds rounded to 5 knots": partial(
            _change,
            columns=WIND[1:2],
            change=lambda mph: (mph / MPH_PER_KNOT / 5).round() * 5 * MPH_PER_KNOT,
        ),
        "visibility in miles taken for kilometres": partial(
            _change, columns=("visib",), change=lambda miles: (miles / 1.609).map(_find_nearest)
        ),
        "visibility 1 mile for 5 hours": partial(
            _change, columns=("visib",), change=lambda miles: miles * 0 + 1, hours=5
        ),
        "precipitation in millimetres, 0.3 inches or more": partial(
            _change, columns=("precip",), change=lambda inches: (inches * 25.4).round(2), least=0.3
        ),
        "pressures 6 millibars higher": partial(_change, columns=("pressure",), change=lambda mb: mb + 6),
        "temperatures and dew points 5 degrees higher": partial(
            _change, columns=AIR[:2], change=lambda degrees: degrees + 5
        ),
        "yesterday's visibilities": partial(_read_back, columns=("visib",), days=1),
        "yesterday's precipitation": partial(_read_back, columns=("precip",), days=1),
        "last week's pressures": partial(_read_back, columns=("pressure",), days=7),
        "last week's winds": partial(_read_back, columns=WIND, days=7),
        "a station that is another but for its winds": partial(
            _copy_station, columns=(*AIR, "pressure", "visib")
        ),
        "a station that is another but for its temperatures": partial(
            _copy_station, columns=(*AIR[1:], *WIND)
        ),
        "pressure of one station missing": _lose_pressure,
        "hours under the label of the next one": partial(_label, by=1),
        "hours under the label of the one before": partial(_label, by=-1),
    }


def list_schedule_faults() -> dict[str, Spoil]:
    """Faults of schedules, by name."""
    return {
        "a schedule with one larger carrier an hour late": partial(_move, by=60, columns=TIMES, carriers=6),
        "a schedule with one larger carrier 12 hours off": partial(_move, by=720, columns=TIMES, carriers=6),
        "a schedule whose times are off by up to 10 minutes": partial(_move, by=10, columns=TIMES),
        "a schedule whose arrivals are an hour late": partial(_move, by=60, columns=TIMES[1:]),
        "a schedule with the arrivals of one larger carrier an hour late": partial(
            _move, by=60, columns=TIMES[1:], carriers=6
        ),
        "a schedule with 3 percent again under a partner's number": _share_codes,
        "a schedule without one carrier at one airport, of 5 to 40 flights": _drop_part,
    }


def list_outcome_faults() -> dict[str, Spoil]:
    """Faults of outcomes, by name."""
    return {
        "delays 15 minutes longer": partial(_delay, change=lambda minutes: minutes + 15),
        "delays half as long again": partial(_delay, change=lambda minutes: (minutes * 1.5).round()),
        "delays of one larger carrier 20 minutes longer": partial(
            _delay, change=lambda minutes: minutes + 20, of="carrier"
        ),
        "delays of one airport 20 minutes shorter": partial(
            _delay, change=lambda minutes: minutes - 20, of="origin"
        ),
        "delays cut off at 60 minutes": partial(_delay, change=lambda minutes: minutes.clip(upper=60)),
        "delays in even minutes": partial(_delay, change=lambda minutes: (minutes / 2).round() * 2),
        "one airport's flights reported as cancelled": _cancel_origin,
    }


def _change(
    frame: pd.DataFrame,
    _: pd.DataFrame,
    rng: Rng,
    *,
    columns: tuple[str, ...],
    change: Change,
    hours: int = 0,
    least: float = 0.0,
) -> pd.DataFrame:
    if pd.to_numeric(frame["precip"], errors="coerce").sum() < least:
        return frame
    rows = pd.Series(True, index=frame.index)
    if hours:
        times = frame["time_hour"].drop_duplicates().sort_values()
        start = int(rng.integers(len(times) - hours))
        rows = frame["time_hour"].isin(times.iloc[start : start + hours])
    for column in columns:
        values = pd.to_numeric(frame[column], errors="coerce")
        texts = change(values).map("{:.7g}".format)
        frame = frame.assign(**{column: frame[column].mask(rows & values.notna(), texts)})
    return frame


def _find_nearest(miles: float) -> float:
    return miles if np.isnan(miles) else min(SEEN_MILES, key=lambda step: abs(step - miles))


def _read_back(
    frame: pd.DataFrame, before: pd.DataFrame, _: Rng, *, columns: tuple[str, ...], days: int
) -> pd.DataFrame:
    """The readings of the same station and hour so many days before."""
    past = before.drop_duplicates(["origin", "time_hour"])
    past = past.set_index([past["origin"], pd.to_datetime(past["time_hour"])])[list(columns)]
    wanted = pd.to_datetime(frame["time_hour"]) - pd.Timedelta(days=days)
    found = past.reindex(pd.MultiIndex.from_arrays([frame["origin"], wanted])).to_numpy()
    is_known = ~pd.isna(found).any(axis=1)
    old = frame.copy()
    old.loc[is_known, list(columns)] = found[is_known]
    return old


def _copy_station(
    frame: pd.DataFrame, _: pd.DataFrame, rng: Rng, *, columns: tuple[str, ...]
) -> pd.DataFrame:
    one, other = rng.choice(frame["origin"].unique(), size=2, replace=False)
    source = frame[frame["origin"] == one].drop_duplicates("time_hour").set_index("time_hour")
    rows = (frame["origin"] == other) & frame["time_hour"].isin(source.index)
    copied = frame.copy()
    copied.loc[rows, list(columns)] = source.loc[frame.loc[rows, "time_hour"], list(columns)].to_numpy()
    return copied


def _lose_pressure(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    station = rng.choice(frame["origin"].unique())
    return frame.assign(pressure=frame["pressure"].mask(frame["origin"] == station, MISSING))


def _label(frame: pd.DataFrame, _: pd.DataFrame, _rng: Rng, *, by: int) -> pd.DataFrame:
    """Readings under another hour; what leaves the night is gone."""
    start = pd.to_datetime(frame["time_hour"])
    moved = start + pd.Timedelta(hours=by)
    local = moved.dt.tz_convert(AIRPORT_ZONE)
    stated = {name: getattr(local.dt, name).astype(str) for name in ("year", "month", "day", "hour")}
    moved_on = {"time_hour": _write(moved), "known_at": _write(moved + pd.Timedelta(hours=1))}
    is_within = moved.between(start.min(), start.max())
    return frame.assign(**stated, **moved_on)[is_within].reset_index(drop=True)


def _move(
    frame: pd.DataFrame,
    _: pd.DataFrame,
    rng: Rng,
    *,
    by: int,
    columns: tuple[str, ...],
    carriers: int = 0,
) -> pd.DataFrame:
    """Times that are so many minutes late, or off by up to as many if they are fewer than an hour."""
    rows = pd.Series(True, index=frame.index)
    if carriers:
        rows = frame["carrier"] == rng.choice(frame["carrier"].value_counts().index[:carriers])
    minutes = rng.integers(-by, by + 1, len(frame)) if by < 60 else by
    for column in columns:
        moved = (minutes_of_day(frame[column].astype(int)) + minutes).astype(int) % 1440
        texts = (moved // 60 * 100 + moved % 60).astype(str)
        frame = frame.assign(**{column: frame[column].mask(rows, texts)})
    return frame


def _share_codes(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    again = frame.iloc[rng.choice(len(frame), size=round(0.03 * len(frame)), replace=False)]
    partner = again["carrier"].map(lambda carrier: "UA" if carrier == "DL" else "DL")
    numbers = (again["flight"].astype(int) % 3000 + 6000).astype(str)
    return pd.concat([frame, again.assign(carrier=partner, flight=numbers)], ignore_index=True)


def _drop_part(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    sizes = frame.groupby(["carrier", "origin"]).size()
    small = sizes[sizes.between(5, 40)].index
    carrier, origin = small[int(rng.integers(len(small)))]
    return frame[(frame["carrier"] != carrier) | (frame["origin"] != origin)].reset_index(drop=True)


def _delay(
    frame: pd.DataFrame, _: pd.DataFrame, rng: Rng, *, change: Change, of: str | None = None
) -> pd.DataFrame:
    """Other delays, with all that follows from them; what would be known after the cutoff is not delivered."""
    old = {name: pd.to_numeric(frame[f"{name}_delay"], errors="coerce") for name in ("dep", "arr")}
    rows = old["dep"].notna() & old["arr"].notna()
    if of:
        rows &= frame[of] == rng.choice(frame[of].value_counts().index[:6])
    new = {name: change(minutes).where(rows, minutes) for name, minutes in old.items()}
    longer = (new["arr"] - old["arr"]).fillna(0)
    told = pd.to_datetime(frame["known_at"])
    known = told + pd.to_timedelta(longer, unit="m")
    air = pd.to_numeric(frame["air_time"], errors="coerce") + longer - (new["dep"] - old["dep"]).fillna(0)
    changed = {"known_at": _write(known), "air_time": _write_number(air)}
    for name in ("dep", "arr"):
        at = (minutes_of_day(frame[f"sched_{name}_time"].astype(int)) + new[name]) % 1440
        changed[f"{name}_delay"] = _write_number(new[name])
        changed[f"{name}_time"] = _write_number((at // 60 * 100 + at % 60).replace(0, 2400))
    spoiled = frame.assign(**{name: frame[name].mask(rows, texts) for name, texts in changed.items()})
    return spoiled[~rows | known.between(told.min(), told.max())].reset_index(drop=True)


def _cancel_origin(frame: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    departs = pd.to_datetime(frame["time_hour"]) + pd.to_timedelta(frame["minute"].astype(int), unit="m")
    known = departs + pd.Timedelta(hours=1)
    rows = (frame["origin"] == rng.choice(frame["origin"].unique())) & (
        known <= pd.to_datetime(frame["known_at"]).max()
    )
    lost = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum")
    changed = {name: frame[name].mask(rows, MISSING) for name in lost}
    return frame.assign(**changed, known_at=frame["known_at"].mask(rows, _write(known)))


def _write(times: pd.Series) -> pd.Series:
    return times.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_number(values: pd.Series) -> pd.Series:
    return values.map(lambda value: MISSING if np.isnan(value) else str(int(value)))
