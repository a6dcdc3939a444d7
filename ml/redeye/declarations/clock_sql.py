"""A clock in DuckDB's SQL: the night after a night, and the cutoff of a night, as the calendar has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from redeye.declarations.calendar import list_longer_nights, list_starts
from redeye.declarations.clock import Clock

# Zones change their rules: cutoffs of these years are looked at.
_YEARS = 1970, 2060


def write_next_night(clock: Clock, night: str) -> str:
    """The date of the night after that of an expression."""
    days = str(clock.days)
    if longer := list_longer_nights(clock):
        cases = " ".join(f"WHEN DATE '{each}' THEN {count}" for each, count in longer.items())
        days = f"CASE {night} {cases} ELSE {days} END"
    return f"({night} + {days})"


def write_cutoff(clock: Clock, night: str) -> str:
    """The end of the night of an expression, as naive UTC."""
    at = clock.cutoff_time
    local = (
        f"{write_next_night(clock, night)}::TIMESTAMP + INTERVAL {at.hour} HOUR + INTERVAL {at.minute} MINUTE"
    )
    if not has_repeated_cutoff(clock):
        return f"timezone('UTC', timezone('{clock.zone}', {local}))"
    # Of an hour that comes twice DuckDB takes the second, the calendar the first. That one is so many hours of the
    # clock and of time after an hour before the change.
    first = f"timezone('{clock.zone}', {local} - INTERVAL 4 HOUR) + INTERVAL 4 HOUR"
    is_first = f"timezone('{clock.zone}', {first}) = {local}"
    return f"timezone('UTC', CASE WHEN {is_first} THEN {first} ELSE timezone('{clock.zone}', {local}) END)"


@lru_cache(maxsize=8)
def has_repeated_cutoff(clock: Clock) -> bool:
    """Whether a cutoff of these decades comes twice, as the clock goes back over it."""
    zone, first, last = ZoneInfo(clock.zone), date(_YEARS[0], 1, 1), date(_YEARS[1], 1, 1)
    starts = (datetime.combine(each, clock.cutoff_time, zone) for each in list_starts(clock, first, last))
    return any(start.astimezone(UTC) < start.replace(fold=1).astimezone(UTC) for start in starts)
