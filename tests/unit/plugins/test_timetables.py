"""A backfill ends with exactly the nights that were asked for."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from airflow.timetables.base import TimeRestriction
from pendulum import DateTime, instance

from redeye.declarations.calendar import (
    cutoff,
    find_complete_night,
    find_start,
    list_calendar_nights,
    list_nights,
)
from redeye_airflow.timetables import CalendarTimetable, NightTimetable

FIRST, LAST = date(2012, 12, 31), date(2013, 12, 30)
TIMETABLE = NightTimetable(FIRST, LAST)


def moment(text: str, zone: str = "UTC") -> DateTime:
    return instance(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def backfilled(earliest: DateTime, latest: DateTime) -> list[date]:
    """The nights that Airflow makes runs for, asking as its backfill does."""
    found, info = [], None
    while True:
        info = TIMETABLE.next_dagrun_info(
            last_automated_data_interval=info.data_interval if info else None,
            restriction=TimeRestriction(earliest, latest, catchup=True),
        )
        if info is None:
            return found
        assert info.data_interval is not None
        night = info.data_interval.start.in_timezone("America/New_York").date()
        assert info.data_interval.end == cutoff(night)
        found.append(date(night.year, night.month, night.day))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2013-03-01", "2013-03-14"),
        ("2013-03-09", "2013-03-11"),
        ("2013-10-28", "2013-11-10"),
        ("2013-04-02", "2013-04-02"),
    ],
)
def test_bare_dates_name_nights_and_both_are_included(zone: str, first: str, last: str) -> None:
    expected = list(list_nights(date.fromisoformat(first), date.fromisoformat(last)))
    assert backfilled(moment(first, zone), moment(last, zone)) == expected


@pytest.mark.parametrize(
    "zone", ["UTC", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Asia/Kolkata"]
)
def test_whole_days_as_the_ui_sends_them_mean_their_dates_anywhere(zone: str) -> None:
    found = backfilled(moment("2013-03-09T00:00:00", zone), moment("2013-03-22T23:59:59", zone))
    assert found == list(list_nights(date(2013, 3, 9), date(2013, 3, 22)))


def test_exact_starts_of_nights_are_included() -> None:
    found = backfilled(instance(find_start(date(2013, 3, 9))), instance(find_start(date(2013, 3, 11))))
    assert found == [date(2013, 3, 9), date(2013, 3, 10), date(2013, 3, 11)]


def test_no_night_lies_outside_the_source() -> None:
    assert backfilled(moment("2012-01-01"), moment("2013-01-02"))[0] == FIRST
    assert backfilled(moment("2013-12-28"), moment("2014-06-01")) == list(
        list_nights(date(2013, 12, 28), LAST)
    )
    assert backfilled(moment("2014-02-01"), moment("2014-06-01")) == []


def test_nothing_fires_by_itself_after_the_last_night() -> None:
    forever = TimeRestriction(instance(find_start(FIRST)), None, catchup=False)
    assert TIMETABLE.next_dagrun_info(last_automated_data_interval=None, restriction=forever) is None
    calendar = CalendarTimetable("0 6 1 * *", LAST)
    assert calendar.next_dagrun_info(last_automated_data_interval=None, restriction=forever) is None


@pytest.mark.parametrize(
    ("given", "night"),
    [
        (moment("2013-04-02"), date(2013, 4, 2)),
        (moment("2013-04-02", "America/New_York"), date(2013, 4, 2)),
        (instance(find_start(date(2013, 4, 2))), date(2013, 4, 2)),
        (moment("2013-04-02T12:00:00"), date(2013, 4, 1)),
        (moment("2013-11-03", "America/New_York"), date(2013, 11, 3)),
    ],
)
def test_a_date_by_hand_is_that_night_and_an_instant_the_last_complete(given: DateTime, night: date) -> None:
    for timetable in (TIMETABLE, CalendarTimetable("0 6 1 * *", LAST)):
        interval = timetable.infer_manual_data_interval(run_after=given)
        assert (interval.start, interval.end) == (find_start(night), cutoff(night))


def test_both_timetables_come_back_from_their_serialised_form() -> None:
    again = NightTimetable.deserialize(TIMETABLE.serialize())
    assert (again.first_night, again.last_night, again.summary) == (FIRST, LAST, "03:00 New York")
    calendar = CalendarTimetable.deserialize(CalendarTimetable("0 6 1 * *", LAST).serialize())
    assert (calendar.summary, calendar.last_night) == ("0 6 1 * *", LAST)


@pytest.mark.parametrize("cron", ["0 6 1 * *", "0 2 * * *", "30 2 * * 0", "0 0 1,15 * *", "0 12 * * 1"])
def test_the_scheduler_trains_the_nights_that_a_replay_trains(cron: str) -> None:
    calendar, found, info = CalendarTimetable(cron, LAST), [], None
    while True:
        info = calendar.next_dagrun_info(
            last_automated_data_interval=info.data_interval if info else None,
            restriction=TimeRestriction(instance(find_start(FIRST)), None, catchup=True),
        )
        if info is None:
            break
        found.append(find_complete_night(info.run_after))
    within = dict.fromkeys(night for night in found if FIRST <= night <= LAST)
    assert list(within) == list_calendar_nights(cron, FIRST, LAST)
