"""An old file with new dates is found by its values, also when some of them were changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_readings import QUANTITIES, last_night, make_readings

from redeye.audits.logic.repeats import share_repeated_cells, share_repeated_rows, share_rows_of_one_night

NOW, BEFORE = last_night(make_readings(15))
BACK = {"columns": list(QUANTITIES), "nights_back": 28}
PLACE = {"position": ["gauge"], "time": "read_at"}


def redate(days: int, changed: float, *, seed: int = 3) -> pd.DataFrame:
    """The night so many days before under this night's dates, with a share of its values changed a little."""
    night = NOW["night"].iloc[0]
    old = BEFORE[BEFORE["night"] == night - pd.Timedelta(days=days)].reset_index(drop=True)
    values = old[list(QUANTITIES)].to_numpy()
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(values.shape) < changed, values + 0.01, values)
    dates = {"night": night, "read_at": old["read_at"] + pd.Timedelta(days=days)}
    return old.assign(**dates, **{name: values[:, at] for at, name in enumerate(QUANTITIES)})


@pytest.mark.parametrize("days", [1, 3, 14])
@pytest.mark.parametrize("changed", [0.0, 0.005, 0.1, 0.4])
def test_an_old_night_with_changed_values_repeats_cells(days: int, changed: float) -> None:
    share = share_repeated_cells(redate(days, changed), BEFORE, **PLACE, **BACK).iloc[0]
    assert share == pytest.approx(1 - changed, abs=0.12)
    assert share_repeated_cells(NOW, BEFORE, **PLACE, **BACK).iloc[0] < 0.1


def test_a_night_without_earlier_ones_repeats_nothing() -> None:
    assert share_repeated_rows(NOW, None, **BACK).tolist() == [0.0]
    assert share_repeated_cells(NOW, None, **PLACE, **BACK).tolist() == [0.0]
    assert share_rows_of_one_night(NOW, None, is_same_weekday=True, **BACK).tolist() == [0.0]


def test_rows_that_stood_before_are_counted_wherever_they_stood() -> None:
    part = pd.concat([redate(2, 0.0).head(18).assign(gauge="cedar"), NOW.iloc[18:]])
    assert share_repeated_rows(part, BEFORE, **BACK).iloc[0] == pytest.approx(18 / 72)
    assert share_repeated_rows(NOW, BEFORE, **BACK).iloc[0] == 0


def test_a_row_repeated_within_the_night_counts() -> None:
    stuck = NOW.copy()
    stuck.loc[5:8, list(QUANTITIES)] = stuck.loc[4, list(QUANTITIES)].to_numpy()
    assert share_repeated_rows(stuck, None, **BACK).iloc[0] == pytest.approx(4 / 72)


def test_rows_without_values_are_passed_over() -> None:
    empty = NOW.assign(**dict.fromkeys(QUANTITIES, np.nan))
    assert share_repeated_rows(empty, BEFORE, **BACK).iloc[0] == 0


def test_numbers_are_the_same_whatever_their_type() -> None:
    whole = pd.DataFrame({"night": pd.to_datetime(["2013-01-02"] * 2), "n": [1, 2]})
    before = pd.DataFrame({"night": pd.to_datetime(["2013-01-01"] * 2), "n": [1.0, np.nan]})
    assert share_repeated_rows(whole, before, columns=["n"], nights_back=28).iloc[0] == 0.5


def test_weekdays_that_repeat_by_nature_are_told_from_others() -> None:
    nights = pd.date_range("2013-01-01", periods=8, freq="D")
    plan = pd.DataFrame(
        [{"night": night, "train": n + 100 * night.dayofweek} for night in nights for n in range(10)]
    )
    monday_again, before = last_night(plan)
    monday_on = {"columns": ["train"], "nights_back": 28}
    assert share_rows_of_one_night(monday_again, before, is_same_weekday=True, **monday_on).iloc[0] == 1
    assert share_rows_of_one_night(monday_again, before, is_same_weekday=False, **monday_on).iloc[0] == 0
    yesterday = before[before["night"] == nights[6]].assign(night=nights[7])
    assert share_rows_of_one_night(yesterday, before, is_same_weekday=False, **monday_on).iloc[0] == 1
