"""Rows that come again under a key: changed, lost, and under another name."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from redeye.audits.logic.recurring_rows import (
    share_changed_rows,
    share_gone_rows,
    share_lost_rows,
    share_renamed_rows,
    share_twin_rows,
)

LINES = [("red", n, f"stop {n % 7}") for n in range(40)] + [("blue", n, f"stop {n % 5}") for n in range(60)]


def make_days(days: int) -> pd.DataFrame:
    """The same timetable on each day: a company, a number, and where it goes."""
    nights = pd.date_range("2013-03-01", periods=days, freq="D").astype("datetime64[us]")
    frames = [
        pd.DataFrame(LINES, columns=["company", "number", "stop"]).assign(night=each) for each in nights
    ]
    return pd.concat(frames, ignore_index=True)


DAYS = make_days(15)
IS_LAST = DAYS["night"] == DAYS["night"].max()
NOW, BEFORE = DAYS[IS_LAST].reset_index(drop=True), DAYS[~IS_LAST]
HOLIDAY = NOW["night"].iloc[0].date()


def lost(now: pd.DataFrame, before: pd.DataFrame | None = BEFORE, holidays: tuple[date, ...] = ()) -> float:
    columns = ["company", "number", "stop"]
    found = share_lost_rows(now, before, columns=columns, holidays=holidays, days_ahead=0, nights_back=28)
    return float(found.iloc[0])


def test_a_file_with_holes_lost_rows_and_a_new_timetable_did_not() -> None:
    holes = NOW[NOW.index % 10 != 3]
    renumbered = NOW.assign(number=NOW["number"].mask(NOW.index % 10 == 3, NOW["number"] + 500))
    assert [lost(NOW), lost(holes), lost(renumbered)] == pytest.approx([0, 0.1, 0])


def test_holidays_and_missing_nights_are_compared_with_nothing() -> None:
    holes = NOW[NOW.index % 10 != 3]
    assert lost(holes, holidays=(HOLIDAY,)) == 0
    assert lost(holes, before=None) == 0
    assert lost(holes, before=BEFORE[BEFORE["night"] < BEFORE["night"].max()]) == 0


def test_a_changed_code_renames_rows_and_new_rows_are_not_renamed() -> None:
    def renamed(now: pd.DataFrame) -> float:
        columns = ["company", "number", "stop"]
        return float(share_renamed_rows(now, BEFORE, columns=columns, nights_back=28).iloc[0])

    swapped = NOW.assign(company=NOW["company"].replace({"red": "green"}))
    new = NOW.assign(number=NOW["number"] + 1000)
    # Of the red lines those whose number and stop a blue one has too came before under both.
    assert [renamed(NOW), renamed(swapped), renamed(new)] == pytest.approx([0, 0.4, 0])


def test_the_newest_before_counts_however_long_ago() -> None:
    old = BEFORE[BEFORE["night"] == BEFORE["night"].min()].assign(night=pd.Timestamp("2010-01-01"))
    older = old.assign(night=pd.Timestamp("2009-01-01"), stop="elsewhere")

    def changed(now: pd.DataFrame, before: pd.DataFrame | None) -> float:
        found = share_changed_rows(now, before, key=["company", "number"], columns=["stop"])
        return float(found.iloc[0])

    both = pd.concat([older, old])
    shuffled = NOW.assign(stop=NOW["stop"].iloc[::-1].to_numpy())
    assert changed(NOW, both) == 0
    assert changed(shuffled, both) > 0.5
    assert changed(NOW.assign(stop=None), both) == 1
    assert changed(NOW[NOW["company"] == "red"], both) == 0  # keys that are gone are others' concern
    assert changed(NOW, None) == 0


def test_keys_that_are_gone_count_and_new_ones_do_not() -> None:
    def gone(now: pd.DataFrame, before: pd.DataFrame | None = BEFORE) -> float:
        return float(share_gone_rows(now, before, key=["company", "number"]).iloc[0])

    more = pd.concat([NOW, NOW.assign(number=NOW["number"] + 1000)])
    assert [gone(NOW), gone(more), gone(NOW[NOW["company"] == "red"]), gone(NOW, None)] == [0, 0, 0.6, 0]


def test_rows_that_are_listed_again_under_another_name_are_twins() -> None:
    again = NOW.head(10).assign(company="partner")
    twins = share_twin_rows(pd.concat([NOW, again]), columns=["number", "stop"])
    alone = share_twin_rows(NOW, columns=["company", "number", "stop"])
    assert alone.iloc[0] == 0
    assert twins.iloc[0] > share_twin_rows(NOW, columns=["number", "stop"]).iloc[0]
