"""A row's instant of knowledge lies in its night: after the start, at the latest at the cutoff."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

from redeye.audits.logic.known_times import add_known_at_columns, find_minutes_to_cutoff, find_night_bounds
from redeye.declarations.calendar import cutoff, find_start


@pytest.mark.parametrize(("night", "hours"), [("2013-03-09", 23), ("2013-04-04", 24), ("2013-11-02", 25)])
def test_a_night_lasts_until_the_next_by_the_wall_clock(night: str, hours: int) -> None:
    start, end = find_night_bounds(pd.to_datetime(pd.Series([night, None])))
    assert (end - start)[0] == pd.Timedelta(hours=hours)
    assert start.isna().tolist() == [False, True]


def test_only_what_became_known_in_the_night_is_within_both_bounds() -> None:
    night = date(2013, 4, 4)
    starts, ends = (instant(night).replace(tzinfo=None) for instant in (find_start, cutoff))
    known: list[datetime | None] = [starts, starts + (ends - starts) / 2, ends, ends + (ends - starts), None]
    frame = pd.DataFrame({"night": pd.Timestamp(night), "known_at": pd.to_datetime(pd.Series(known))})
    found = add_known_at_columns(frame)
    assert (found["minutes_into_night"] > 0).tolist() == [False, True, True, True, False]
    assert (found["minutes_before_cutoff"] >= 0).tolist() == [True, True, True, False, False]
    assert found["minutes_into_night"].isna().tolist() == [False, False, False, False, True]


def test_a_night_is_as_fresh_as_its_newest_row() -> None:
    night = date(2013, 4, 4)
    end = pd.Timestamp(cutoff(night).replace(tzinfo=None))
    read = [end - pd.Timedelta(minutes=minutes) for minutes in (600, 59, 180)]
    frame = pd.DataFrame({"night": pd.Timestamp(night), "read_at": read})
    assert find_minutes_to_cutoff(frame, column="read_at").tolist() == [59.0]
