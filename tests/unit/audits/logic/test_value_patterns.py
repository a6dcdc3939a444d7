"""A frozen instrument, a lonely zero, sums, rounding and a copied column show; sound readings do not."""

from __future__ import annotations

import pandas as pd
import pytest
from made_readings import last_night, make_readings

from redeye.audits.logic.value_patterns import (
    count_lonely_zeros,
    count_rising_series,
    find_longest_runs,
    share_commonest_digit,
    share_equal_columns,
    share_equal_series,
)

NOW, BEFORE = last_night(make_readings(15))
ASH = NOW.index[NOW["gauge"] == "ash"]


def run(rows: pd.DataFrame, *columns: str) -> float:
    return float(find_longest_runs(rows, group="gauge", time="read_at", columns=columns).iloc[0])


def test_a_frozen_gauge_has_a_long_run_also_where_readings_are_missing_between() -> None:
    frozen = NOW.copy()
    frozen.loc[ASH[3:11], "flow"] = 4.2
    frozen.loc[ASH[5], "flow"] = None
    assert run(NOW, "flow") < 3
    assert run(frozen, "flow") == 7
    assert run(frozen, "flow", "level") < 3  # the other still moves


def test_zeros_and_the_next_gauge_make_no_run() -> None:
    dry = NOW.assign(flow=0.0)
    ends_alike = NOW.assign(flow=NOW["flow"].where(~NOW.index.isin([ASH[-1], ASH[-1] + 1]), 7.7))
    assert run(dry, "flow") == 1
    assert run(ends_alike, "flow") < 3
    assert run(NOW.assign(flow=None), "flow") == 0


def count_lonely(rows: pd.DataFrame) -> float:
    return float(count_lonely_zeros(rows, group="gauge", time="read_at", column="flow").iloc[0])


def test_a_zero_amid_large_readings_is_lonely_and_one_that_others_have_is_not() -> None:
    windy = NOW.assign(flow=10.0)
    alone, together, at_the_edge = windy.copy(), windy.copy(), windy.copy()
    alone.loc[ASH[7], "flow"] = 0.0
    together.loc[windy["read_at"] == NOW.loc[ASH[7], "read_at"], "flow"] = 0.0
    at_the_edge.loc[ASH[7], "flow"], at_the_edge.loc[ASH[8], "flow"] = 0.0, 3.0
    assert [count_lonely(rows) for rows in (windy, alone, together, at_the_edge)] == [0, 1, 0, 0]


def test_sums_since_the_start_rise_and_amounts_do_not() -> None:
    rain = NOW.assign(rain=(NOW["read_at"].dt.hour % 5 == 0) * 0.1)
    sums = rain.assign(rain=rain.groupby("gauge")["rain"].cumsum())
    count = [
        count_rising_series(rows, group="gauge", time="read_at", column="rain").iloc[0]
        for rows in (rain, sums, rain.assign(rain=0.0))
    ]
    assert count == [0, 3, 0]


def test_rounded_values_end_in_one_digit_of_those_that_were_usual() -> None:
    def share(rows: pd.DataFrame, before: pd.DataFrame | None = BEFORE) -> float:
        return float(share_commonest_digit(rows, before, column="flow", nights_back=28).iloc[0])

    assert share(NOW) < 0.3
    assert share(NOW.assign(flow=NOW["flow"].round())) == 1
    assert share(NOW.assign(flow=NOW["flow"].round()), None) == 0  # nothing to say how many digits there are


def test_a_copied_column_is_equal_and_missing_values_are_not() -> None:
    rows = pd.DataFrame({"night": NOW["night"].iloc[:4], "a": [1.0, 2, 3, None], "b": [1.0, 5, 3, None]})
    assert share_equal_columns(rows, columns=["a", "b"]).iloc[0] == pytest.approx(0.5)


def test_a_copied_gauge_is_equal_in_what_was_copied() -> None:
    def equal(rows: pd.DataFrame, *columns: str) -> float:
        found = share_equal_series(rows, group="gauge", time="read_at", columns=columns)
        return float(found.iloc[0])

    birch = NOW.loc[NOW["gauge"] == "birch", "flow"].to_numpy()
    copied = NOW.copy()
    copied.loc[ASH, "flow"] = birch
    half = NOW.copy()
    half.loc[ASH[:12], "flow"] = birch[:12]
    assert equal(NOW, "flow") < 0.2
    assert [equal(copied, "flow"), equal(half, "flow")] == pytest.approx([1, 0.5], abs=0.05)
    assert equal(copied, "flow", "level") < 0.2
    assert equal(NOW[NOW["gauge"] == "ash"], "flow") == 0
