"""A night is compared with the nights before it, whether they were judged with it or lie in history."""

from __future__ import annotations

import pandas as pd

from redeye.audits.logic.earlier_nights import walk_nights


def rows(*nights: str, value: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"night": pd.to_datetime(list(nights)).astype("datetime64[us]"), "value": value})


def test_a_night_sees_history_and_the_judged_nights_before_it_and_none_after() -> None:
    judged = rows("2013-01-03", "2013-01-02", "2013-01-04")
    walked = list(walk_nights(judged, rows("2013-01-01", "2013-01-05", value=2), 28))
    assert [night.day for night, _, _ in walked] == [2, 3, 4]
    assert [len(now) for _, now, _ in walked] == [1, 1, 1]
    assert [list(earlier["night"].dt.day) for _, _, earlier in walked] == [[1], [1, 2], [1, 2, 3]]


def test_a_judged_night_replaces_the_same_night_of_history() -> None:
    walked = list(walk_nights(rows("2013-01-02", "2013-01-03"), rows("2013-01-02", value=2), 28))
    assert list(walked[1][2]["value"]) == [1]


def test_nights_too_long_ago_are_left_out() -> None:
    (walked,) = walk_nights(rows("2013-01-31"), rows("2013-01-01", "2013-01-20"), 28)
    assert list(walked[2]["night"].dt.day) == [20]


def test_a_row_without_a_night_belongs_to_none() -> None:
    judged = rows("2013-01-02", "2013-01-03")
    judged.loc[1, "night"] = pd.NaT
    assert [len(now) for _, now, _ in walk_nights(judged, None, 28)] == [1]
