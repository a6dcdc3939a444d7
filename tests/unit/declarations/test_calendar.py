"""Nights by the wall clock: where one ends and the next begins, also when the clock changes; weeks; skipped ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from redeye.declarations import calendar
from redeye.declarations.calendar import (
    ONE_DAY,
    check_night,
    clock_cutoff,
    coming_day,
    count_nights,
    count_nights_since,
    cutoff,
    find_complete_night,
    find_longest_span,
    find_next_instant,
    find_next_night,
    find_night,
    find_night_before,
    find_night_on,
    find_previous_night,
    find_start,
    is_night,
    list_calendar_nights,
    list_coming_days,
    list_nights,
    shift_nights,
    zone,
)
from redeye.declarations.clock import Clock
from redeye.declarations.project import project
from redeye.foundation.errors import ConfigError

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


# Weeks, nights that do not exist, and clocks that leave out or repeat the cutoff

DAYS = [date(2026, 11, 1) + timedelta(days=by) for by in range(80)]
CLOCKS = {
    "days": {"cutoff": "03:00"},
    "days, some skipped": {
        "cutoff": "23:45",
        "skip": [date(2026, 12, 6), {"from": date(2026, 12, 24), "to": date(2027, 1, 2)}, date(2026, 12, 26)],
    },
    "weeks": {"cutoff": "SUN 04:00", "every": "week"},
    "weeks, some skipped": {
        "cutoff": "WED 12:00",
        "every": "week",
        "skip": [date(2026, 11, 25), {"from": date(2026, 12, 20), "to": date(2027, 1, 5)}],
    },
}


@pytest.fixture
def show_clock(monkeypatch):
    def show(*, zone: str = "Asia/Kathmandu", **clock: object) -> None:
        declared = project().model_copy(update={"clock": Clock.model_validate({"zone": zone, **clock})})
        monkeypatch.setattr(calendar, "project", lambda: declared)

    return show


@pytest.fixture(params=CLOCKS.values(), ids=CLOCKS)
def each_clock(request, show_clock):
    show_clock(**request.param)


@pytest.mark.usefixtures("each_clock")
def test_steps_and_counts_are_those_of_the_listed_nights():
    nights = list(list_nights(DAYS[0], DAYS[-1]))
    assert nights == [day for day in DAYS if is_night(day)]
    assert len(set(nights)) == len(nights) > 6
    for place, night in enumerate(nights):
        for other, later in enumerate(nights):
            assert shift_nights(night, other - place) == later
            assert count_nights_since(night, later) == other - place
            assert count_nights(night, later) == other - place + 1
    for day in DAYS[10:-10]:
        assert find_next_night(day) == min(night for night in nights if night > day)
        assert find_previous_night(day) == max(night for night in nights if night < day)
        assert find_night_on(day) == max(night for night in nights if night <= day)


@pytest.mark.usefixtures("each_clock")
def test_every_instant_is_of_one_night():
    nights = list(list_nights(DAYS[0], DAYS[-1]))
    for night, following in pairwise(nights):
        assert cutoff(night) == find_start(following)
        assert find_night(cutoff(night)) == find_night(find_start(night) + TICK) == night
        assert find_night(cutoff(night) + TICK) == following
        assert find_complete_night(cutoff(night)) == find_complete_night(cutoff(following) - TICK) == night
        assert find_night_before(coming_day(night)) == night


def test_a_week_is_named_by_its_first_day_and_predicts_the_next(show_clock):
    show_clock(cutoff="MON 04:00", every="week", zone="Asia/Kolkata")
    week = date(2026, 11, 30)
    assert find_start(week) == datetime(2026, 11, 29, 22, 30, tzinfo=UTC)
    assert cutoff(week) == datetime(2026, 12, 6, 22, 30, tzinfo=UTC)
    assert shift_nights(week, -3) == date(2026, 11, 9)
    assert list_coming_days(week) == [date(2026, 12, by) for by in range(7, 14)]
    assert {find_night_before(day) for day in list_coming_days(week)} == {week}
    assert find_longest_span(8) == timedelta(weeks=8, hours=1)


def test_a_skipped_night_is_stepped_over_and_the_one_before_it_lasts(show_clock):
    show_clock(cutoff="03:00", zone="UTC", skip=[date(2026, 12, 6)])
    saturday, monday = date(2026, 12, 5), date(2026, 12, 7)
    assert not is_night(date(2026, 12, 6))
    assert coming_day(saturday) == find_next_night(saturday) == monday
    assert list_coming_days(saturday) == [monday]
    assert cutoff(saturday) == datetime(2026, 12, 7, 3, tzinfo=UTC)
    assert find_night(datetime(2026, 12, 6, 12, tzinfo=UTC)) == saturday
    assert count_nights(saturday, monday) == 2


def test_the_longest_span_is_that_over_what_is_skipped(show_clock):
    show_clock(cutoff="03:00")
    assert find_longest_span(8) == timedelta(days=8, hours=1)
    show_clock(
        cutoff="03:00", skip=[date(2026, 12, 6), {"from": date(2026, 12, 10), "to": date(2026, 12, 12)}]
    )
    assert find_longest_span(8) == timedelta(days=12, hours=1)
    assert find_longest_span(1) == timedelta(days=4, hours=1)


@pytest.mark.parametrize(
    ("zone", "at", "day", "utc"),
    [
        # Half an hour is left out at 02:00 of 4 October, and comes twice from 01:30 on 5 April.
        ("Australia/Lord_Howe", "02:15", date(2026, 10, 4), datetime(2026, 10, 3, 15, 45)),  # noqa: DTZ001
        ("Australia/Lord_Howe", "01:45", date(2026, 4, 5), datetime(2026, 4, 4, 14, 45)),  # noqa: DTZ001
        ("America/Sao_Paulo", "00:00", date(2017, 10, 15), datetime(2017, 10, 15, 3)),  # noqa: DTZ001
        ("America/Sao_Paulo", "23:30", date(2018, 2, 17), datetime(2018, 2, 18, 1, 30)),  # noqa: DTZ001
        ("Asia/Kathmandu", "04:00", date(2026, 3, 1), datetime(2026, 2, 28, 22, 15)),  # noqa: DTZ001
    ],
)
def test_a_cutoff_left_out_moves_forward_and_one_that_comes_twice_is_the_first(
    show_clock, zone, at, day, utc
):
    show_clock(zone=zone, cutoff=at)
    start = utc.replace(tzinfo=UTC)
    assert find_start(day) == start
    assert cutoff(find_previous_night(day)) == start
    for night in list_nights(shift_nights(day, -3), shift_nights(day, 3)):
        assert find_night(cutoff(night)) == night
        assert find_night(find_start(night) + TICK) == night
        assert timedelta(hours=23) <= cutoff(night) - find_start(night) <= timedelta(hours=25)


def test_the_moved_cutoff_is_by_the_clock_after_the_change(show_clock):
    show_clock(zone="Australia/Lord_Howe", cutoff="02:15")
    assert f"{find_start(date(2026, 10, 4)).astimezone(ZoneInfo('Australia/Lord_Howe')):%H:%M}" == "02:45"
    show_clock(zone="America/Sao_Paulo", cutoff="SUN 00:00", every="week")
    assert f"{find_start(date(2017, 10, 15)).astimezone(ZoneInfo('America/Sao_Paulo')):%H:%M}" == "01:00"


def test_the_rules_of_the_zones_have_a_version():
    assert calendar.find_zone_version()[:4].isdigit()


def test_a_date_on_which_no_night_starts_is_refused_with_those_beside_it(show_clock):
    show_clock(cutoff="MON 04:00", every="week", zone="Asia/Kolkata")
    assert check_night(date(2026, 11, 30)) == date(2026, 11, 30)
    with pytest.raises(ConfigError, match=r"MON 04:00 Kolkata; choose 2026-11-30 or 2026-12-07"):
        check_night(date(2026, 12, 2))
