"""The rules of time: nights, cutoffs, and which calendar day a night predicts.

A *night* is named by the date on which it starts, by the wall clock of the project's zone. It goes from
the declared cutoff (`clock` in `redeye.yaml`) on that date to the cutoff on the next; the end is its
*cutoff*. Where the clock changes twice a year, a night then has 23 or 25 hours. Instants are timezone-aware
UTC here; tables hold the same instants as naive UTC `TIMESTAMP`s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from redeye.declarations.project import project

ONE_DAY = timedelta(days=1)


def zone() -> ZoneInfo:
    """The zone whose wall clock and dates count."""
    return ZoneInfo(project().clock.zone)


def read_local(instant: datetime) -> datetime:
    """An instant by the project's wall clock; one without a zone is UTC, as the lakes store it."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(zone())


def clock_cutoff() -> time:
    """The time of the wall clock at which one night ends and the next begins."""
    return project().clock.cutoff_time


def find_start(night: date) -> datetime:
    """The instant at which `night` begins, the cutoff of the night before, in UTC."""
    return datetime.combine(night, clock_cutoff(), zone()).astimezone(UTC)


def cutoff(night: date) -> datetime:
    """The instant at which `night` ends, in UTC: what is known by then may be used, nothing later."""
    return find_start(night + ONE_DAY)


def find_night(instant: datetime) -> date:
    """The night at whose cutoff `instant` is first known: start < instant <= cutoff.

    Raises:
        ValueError: if `instant` has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"night_of needs a timezone-aware instant, got {instant!r}")
    local = instant.astimezone(zone())
    day = local.date()
    return day if instant > find_start(day) else day - ONE_DAY


def find_complete_night(instant: datetime) -> date:
    """The last night that has ended by `instant`, which has a time zone."""
    night = find_night(instant)
    return night if cutoff(night) <= instant else night - ONE_DAY


def coming_day(night: date) -> date:
    """The calendar day that `night` predicts."""
    return night + ONE_DAY


def list_nights(first: date, last: date) -> Iterator[date]:
    """Every night from `first` to `last`, both included."""
    night = first
    while night <= last:
        yield night
        night += ONE_DAY


def list_holidays(years: Iterable[int], *, shift_weeks: int = 0) -> dict[date, str]:
    """The public holidays of the project's country in some years, with their names.

    On a shifted calendar these are the holidays of the source's own years, moved with its rows: those of
    a Christmas are the fewer, whatever its date has become.
    """
    import holidays

    wanted, shift = set(years), timedelta(weeks=shift_weeks)
    found = holidays.country_holidays(project().holidays, years=wanted)
    return {day + shift: str(name) for day, name in found.items() if day.year in wanted}


def find_next_instant(cron: str, after: datetime) -> datetime:
    """The first instant after `after` that a cron expression names by the project's wall clock, in UTC."""
    local = after.astimezone(zone())
    named = croniter(cron, local.replace(tzinfo=None)).get_next(datetime)
    # The hour that comes twice: an instant of the second one is followed by one of the second.
    return named.replace(tzinfo=zone(), fold=local.fold).astimezone(UTC)


def list_calendar_nights(cron: str | None, first: date, last: date) -> list[date]:
    """The nights from `first` to `last` that a training calendar trains: each the last complete one at its instant.

    None is a calendar of no night.
    """
    if cron is None:
        return []
    nights: dict[date, None] = {}
    instant = find_next_instant(cron, cutoff(first) - timedelta(microseconds=1))
    while instant < cutoff(last + ONE_DAY):
        nights[find_complete_night(instant)] = None
        instant = find_next_instant(cron, instant)
    return list(nights)
