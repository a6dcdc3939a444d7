"""An evening that lacks flights which were not late is seen the same night; one of late flights is not blamed."""

from __future__ import annotations

import pandas as pd
import pytest

from flights.arrivals.history import relate_outcomes_to_schedule

NIGHT = pd.Timestamp("2013-09-17")
PLACES = pd.DataFrame({"code": ["JFK", "BOS"], "zone": "America/New_York"})
# From 05:00 to midnight, one every ten minutes, of which each takes an hour.
CLOCKS = [hour * 100 + minute for hour in range(5, 24) for minute in range(0, 60, 10)]


def make_schedule() -> pd.DataFrame:
    rows = pd.DataFrame({"sched_dep_time": CLOCKS, "flight": range(len(CLOCKS))})
    return rows.assign(
        night=NIGHT - pd.Timedelta(days=1),
        flight_date=NIGHT,
        carrier="B6",
        origin="JFK",
        dest="BOS",
        sched_arr_time=rows["sched_dep_time"] + 100,
    )


def measure(outcomes: pd.DataFrame) -> float:
    came = outcomes.assign(night=NIGHT, schedule_at_fault=0)
    profiles = pd.DataFrame({"night": [NIGHT], "rows_of_the_day": [len(came)]})
    found = relate_outcomes_to_schedule(profiles, came, make_schedule(), PLACES)
    return float(found["unknown_share_beyond_late"].iloc[0])


def test_lost_flights_count_beyond_those_that_may_be_late() -> None:
    sound = make_schedule().assign(arr_delay=5.0)
    lost = sound[~sound["sched_dep_time"].between(1700, 1859)]
    last = sound[sound["sched_dep_time"] < 2240]
    assert measure(sound) == 0
    assert measure(lost) == pytest.approx(12 / 106)  # of those due by midnight
    assert measure(last) == 0  # due within three hours of the cutoff: they may only be late


def test_on_a_late_evening_as_many_may_be_missing_as_arrive_late() -> None:
    sound = make_schedule().assign(arr_delay=5.0)
    stormy = sound.assign(arr_delay=sound["arr_delay"].mask(sound["sched_dep_time"] >= 1900, 200.0))
    assert measure(stormy[~stormy["sched_dep_time"].between(1700, 1859)]) < 0
