"""An evening that lacks flights is seen the same night, and so is a schedule in which a part of the flights moved."""

from __future__ import annotations

import pandas as pd
import pytest

from flights.arrivals.history import relate_outcomes_to_schedule, relate_schedules

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


@pytest.mark.parametrize(("flights", "missing"), [(1, "none"), (2, "HA")])
def test_one_flight_of_a_carrier_may_be_late_and_two_are_lost(flights: int, missing: str) -> None:
    schedule = make_schedule()
    schedule.loc[: flights - 1, "carrier"] = "HA"
    came = schedule[schedule["carrier"] != "HA"].assign(arr_delay=5.0, night=NIGHT, schedule_at_fault=0)
    profiles = pd.DataFrame({"night": [NIGHT], "rows_of_the_day": [len(came)]})
    (found,) = relate_outcomes_to_schedule(profiles, came, schedule, PLACES)["scheduled_carriers_missing"]
    assert found == missing


def test_what_comes_a_night_late_is_unknown_at_its_own_night_though_both_are_judged_at_once() -> None:
    schedule, after = make_schedule(), NIGHT + pd.Timedelta(days=1)
    is_late = schedule["sched_dep_time"].between(900, 1059)
    came = schedule.assign(arr_delay=5.0, schedule_at_fault=0, night=NIGHT).assign(
        night=lambda rows: rows["night"].mask(is_late, after)
    )
    profiles = pd.DataFrame({"night": [NIGHT, after], "rows_of_the_day": [len(came), 0]})
    found = relate_outcomes_to_schedule(profiles, came, schedule, PLACES).set_index("night")
    assert found.loc[NIGHT, "morning_share_missing"] == pytest.approx(12 / 42)


def relate(moved: pd.DataFrame) -> pd.Series:
    """The profile of a schedule that comes after nine nights of the same one."""
    days = [NIGHT - pd.Timedelta(days=by) for by in range(9, 0, -1)]
    before = [make_schedule().assign(night=day, flight_date=day + pd.Timedelta(days=1)) for day in days]
    now = moved.assign(night=NIGHT, flight_date=NIGHT + pd.Timedelta(days=1))
    profiles = pd.DataFrame({"night": [NIGHT]})
    return relate_schedules(profiles, now, pd.concat(before), PLACES).iloc[0]


def test_the_night_after_a_wrong_schedule_that_somebody_accepted_is_as_before_it() -> None:
    same = make_schedule()
    wrong = same.assign(sched_arr_time=same["sched_arr_time"] + 200)
    days = [NIGHT - pd.Timedelta(days=by) for by in range(10, 0, -1)]
    before = [
        (wrong if day == days[-1] else same).assign(night=day, flight_date=day + pd.Timedelta(days=1))
        for day in days
    ]
    now = same.assign(night=NIGHT, flight_date=NIGHT + pd.Timedelta(days=1))
    profiles = pd.DataFrame({"night": [days[-1], NIGHT]})
    found = relate_schedules(profiles, pd.concat([before[-1], now]), pd.concat(before[:-1]), PLACES)
    assert found["moved_block_share"].tolist() == [1.0, 0.0]


def test_a_part_that_moved_by_hours_or_by_one_of_its_times_shows() -> None:
    same = make_schedule()
    some = same["sched_dep_time"].between(900, 1059)
    late = same.assign(sched_dep_time=same["sched_dep_time"] + 100 * some)
    both = late.assign(sched_arr_time=same["sched_arr_time"] + 100 * some)
    scattered = same.assign(sched_dep_time=same["sched_dep_time"] + some * (same.index % 9))
    share = some.mean()
    assert relate(same)[["moved_alike_share", "moved_by_hours_share", "moved_block_share"]].eq(0).all()
    assert relate(both)["moved_by_hours_share"] == relate(both)["moved_alike_share"] == pytest.approx(share)
    assert relate(both)["moved_block_share"] == 0
    assert relate(late)["moved_block_share"] == pytest.approx(share)
    assert relate(scattered)["moved_by_hours_share"] == relate(scattered)["moved_block_share"] == 0
    earlier = same.assign(sched_dep_time=same["sched_dep_time"] - 5 * (some & (same.index % 2 == 0)))
    there_and_back = earlier.assign(
        sched_dep_time=earlier["sched_dep_time"] + 5 * (some & (same.index % 2 == 1))
    )
    assert relate(there_and_back)["moved_alike_share"] == pytest.approx(share / 2)
