"""A planted fault does to a night what its name says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flights.planted_faults import READINGS, planted_faults

STATIONS = ("EWR", "JFK", "LGA")


def make_night(day: str, first: int) -> pd.DataFrame:
    """Three stations by 24 hours whose readings are all different numbers, counted from `first`."""
    times = pd.date_range(f"{day}T07:00Z", periods=24, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = [(station, time) for station in STATIONS for time in times]
    frame = pd.DataFrame(rows, columns=["origin", "time_hour"]).assign(night=day)
    values = np.arange(first, first + len(rows) * len(READINGS)).reshape(len(rows), -1).astype(str)
    return frame.assign(**{column: values[:, at] for at, column in enumerate(READINGS)})


BEFORE, NOW = make_night("2013-05-01", 0), make_night("2013-05-02", 10_000)


def spoil(name: str, seed: int = 3) -> pd.DataFrame:
    return planted_faults()[name].spoil(NOW.copy(), BEFORE, np.random.default_rng(seed))


def count_changed(frame: pd.DataFrame) -> int:
    return int((frame[list(READINGS)].to_numpy() != NOW[list(READINGS)].to_numpy()).sum())


def test_yesterday_comes_again_but_for_one_value() -> None:
    again = spoil("yesterday's readings with new dates, one value changed")
    differs = again[list(READINGS)].to_numpy() != BEFORE[list(READINGS)].to_numpy()
    assert differs.sum() <= 1
    assert list(again["time_hour"]) == list(NOW["time_hour"])


def test_late_readings_are_those_of_an_hour_before() -> None:
    late = spoil("readings 1 hour late")
    assert late.loc[0, "temp"] == BEFORE.loc[23, "temp"]
    assert late.loc[1:23, "temp"].tolist() == NOW.loc[0:22, "temp"].tolist()


def test_one_station_alone_is_late() -> None:
    late = spoil("readings of one station 2 to 12 hours late")
    changed = late.loc[(late["temp"] != NOW["temp"]), "origin"].unique()
    assert len(changed) == 1


def test_two_stations_are_swapped_whole() -> None:
    swapped = spoil("two stations swapped")
    assert (swapped["origin"] != NOW["origin"]).sum() == 48
    assert count_changed(swapped) == 0


def test_turned_hours_are_all_still_there() -> None:
    turned = spoil("hours turned in a ring by 1 to 12")
    assert sorted(turned["temp"]) == sorted(NOW["temp"])
    assert (turned["temp"] != NOW["temp"]).all()


def test_a_dry_night_stays_as_it_is() -> None:
    dry = NOW.assign(precip="0")
    fault = planted_faults()["precipitation 0 in a night with 0.1 inches or more"]
    assert fault.spoil(dry, BEFORE, np.random.default_rng(1)).equals(dry)
    assert set(spoil("precipitation 0 in a night with 0.1 inches or more")["precip"]) == {"0"}
