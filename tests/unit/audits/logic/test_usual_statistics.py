"""What a night's values usually are: tails, largest and commonest values, steps and patterns that faults move."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_readings import last_night, make_readings

from redeye.audits.logic.usual_statistics import (
    compare_largest,
    find_common_step,
    find_tail_shift,
    match_pattern,
    share_commonest_value,
    share_unused_values,
)

NOW, BEFORE = last_night(make_readings(16))
IS_ASH = NOW["gauge"] == "ash"


def make_waits(nights: int) -> pd.DataFrame:
    """Whole minutes that 120 parcels of two depots wait: hardly one waits less than 5."""
    rng = np.random.default_rng(3)
    days = pd.date_range("2013-03-01", periods=nights, freq="D").astype("datetime64[us]")
    parts = [
        pd.DataFrame(
            {
                "night": day,
                "depot": ["east", "west"] * 60,
                "minutes": (5 + rng.exponential(30, 120)).round(),
            }
        )
        for day in days
    ]
    return pd.concat(parts, ignore_index=True)


WAITS, WAITED = last_night(make_waits(16))
IS_EAST = WAITS["depot"] == "east"


def shift(now: pd.DataFrame, *columns: str, before: pd.DataFrame | None = WAITED) -> float:
    return float(find_tail_shift(now, before, columns=columns, nights_back=28).iloc[0])


def test_the_low_tail_moves_with_a_shift_and_not_with_a_storm() -> None:
    late = WAITS.assign(minutes=WAITS["minutes"] + 15)
    stormy = WAITS.assign(minutes=5 + (WAITS["minutes"] - 5) * 3)
    assert abs(shift(WAITS, "minutes")) < 2
    assert shift(late, "minutes") == pytest.approx(15 + shift(WAITS, "minutes"))
    assert shift(stormy, "minutes") < 4
    assert shift(late, "minutes", before=None) == 0


def test_the_group_that_moved_most_counts_up_or_down_and_small_ones_do_not() -> None:
    early = WAITS.assign(minutes=WAITS["minutes"].mask(IS_EAST, WAITS["minutes"] - 15))
    assert shift(early, "minutes", "depot") < -13
    assert shift(early.drop(index=WAITS.index[IS_EAST][:30]), "minutes", "depot") > -3


def test_values_that_are_cut_off_heap_up_and_stay_below_the_usual_largest() -> None:
    cut = WAITS.assign(minutes=WAITS["minutes"].clip(upper=40))
    of_east = WAITS.assign(minutes=WAITS["minutes"].mask(IS_EAST, cut["minutes"]))

    def heap(now: pd.DataFrame, *columns: str) -> float:
        return float(share_commonest_value(now, columns=columns).iloc[0])

    assert heap(WAITS, "minutes") < 0.1 < 0.2 < heap(cut, "minutes")
    assert heap(of_east, "minutes", "depot") > heap(of_east, "minutes") > heap(WAITS, "minutes")

    def largest(now: pd.DataFrame, before: pd.DataFrame | None = WAITED) -> float:
        return float(compare_largest(now, before, column="minutes", nights_back=28).iloc[0])

    assert largest(WAITS) > 0.5 > 0.4 > largest(cut)
    assert largest(cut, None) == largest(cut.head(20)) == 1


def test_rounded_and_doubled_values_leave_usual_ones_out() -> None:
    def unused(now: pd.DataFrame, before: pd.DataFrame | None = WAITED) -> float:
        return float(share_unused_values(now, before, column="minutes", nights_back=28).iloc[0])

    even = WAITS.assign(minutes=WAITS["minutes"] // 2 * 2)
    fives = WAITS.assign(minutes=WAITS["minutes"] // 5 * 5)
    assert unused(WAITS) < 0.3 < unused(even) < unused(fives)
    assert unused(fives, None) == unused(fives.head(20)) == 0


def test_a_common_step_is_that_of_all_and_not_of_one() -> None:
    def step(now: pd.DataFrame, before: pd.DataFrame | None = BEFORE) -> float:
        found = find_common_step(now, before, group="gauge", time="read_at", column="flow", nights_back=28)
        return float(found.iloc[0])

    assert step(NOW) < 2
    assert step(NOW.assign(flow=NOW["flow"] + 9)) > 5
    assert step(NOW.assign(flow=NOW["flow"].mask(IS_ASH, NOW["flow"] + 9))) < 2
    assert step(NOW, None) == 0
    assert step(NOW, BEFORE[BEFORE["night"] < BEFORE["night"].max()]) == 0


def test_a_pattern_is_of_what_is_unusual_at_the_same_time_of_day() -> None:
    hours = NOW["read_at"].dt.hour
    dry = BEFORE.assign(rain=0.0)
    is_yesterday = dry["night"] == dry["night"].max()
    wet = dry.assign(rain=dry["rain"].mask(is_yesterday & (dry["read_at"].dt.hour < 9), 0.1))

    def match(now: pd.DataFrame, before: pd.DataFrame | None = wet) -> float:
        found = match_pattern(now, before, group="gauge", time="read_at", column="rain", nights_back=28)
        return float(found.iloc[0])

    again = NOW.assign(rain=np.where(hours < 9, 0.1, 0.0))
    assert match(again) == 1
    assert match(NOW.assign(rain=np.where((hours >= 9) & (hours < 18), 0.1, 0.0))) == 0
    assert match(NOW.assign(rain=np.where(hours < 18, 0.1, 0.0))) == pytest.approx(0.5)
    assert match(NOW.assign(rain=0.0)) == 0
    assert match(again, None) == 0
