"""Zeros, missing values, neighbours and rows are judged by the installation's own nights."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from made_readings import last_night, make_readings

from redeye.audits.logic.usual_shares import (
    compare_neighbours,
    compare_rows,
    count_missing_values,
    count_silent_times,
    find_missing_rows,
    share_nulls_apart,
    share_nulls_beyond_usual,
    share_zeros_apart,
    share_zeros_beyond_usual,
)

NOW, BEFORE = last_night(make_readings(15))
RAIN = make_readings(15).assign(rain=lambda rows: (rows["read_at"].dt.hour < 6).astype("float64"))
RAIN_NOW, RAIN_BEFORE = last_night(RAIN)


def test_zeros_count_beyond_the_most_of_the_nights_before() -> None:
    dry = RAIN_NOW.assign(rain=0.0)
    usual = (RAIN_NOW["rain"] == 0).mean()
    assert share_zeros_beyond_usual(RAIN_NOW, RAIN_BEFORE, column="rain", nights_back=28).iloc[0] == 0
    found = share_zeros_beyond_usual(dry, RAIN_BEFORE, column="rain", nights_back=28).iloc[0]
    assert found == pytest.approx(1 - usual)


def test_one_group_of_zeros_stands_apart_and_so_does_the_one_that_is_right_alone() -> None:
    one = RAIN_NOW.assign(rain=RAIN_NOW["rain"].mask(RAIN_NOW["gauge"] == "ash", 0.0))
    all_but_one = RAIN_NOW.assign(rain=RAIN_NOW["rain"].mask(RAIN_NOW["gauge"] != "ash", 0.0))
    for rows, apart in ((RAIN_NOW, 0), (one, 6 / 24), (all_but_one, 6 / 24)):
        assert share_zeros_apart(rows, group="gauge", column="rain").iloc[0] == pytest.approx(apart)


def test_a_group_that_is_silent_all_night_is_counted_against_the_others() -> None:
    silent = RAIN_NOW.assign(rain=RAIN_NOW["rain"].mask(RAIN_NOW["gauge"] == "ash", 0.0))
    of = {"group": "gauge", "time": "read_at", "column": "rain"}
    assert count_silent_times(silent, **of).iloc[0] == 6
    assert count_silent_times(RAIN_NOW, **of).iloc[0] == 0
    assert count_silent_times(RAIN_NOW.assign(rain=0.0), **of).iloc[0] == 0
    assert count_silent_times(silent[silent["gauge"] != "cedar"], **of).iloc[0] == 0


def test_of_two_groups_none_is_apart() -> None:
    two = RAIN_NOW[RAIN_NOW["gauge"] != "cedar"]
    two = two.assign(rain=two["rain"].mask(two["gauge"] == "ash", 0.0))
    assert share_zeros_apart(two, group="gauge", column="rain").iloc[0] == 0


def test_missing_values_count_beyond_the_most_of_the_nights_before() -> None:
    holes = NOW.assign(flow=NOW["flow"].mask(NOW.index < 18))
    assert share_nulls_beyond_usual(holes, BEFORE, column="flow", nights_back=28).iloc[0] == 0.25
    assert share_nulls_beyond_usual(holes, None, column="flow", nights_back=28).iloc[0] == 0


def test_the_group_that_differs_most_is_compared_with_the_usual_distance() -> None:
    of = {"group": "gauge", "time": "read_at", "column": "flow", "nights_back": 28}
    far = NOW.assign(flow=NOW["flow"].where(NOW["gauge"] != "ash", NOW["flow"] - 20))
    assert compare_neighbours(NOW, BEFORE, **of).iloc[0] == pytest.approx(1, abs=0.2)
    assert compare_neighbours(far, BEFORE, **of).iloc[0] > 5
    assert compare_neighbours(far, None, **of).iloc[0] == 1
    assert compare_neighbours(NOW.assign(flow=np.nan), BEFORE, **of).iloc[0] == 1


def make_counts(first: str, counts: list[int]) -> pd.DataFrame:
    nights = pd.date_range(first, periods=len(counts), freq="D").astype("datetime64[us]")
    return pd.DataFrame({"night": np.repeat(nights, counts)})


def compare(counts: list[int], holidays: tuple[date, ...] = (), days_ahead: int = 0) -> tuple[float, float]:
    """Of the last night, from Monday 2013-06-03 on."""
    now, before = last_night(make_counts("2013-06-03", counts))
    found = compare_rows(now, before, holidays=holidays, days_ahead=days_ahead, nights_back=28)
    return float(found["on_usual_days"].iloc[0]), float(found["around_holidays"].iloc[0])


WEEK = [100, 100, 100, 100, 100, 60, 80]


def test_a_weekday_is_compared_with_its_own() -> None:
    assert compare([*WEEK * 3, *WEEK[:5], 60]) == (1, 1)
    assert compare([*WEEK * 3, *WEEK[:5], 120]) == (2, 1)


def test_growth_moves_with_its_own_history_and_a_sudden_doubling_does_not() -> None:
    weeks = 20
    grown = [round(n * 1.45 ** (week / weeks)) for week in range(weeks) for n in WEEK]
    assert all(0.9 < compare(grown[:nights])[0] < 1.2 for nights in range(30, len(grown)))
    assert compare([*grown[:-1], 2 * grown[-1]])[0] > 1.9


def test_a_holiday_and_the_days_around_it_are_judged_apart() -> None:
    counts = [*WEEK * 3, 60]
    assert compare(counts, (date(2013, 6, 24),)) == (1, 0.6)
    assert compare(counts, (date(2013, 6, 26),)) == (1, 0.6)
    assert compare(counts, (date(2013, 6, 27),)) == (0.6, 1)
    assert compare(counts, (date(2013, 6, 27),), days_ahead=1) == (1, 0.6)


def test_a_holiday_is_no_measure_of_its_weekday() -> None:
    counts = [100, *WEEK[1:], *WEEK, 50, *WEEK[1:], 100]
    assert compare(counts, (date(2013, 6, 17),)) == (1, 1)


def test_the_first_nights_are_compared_with_nothing() -> None:
    assert compare([100, 100, 10]) == (1, 1)


def test_a_value_that_came_every_night_and_is_gone_is_missing() -> None:
    def missing(now: pd.DataFrame, before: pd.DataFrame | None = BEFORE) -> float:
        return float(count_missing_values(now, before, column="gauge", nights_back=28).iloc[0])

    gone = NOW[NOW["gauge"] != "ash"]
    seldom = BEFORE[(BEFORE["gauge"] != "ash") | (BEFORE["night"] != BEFORE["night"].min())]
    assert [missing(NOW), missing(gone), missing(gone, seldom), missing(gone, None)] == [0, 1, 0, 0]


def test_what_is_missing_counts_by_the_rows_that_it_usually_has() -> None:
    def missing(now: pd.DataFrame, *columns: str, before: pd.DataFrame | None = BEFORE) -> float:
        return float(find_missing_rows(now, before, columns=columns, nights_back=28).iloc[0])

    now, before = (
        rows.assign(part=rows["read_at"].dt.hour.lt(9).map({True: "am", False: "pm"}))
        for rows in (NOW, BEFORE)
    )
    part = now[(now["gauge"] != "ash") | (now["part"] == "pm")]
    usual = len(now[now["gauge"] == "ash"])
    assert [missing(NOW, "gauge"), missing(NOW[NOW["gauge"] != "ash"], "gauge")] == [0, usual]
    assert missing(part, "gauge", before=before) == 0
    assert missing(part, "gauge", "part", before=before) == usual - len(part[part["gauge"] == "ash"])
    assert missing(NOW[NOW["gauge"] != "ash"], "gauge", before=None) == 0


def test_missing_values_of_one_group_lie_apart_and_those_of_all_do_not() -> None:
    def apart(now: pd.DataFrame) -> float:
        return float(share_nulls_apart(now, columns=["flow", "gauge"]).iloc[0])

    is_ash, is_half = NOW["gauge"] == "ash", pd.Series(NOW.index % 2 == 0, index=NOW.index)
    of_all = NOW.assign(flow=NOW["flow"].mask(is_half))
    assert apart(NOW) == 0
    assert apart(NOW.assign(flow=NOW["flow"].mask(is_ash))) == 1
    assert apart(of_all) == pytest.approx(0, abs=0.05)
    assert apart(of_all.assign(flow=of_all["flow"].mask(is_ash))) == pytest.approx(0.5, abs=0.05)
    assert apart(NOW[is_ash]) == 0
