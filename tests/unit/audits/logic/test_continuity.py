"""A night of readings goes on where the night before ended; late, turned and swapped ones do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_readings import (
    QUANTITIES,
    last_night,
    make_readings,
    move,
    swap,
    turn,
)

from redeye.audits.logic.continuity import (
    MEASURES,
    find_gaps,
    measure_continuity,
    measure_vector_steps,
)

NOW, BEFORE = last_night(make_readings(15))


def measure(now: pd.DataFrame, before: pd.DataFrame | None = BEFORE) -> dict[str, float]:
    found = measure_continuity(
        now, before, group="gauge", time="read_at", quantities=QUANTITIES, nights_back=28
    )
    return {name: float(found[name].iloc[0]) for name in MEASURES}


CLEAN = measure(NOW)


def test_a_clean_night_goes_on() -> None:
    assert CLEAN["step_from_last_night"] < 3
    assert CLEAN["turned_gain"] == 0
    assert CLEAN["swapped_gain"] == 0


@pytest.mark.parametrize("hours", range(1, 13))
def test_readings_that_are_late_begin_with_those_of_the_night_before(hours: int) -> None:
    late = measure(move(NOW, BEFORE, hours))
    assert late["stale_quantities"] > 3 * max(CLEAN["stale_quantities"], 8)
    assert late["stale_series"] > 3 * max(CLEAN["stale_series"], 8)


def test_one_quantity_and_one_gauge_that_are_late_are_seen() -> None:
    late = move(NOW, BEFORE, 6)
    flow = NOW.assign(flow=late["flow"])
    assert measure(flow)["stale_quantities"] > CLEAN["stale_quantities"] + 20
    gauge = NOW.assign(**{name: NOW[name].mask(NOW["gauge"] == "ash", late[name]) for name in QUANTITIES})
    assert measure(gauge)["stale_series"] > CLEAN["stale_series"] + 20


@pytest.mark.parametrize("hours", [*range(2, 13), *range(-12, -1)])
def test_readings_turned_in_a_ring_would_go_on_better_turned_back(hours: int) -> None:
    assert measure(turn(NOW, hours))["turned_gain"] > 0.2


def test_one_gauge_turned_in_a_ring_is_seen() -> None:
    turned = turn(NOW, 7)
    mixed = NOW.assign(**{name: NOW[name].mask(NOW["gauge"] == "birch", turned[name]) for name in QUANTITIES})
    assert measure(mixed)["turned_gain_of_one"] > CLEAN["turned_gain_of_one"] + 1


@pytest.mark.parametrize(("one", "other"), [("ash", "birch"), ("birch", "cedar"), ("ash", "cedar")])
def test_two_swapped_gauges_belong_to_each_other(one: str, other: str) -> None:
    assert measure(swap(NOW, one, other))["swapped_gain"] > 5


def test_a_night_far_from_the_last_one_makes_a_step() -> None:
    later = NOW.assign(degrees=NOW["degrees"] + 40, flow=NOW["flow"] + 40)
    assert measure(later)["step_from_last_night"] > CLEAN["step_from_last_night"] + 2


def test_without_enough_nights_nothing_is_measured() -> None:
    assert set(measure(swap(NOW, "ash", "cedar"), None).values()) == {0.0}


def test_after_a_gap_only_the_groups_are_compared() -> None:
    gap = BEFORE[BEFORE["night"] < BEFORE["night"].max()]
    found = measure(swap(NOW, "ash", "cedar"), gap)
    assert found["step_from_last_night"] == found["turned_gain"] == found["stale_series"] == 0
    assert found["swapped_gain"] > 5


def test_missing_readings_and_a_constant_are_no_reason_to_fail() -> None:
    holes = NOW.assign(degrees=np.nan, flow=1.0)
    assert all(np.isfinite(value) for value in measure(holes).values())


def test_a_bulk_measures_each_night_by_those_before_it() -> None:
    whole = measure_continuity(
        pd.concat([BEFORE, NOW]), None, group="gauge", time="read_at", quantities=QUANTITIES, nights_back=28
    )
    assert len(whole) == 15
    assert whole.iloc[-1][list(MEASURES)].to_dict() == CLEAN


def test_a_reading_that_does_not_come_is_named_for_each_gauge() -> None:
    day = NOW["night"].iloc[0]
    bounds = {"starts": pd.Series(day, index=NOW.index), "ends": pd.Series(day, index=NOW.index)}
    hours = NOW["read_at"].sort_values().unique()
    bounds["starts"][:], bounds["ends"][:] = hours[0], hours[-1] + pd.Timedelta(hours=1)

    def gaps(rows: pd.DataFrame) -> list[tuple[str, pd.Timestamp]]:
        every = pd.Timedelta(hours=1)
        here = {name: values[rows.index] for name, values in bounds.items()}
        found = find_gaps(rows, group="gauge", time="read_at", every=every, **here)
        return list(found[["gauge", "read_at"]].itertuples(index=False, name=None))

    assert gaps(NOW) == []
    assert gaps(NOW.drop(index=5)) == [("ash", NOW.loc[5, "read_at"])]
    assert len(gaps(NOW[NOW["read_at"] != hours[-1]])) == 3


def test_winds_that_blow_the_other_way_are_turned_by_one() -> None:
    wind = make_readings(15).assign(speed=12.0, angle=lambda rows: 90.0 + rows["flow"])
    now, before = last_night(wind)

    def step(rows: pd.DataFrame, past: pd.DataFrame | None = before) -> float:
        columns = ["speed", "angle"]
        found = measure_vector_steps(
            rows, past, group="gauge", time="read_at", columns=columns, nights_back=28
        )
        return float(found.iloc[0])

    assert step(now) < 0.1
    assert step(now.assign(angle=now["angle"] + 180)) > 0.95
    light = before.assign(speed=before["speed"].mask(before["night"] == before["night"].max(), 3.0))
    assert (
        step(now.assign(speed=3.0, angle=now["angle"] + 180), light) == 0
    )  # they have no direction to speak of
    assert step(now.assign(angle=now["angle"] + 180), None) == 0
