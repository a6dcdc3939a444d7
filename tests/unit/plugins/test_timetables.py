"""A backfill ends with exactly the nights that were asked for."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from pendulum import DateTime, instance

from redeye.declarations import calendar
from redeye.declarations.calendar import (
    cutoff,
    find_complete_night,
    find_start,
    list_calendar_nights,
    list_nights,
)
from redeye.declarations.clock import Clock
from redeye.declarations.project import project
from redeye_airflow import timetables
from redeye_airflow.timetables import CalendarTimetable, NightTimetable, read_dates

FIRST, LAST = date(2012, 12, 31), date(2013, 12, 30)
TIMETABLE = NightTimetable(FIRST, LAST)


def moment(text: str, zone: str = "UTC") -> DateTime:
    return instance(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def backfilled(earliest: DateTime, latest: DateTime, timetable: NightTimetable) -> list[DataInterval]:
    """What Airflow makes runs for, asking as its backfill does."""
    found: list[DataInterval] = []
    while True:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=found[-1] if found else None,
            restriction=TimeRestriction(earliest, latest, catchup=True),
        )
        if info is None:
            return found
        assert info.data_interval is not None
        found.append(info.data_interval)


def backfilled_nights(earliest: DateTime, latest: DateTime) -> list[date]:
    """The nights of these runs."""
    found = []
    for run in backfilled(earliest, latest, TIMETABLE):
        night = run.start.in_timezone("America/New_York").date()
        assert run.end == cutoff(night)
        found.append(date(night.year, night.month, night.day))
    return found


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
    assert backfilled_nights(moment(first, zone), moment(last, zone)) == expected


ZONES = [
    *(
        "UTC",
        "America/New_York",
        "America/Los_Angeles",
        "America/Anchorage",
        "America/Adak",
        "Pacific/Honolulu",
    ),
    *("Pacific/Marquesas", "America/St_Johns", "America/Sao_Paulo", "Atlantic/Azores", "Europe/London"),
    *(
        "Europe/Berlin",
        "Africa/Cairo",
        "Asia/Tehran",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Yangon",
        "Asia/Tokyo",
    ),
    *("Australia/Eucla", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham"),
]
# One night, some, over both changes of clocks in New York, and over those in Auckland, Berlin and Honolulu (none).
SPANS = [
    *(("2013-04-04", "2013-04-06"), ("2013-04-04", "2013-04-04"), ("2013-03-09", "2013-03-22")),
    *(("2013-03-10", "2013-03-10"), ("2013-03-09", "2013-03-09"), ("2013-03-29", "2013-04-09")),
    *(("2013-11-03", "2013-11-03"), ("2013-09-26", "2013-11-04")),
]


@pytest.mark.parametrize("zone", ZONES)
def test_whole_days_as_the_ui_sends_them_mean_their_dates_anywhere(zone: str) -> None:
    for (first, last), end in product(SPANS, ("23:59:59", "23:59:00", "00:00:00")):
        bounds = [moment(f"{first}T00:00:00", zone), moment(f"{last}T{end}", zone)]
        meant = date.fromisoformat(first), date.fromisoformat(last)
        # With the place's offset, and as an instant in UTC, where it is not said.
        assert read_dates(*bounds) == meant, (first, last, end)
        assert read_dates(*(each.in_timezone("UTC") for each in bounds)) == meant, (first, last, end)
    bounds = [moment("2013-03-09T00:00:00", zone), moment("2013-03-12T23:59:59", zone)]
    assert backfilled_nights(*bounds) == list(list_nights(date(2013, 3, 9), date(2013, 3, 12)))


def test_days_with_an_offset_as_people_type_them_mean_their_dates() -> None:
    bounds = ("2013-04-04T00:00:00-10:00", "2013-04-06T23:59:00-10:00")
    found = backfilled_nights(*(instance(datetime.fromisoformat(each)) for each in bounds))
    assert found == [date(2013, 4, 4), date(2013, 4, 5), date(2013, 4, 6)]


def test_an_instant_that_begins_no_day_stays_an_instant() -> None:
    found = backfilled_nights(moment("2013-04-04T09:17:00"), moment("2013-04-06T13:40:00"))
    assert found == [date(2013, 4, 5), date(2013, 4, 6)]


def test_exact_starts_of_nights_are_included() -> None:
    found = backfilled_nights(instance(find_start(date(2013, 3, 9))), instance(find_start(date(2013, 3, 11))))
    assert found == [date(2013, 3, 9), date(2013, 3, 10), date(2013, 3, 11)]


def test_no_night_lies_outside_the_source() -> None:
    assert backfilled_nights(moment("2012-01-01"), moment("2013-01-02"))[0] == FIRST
    assert backfilled_nights(moment("2013-12-28"), moment("2014-06-01")) == list(
        list_nights(date(2013, 12, 28), LAST)
    )
    assert backfilled_nights(moment("2014-02-01"), moment("2014-06-01")) == []


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


WEEKS = [date(2026, 3, 29), date(2026, 4, 5), date(2026, 4, 19), date(2026, 4, 26)]


@pytest.fixture
def weekly(monkeypatch) -> NightTimetable:
    """Of weeks on Lord Howe, where the cutoff comes twice on 5 April; the week of 12 April does not exist."""
    clock = {
        "zone": "Australia/Lord_Howe",
        "cutoff": "SUN 01:45",
        "every": "week",
        "skip": [date(2026, 4, 12)],
    }
    declared = project().model_copy(update={"clock": Clock.model_validate(clock)})
    for module in (calendar, timetables):
        monkeypatch.setattr(module, "project", lambda: declared)
    return NightTimetable(WEEKS[0], WEEKS[-1])


def test_a_backfill_of_weeks_is_of_those_that_exist(weekly: NightTimetable) -> None:
    expected = [(find_start(week), cutoff(week)) for week in WEEKS]
    assert expected[0][1] == moment("2026-04-04T14:45")
    for first, last in (("2026-03-29", "2026-04-26"), ("2026-03-25", "2026-05-01")):
        found = backfilled(moment(first), moment(last), weekly)
        assert [(run.start, run.end) for run in found] == expected
    assert [run.start for run in backfilled(moment("2026-04-06"), moment("2026-04-18"), weekly)] == []


def test_a_week_by_hand_is_the_one_in_which_its_date_lies(weekly: NightTimetable) -> None:
    assert weekly.summary == "SUN 01:45 Lord Howe"
    for given, week in (
        ("2026-04-05", WEEKS[1]),
        ("2026-04-15", WEEKS[1]),
        ("2026-04-19", WEEKS[2]),
        ("2026-04-20T12:00", WEEKS[1]),
    ):
        assert weekly.infer_manual_data_interval(run_after=moment(given)).start == find_start(week)
