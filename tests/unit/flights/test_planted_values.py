"""A planted fault of values changes what its name says, and all that follows from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flights.planted_values import list_outcome_faults, list_schedule_faults, list_weather_faults

HOURS = pd.date_range("2013-05-02T07:00Z", periods=24, freq="h")
WEATHER = pd.DataFrame(
    [
        {
            "origin": station,
            "time_hour": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "known_at": (at + pd.Timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **{name: str(getattr(at.tz_convert("America/New_York"), name)) for name in ("year", "hour")},
            "month": "5",
            "day": "2",
            "temp": str(50 + place),
            "pressure": str(1000 + hour),
            "visib": "10",
            "precip": "0.1",
            "wind_speed": "11.5078",
            "wind_gust": "NA",
        }
        for place, station in enumerate(("EWR", "JFK", "LGA"))
        for hour, at in enumerate(HOURS)
    ]
)
FLIGHTS = pd.DataFrame(
    {
        "carrier": ["B6", "B6", "UA", "UA"],
        "flight": ["1", "2", "3", "4"],
        "origin": ["JFK", "EWR", "JFK", "EWR"],
        "dest": ["BOS", "BOS", "ORD", "ORD"],
        "sched_dep_time": ["600", "2330", "900", "1200"],
        "sched_arr_time": ["700", "30", "1100", "1400"],
        "time_hour": [
            "2013-05-02T10:00:00Z",
            "2013-05-03T03:00:00Z",
            "2013-05-02T13:00:00Z",
            "2013-05-02T16:00:00Z",
        ],
        "minute": ["0", "30", "0", "0"],
        "dep_delay": ["-5", "10", "100", "NA"],
        "dep_time": ["555", "2340", "1040", "NA"],
        "arr_delay": ["-10", "20", "90", "NA"],
        "arr_time": ["650", "50", "1230", "NA"],
        "air_time": ["40", "45", "110", "NA"],
        "tailnum": ["N1", "N2", "N3", "NA"],
        "known_at": [
            "2013-05-02T11:20:00Z",
            "2013-05-03T05:20:00Z",
            "2013-05-02T18:00:00Z",
            "2013-05-02T17:00:00Z",
        ],
    }
)
FAULTS = {**list_weather_faults(), **list_schedule_faults(), **list_outcome_faults()}


def spoil(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return FAULTS[name](frame.copy(), frame, np.random.default_rng(1))


def test_delays_that_are_cut_off_take_clocks_and_times_with_them() -> None:
    cut = spoil("delays cut off at 60 minutes", FLIGHTS)
    assert cut["arr_delay"].tolist() == ["-10", "20", "60", "NA"]
    assert cut["arr_time"].tolist() == ["650", "50", "1200", "NA"]
    assert cut["dep_time"].tolist() == ["555", "2340", "1000", "NA"]
    assert cut.loc[2, "known_at"] == "2013-05-02T17:30:00Z"
    assert cut.loc[2, "air_time"] == "120"  # 40 minutes less on the way out, 30 less at the gate
    assert cut.drop(index=2).equals(FLIGHTS.drop(index=2))


def test_what_would_be_known_after_the_night_is_not_delivered() -> None:
    assert spoil("delays 15 minutes longer", FLIGHTS)["flight"].tolist() == ["1", "3", "4"]


def test_hours_under_another_label_leave_one_out() -> None:
    late = spoil("hours under the label of the next one", WEATHER)
    assert len(late) == len(WEATHER) - 3
    assert late["pressure"].iloc[0] == "1000"
    assert (late["time_hour"].iloc[0], late["hour"].iloc[0]) == ("2013-05-02T08:00:00Z", "4")


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("winds twice as strong", "wind_speed", "23.0156"),
        ("visibility in miles taken for kilometres", "visib", "6"),
        ("precipitation in millimetres, 0.3 inches or more", "precip", "2.54"),
    ],
)
def test_another_unit_is_that_of_every_reading(name: str, column: str, value: str) -> None:
    spoiled = spoil(name, WEATHER)
    assert set(spoiled[column]) == {value}
    assert spoiled["wind_gust"].eq("NA").all()


def test_times_move_over_midnight() -> None:
    moved = spoil("a schedule whose arrivals are an hour late", FLIGHTS)
    assert moved["sched_arr_time"].tolist() == ["800", "130", "1200", "1500"]
    assert moved["sched_dep_time"].equals(FLIGHTS["sched_dep_time"])
