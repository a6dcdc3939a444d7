"""Durations: what is written, and what they come to across a change of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from redeye.declarations.durations import Duration, read_duration

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("written", "days", "time"),
    [
        ("PT30M", 0, timedelta(minutes=30)),
        ("P2D", 2, timedelta(0)),
        ("P1W", 7, timedelta(0)),
        ("P1DT6H5S", 1, timedelta(hours=6, seconds=5)),
    ],
)
def test_a_duration_is_read_as_iso_8601_writes_it(written, days, time):
    assert read_duration(written) == Duration(days, time)


@pytest.mark.parametrize("written", ["30", 30, "P", "PT", "1 hour", "P1M", "p2d", None])
def test_what_has_no_unit_or_is_none_is_refused_with_examples(written):
    with pytest.raises(ValueError, match=r"write PT30M for 30 minutes, PT6H for 6 hours, P2D for 2 days"):
        read_duration(written)


def test_days_go_by_the_wall_clock_and_hours_by_time():
    before = datetime(2013, 11, 2, 16, tzinfo=UTC)  # Noon; clocks go back in the night.
    assert Duration(1).add_to(before, NEW_YORK) == datetime(2013, 11, 3, 17, tzinfo=UTC)
    assert Duration(0, timedelta(hours=24)).add_to(before, NEW_YORK) == datetime(2013, 11, 3, 16, tzinfo=UTC)
    assert Duration(1).take_from(datetime(2013, 11, 3, 17, tzinfo=UTC), NEW_YORK) == before


def test_nothing_added_is_no_change_in_the_hour_that_comes_twice():
    for hour in (5, 6):
        instant = datetime(2013, 11, 3, hour, 30, tzinfo=UTC)
        assert Duration().add_to(instant, NEW_YORK) == instant
