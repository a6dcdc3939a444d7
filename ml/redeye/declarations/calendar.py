"""The rules of time: nights, the steps between them, their cutoffs, and which days a night predicts.

A *night* is a period of the project's clock (`clock` in `redeye.yaml`): a day, or a week where that says so. It is
named by the date on which it starts, by the wall clock of the project's zone, and goes from the declared
cutoff on that date to the start of the next night; that end is its *cutoff*. Where the clock changes twice a
year, a night then has an hour more or less. A cutoff that the clock leaves out moves forward by what is left out;
of one that comes twice it is the first. Nights that are declared not to exist are stepped over: the night
before them lasts until the next that exists.

Whoever goes from one night to another, or counts nights, asks here: a night more is not a day more. Instants are
timezone-aware UTC here; tables hold the same instants as naive UTC `TIMESTAMP`s.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias
from zoneinfo import TZPATH, ZoneInfo

from croniter import croniter

from redeye.declarations.clock import Clock
from redeye.declarations.project import project
from redeye.foundation.errors import ConfigError

ONE_DAY = timedelta(days=1)
Night: TypeAlias = date
"""What names a night: the date on which it starts."""


def zone() -> ZoneInfo:
    """The zone whose wall clock and dates count."""
    return ZoneInfo(project().clock.zone)


def read_local(instant: datetime) -> datetime:
    """An instant by the project's wall clock; one without a zone is UTC, as the lakes store it."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(zone())


def clock_cutoff() -> time:
    """The time of the wall clock at which one night ends and the next begins."""
    return project().clock.cutoff_time


def describe_cutoff() -> str:
    """When nights end, as a person says it: the cutoff as declared, and the zone's place."""
    clock = project().clock
    return f"{clock.cutoff} {clock.zone.rpartition('/')[2].replace('_', ' ')}"


@dataclass(frozen=True)
class _Sequence:
    """The nights of a clock, numbered without a hole: a step is a difference of numbers."""

    days: int
    offset: int
    skipped: tuple[int, ...]

    @classmethod
    def of(cls, clock: Clock) -> _Sequence:
        """Of a declared clock."""
        whole = cls(clock.days, 1 + (clock.weekday or 0), ())
        spans = [(each, each) if isinstance(each, date) else (each.first, each.last) for each in clock.skip]
        skipped = {
            place
            for first, last in spans
            for place in range(whole.count(first - ONE_DAY) + 1, whole.count(last) + 1)
        }
        return cls(whole.days, whole.offset, tuple(sorted(skipped)))

    def count(self, day: date) -> int:
        """The number of the last night that starts on a day or before it."""
        place = (day.toordinal() - self.offset) // self.days
        return place - bisect_right(self.skipped, place)

    def find(self, number: int) -> Night:
        """The night of a number."""
        place = number
        while (later := number + bisect_right(self.skipped, place)) != place:
            place = later
        return date.fromordinal(place * self.days + self.offset)


_number_nights = lru_cache(maxsize=8)(_Sequence.of)


def _nights() -> _Sequence:
    return _number_nights(project().clock)


def shift_nights(night: Night, nights: int) -> Night:
    """The night that is `nights` steps after `night`, or before it where that is negative.

    From a date on which no night starts, the first step leads to the next that starts, or to the last that did.
    """
    if nights == 0:
        return night
    sequence = _nights()
    return sequence.find(
        (sequence.count(night) if nights > 0 else sequence.count(night - ONE_DAY) + 1) + nights
    )


def find_next_night(night: Night) -> Night:
    """The night that follows."""
    return shift_nights(night, 1)


def find_previous_night(night: Night) -> Night:
    """The night before."""
    return shift_nights(night, -1)


def count_nights_since(earlier: Night, night: Night) -> int:
    """How many steps lie from one night to another; negative where the other comes first."""
    sequence = _nights()
    return sequence.count(night) - sequence.count(earlier)


def count_nights(first: Night, last: Night) -> int:
    """How many nights there are from `first` to `last`, both included; less than 1 if they are in no order."""
    sequence = _nights()
    return sequence.count(last) - sequence.count(first - ONE_DAY)


def list_nights(first: Night, last: Night) -> Iterator[Night]:
    """Every night from `first` to `last`, both included."""
    return list_starts(project().clock, first, last)


def list_starts(clock: Clock, first: date, last: date) -> Iterator[Night]:
    """The nights of any clock from one date to another, both included."""
    sequence = _number_nights(clock)
    for number in range(sequence.count(first - ONE_DAY) + 1, sequence.count(last) + 1):
        yield sequence.find(number)


def count_nights_on(clock: Clock, days: Iterable[date]) -> int:
    """In how many nights of any clock some days are."""
    sequence = _number_nights(clock)
    return len({sequence.count(day) for day in days})


def list_longer_nights(clock: Clock) -> dict[Night, int]:
    """The nights of a clock that others are skipped after, with how many days it is to the next."""
    sequence = _number_nights(clock)
    before = {place - bisect_right(sequence.skipped, place) for place in sequence.skipped}
    return {
        sequence.find(each): (sequence.find(each + 1) - sequence.find(each)).days for each in sorted(before)
    }


def is_night(day: date) -> bool:
    """Whether a night starts on a day."""
    return count_nights(day, day) == 1


def check_night(day: date) -> Night:
    """The night that starts on a day.

    Raises:
        ConfigError: if none does, naming those beside it.
    """
    if not is_night(day):
        beside = f"{find_previous_night(day)} or {find_next_night(day)}"
        raise ConfigError(f"no night starts on {day}: nights end at {describe_cutoff()}; choose {beside}")
    return day


def find_night_on(day: date) -> Night:
    """The night that starts on a day, or else the last that started before it."""
    sequence = _nights()
    return sequence.find(sequence.count(day))


def find_longest_span(nights: int) -> timedelta:
    """The longest time from one night's cutoff to that of the night so many later, by the wall clock.

    An hour is added for a change of the clock.
    """
    sequence = _nights()
    # Those that step over most of what is skipped begin shortly before it.
    begins = {
        number - by
        for place in sequence.skipped
        for number in [place - bisect_right(sequence.skipped, place)]
        for by in range(nights)
    }
    days = [(sequence.find(begin + nights) - sequence.find(begin)).days for begin in begins]
    return timedelta(days=max(days, default=nights * sequence.days), hours=1)


def find_start(night: Night) -> datetime:
    """The instant at which `night` begins, the cutoff of the night before, in UTC."""
    return datetime.combine(night, clock_cutoff(), zone()).astimezone(UTC)


def cutoff(night: Night) -> datetime:
    """The instant at which `night` ends, in UTC: what is known by then may be used, nothing later."""
    return find_start(find_next_night(night))


def find_night(instant: datetime) -> Night:
    """The night at whose cutoff `instant` is first known: start < instant <= cutoff.

    Raises:
        ValueError: if `instant` has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"night_of needs a timezone-aware instant, got {instant!r}")
    night = find_night_on(instant.astimezone(zone()).date())
    return night if instant > find_start(night) else find_previous_night(night)


def find_complete_night(instant: datetime) -> Night:
    """The last night that has ended by `instant`, which has a time zone."""
    night = find_night(instant)
    return night if cutoff(night) <= instant else find_previous_night(night)


def coming_day(night: Night) -> date:
    """The calendar day that `night` predicts; of a week, its first."""
    return find_next_night(night)


def list_coming_days(night: Night) -> list[date]:
    """The calendar days that `night` predicts: one, or the seven of the coming week."""
    first = coming_day(night)
    return [first + by * ONE_DAY for by in range(project().clock.days)]


def find_night_before(day: date) -> Night:
    """The night that predicts a calendar day."""
    return find_previous_night(find_night_on(day))


def find_zone_version() -> str:
    """The version of the time zones' rules that `zone` goes by: of the system's, or else of Python's package."""
    for folder in TZPATH:
        rules = Path(folder, "tzdata.zi")
        if Path(folder, project().clock.zone).is_file():
            first = rules.read_text(encoding="utf-8").partition("\n")[0] if rules.is_file() else ""
            return first.removeprefix("# version ") or "unknown"
    return version("tzdata")


def list_holidays(years: Iterable[int], *, shift_weeks: int = 0) -> dict[date, str]:
    """The public holidays of the project's country in some years, with their names; none if it names no country.

    On a shifted calendar these are the holidays of the source's own years, moved with its rows: those of
    a Christmas are the fewer, whatever its date has become.
    """
    import holidays

    if (country := project().holidays) is None:
        return {}
    wanted, shift = set(years), timedelta(weeks=shift_weeks)
    found = holidays.country_holidays(country, years=wanted)
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
    while instant < cutoff(find_next_night(last)):
        nights[find_complete_night(instant)] = None
        instant = find_next_instant(cron, instant)
    return list(nights)
