"""Which shift makes tonight a night of the source."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from redeye.foundation.errors import ConfigError
from redeye.stack.airflow.live import weeks_until

FIRST, LAST = date(2012, 12, 31), date(2013, 12, 30)


@pytest.mark.parametrize("tonight", [date(2026, 11, 22) + timedelta(days=n) for n in range(7)])
def test_tonight_keeps_its_weekday_and_has_just_so_much_history(tonight):
    weeks = weeks_until(tonight, FIRST, LAST, history_weeks=13)
    given = tonight - timedelta(weeks=weeks)
    assert given.weekday() == tonight.weekday()
    assert 0 <= (given - FIRST).days - 13 * 7 < 7


def test_a_longer_history_leaves_fewer_nights():
    tonight = date(2026, 11, 22)
    assert weeks_until(tonight, FIRST, LAST, history_weeks=14) == weeks_until(tonight, FIRST, LAST) - 1


def test_more_history_than_there_is_is_refused():
    with pytest.raises(ConfigError, match="53 weeks of history leave no night to come"):
        weeks_until(date(2026, 11, 22), FIRST, LAST, history_weeks=53)


def test_a_source_of_the_future_is_refused():
    with pytest.raises(ConfigError, match="tonight, 2013-02-01, does not lie after"):
        weeks_until(date(2013, 2, 1), FIRST, LAST)
