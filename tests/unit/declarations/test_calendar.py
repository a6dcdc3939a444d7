"""Nights by the wall clock: where one ends and the next begins, also when the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from redeye.declarations.calendar import (
    ONE_DAY,
    clock_cutoff,
    coming_day,
    cutoff,
    find_complete_night,
    find_next_instant,
    find_night,
    find_start,
    list_calendar_nights,
    list_nights,
    zone,
)
from redeye.declarations.project import project

NIGHT = date(2013, 4, 1)
TICK = timedelta(microseconds=1)
# The clock goes forward on the second Sunday of March and back on the first of November, at 02:00.
SHORT, LONG = date(2013, 3, 9), date(2013, 11, 2)


def test_the_clock_is_the_projects():
    assert (zone(), clock_cutoff()) == (ZoneInfo("America/New_York"), time(3))
    assert (zone().key, clock_cutoff().strftime("%H:%M")) == (project().clock.zone, project().clock.cutoff)


@pytest.mark.parametrize(
    ("night", "hour"), [(date(2013, 1, 1), 8), (NIGHT, 7), (SHORT, 8), (SHORT + ONE_DAY, 7), (LONG, 7)]
)
def test_a_night_starts_at_the_cutoff_on_its_own_date_in_utc(night: date, hour: int):
    found = find_start(night)
    assert found == datetime(night.year, night.month, night.day, hour, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(("night", "hours"), [(NIGHT, 24), (SHORT, 23), (LONG, 25)])
def test_a_night_ends_where_the_next_begins_and_lasts_what_the_clock_says(night: date, hours: int):
    assert cutoff(night) == find_start(night + ONE_DAY)
    assert cutoff(night) - find_start(night) == timedelta(hours=hours)


@pytest.mark.parametrize("night", [NIGHT, SHORT, SHORT + ONE_DAY, LONG, LONG + ONE_DAY])
def test_what_is_known_at_a_cutoff_belongs_to_the_night_that_ends_then(night: date):
    assert find_night(cutoff(night)) == night
    assert find_night(cutoff(night) + TICK) == night + ONE_DAY
    assert find_night(find_start(night) + TICK) == night
    assert find_night(find_start(night)) == night - ONE_DAY


@pytest.mark.parametrize("name", ["UTC", "Asia/Tokyo", "Pacific/Honolulu"])
def test_the_night_of_an_instant_is_the_same_in_every_zone(name: str):
    for instant in (cutoff(NIGHT), cutoff(NIGHT) + TICK):
        assert find_night(instant.astimezone(ZoneInfo(name))) == find_night(instant)


def test_an_instant_without_a_zone_is_of_no_night():
    with pytest.raises(ValueError, match="timezone-aware"):
        find_night(datetime(2013, 4, 1, 12))  # noqa: DTZ001


@pytest.mark.parametrize("night", [NIGHT, SHORT, LONG])
def test_a_night_is_complete_from_its_cutoff_on(night: date):
    assert find_complete_night(cutoff(night) - TICK) == night - ONE_DAY
    assert find_complete_night(cutoff(night)) == night
    assert find_complete_night(cutoff(night) + TICK) == night


def test_a_night_predicts_the_day_on_which_it_ends():
    assert coming_day(NIGHT) == date(2013, 4, 2) == cutoff(NIGHT).astimezone(zone()).date()


def test_nights_are_listed_with_both_ends():
    assert list(list_nights(date(2013, 2, 27), date(2013, 3, 1))) == [
        date(2013, 2, 27),
        date(2013, 2, 28),
        date(2013, 3, 1),
    ]
    assert list(list_nights(NIGHT, NIGHT)) == [NIGHT]
    assert list(list_nights(NIGHT, NIGHT - ONE_DAY)) == []


def test_a_monthly_calendar_trains_the_night_that_ended_before_its_instant():
    found = list_calendar_nights("0 6 1 * *", date(2013, 1, 15), date(2013, 5, 1))
    assert found == [date(2013, 1, 31), date(2013, 2, 28), date(2013, 3, 31), date(2013, 4, 30)]


@pytest.mark.parametrize(("minute", "night"), [(59, date(2013, 3, 30)), (0, date(2013, 3, 31))])
def test_an_instant_before_the_cutoff_is_of_the_night_before(minute: int, night: date):
    cron = f"{minute} {3 if minute == 0 else 2} 1 4 *"
    assert list_calendar_nights(cron, date(2013, 1, 1), date(2013, 12, 31)) == [night]
    assert list_calendar_nights(cron, night, night) == [night]
    assert list_calendar_nights(cron, night + ONE_DAY, date(2013, 12, 31)) == []


def test_a_night_that_a_calendar_names_several_times_is_trained_once():
    assert list_calendar_nights(None, SHORT, LONG) == []
    nights = list(list_nights(SHORT - ONE_DAY, SHORT + ONE_DAY))
    assert list_calendar_nights("0 * * * *", nights[0], nights[-1]) == nights


@pytest.mark.parametrize("cron", ["30 1 * * *", "30 2 * * *", "0 * * * *", "*/7 1-3 * * *"])
@pytest.mark.parametrize("night", [SHORT, LONG])
def test_instants_go_forward_where_the_clock_changes(cron: str, night: date):
    for minutes in range(0, 26 * 60, 5):
        after = find_start(night) + timedelta(minutes=minutes)
        assert find_next_instant(cron, after) > after
