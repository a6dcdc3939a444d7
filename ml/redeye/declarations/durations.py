"""Durations with a unit, as ISO 8601 writes them: days and weeks by the calendar, hours and less by the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_ISO = re.compile(
    r"P(?=\w)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
EXAMPLES = "PT30M for 30 minutes, PT6H for 6 hours, P2D for 2 days"


@dataclass(frozen=True)
class Duration:
    """Days of the calendar, which have 23 or 25 hours where the clock changes, and time beside them."""

    days: int = 0
    time: timedelta = timedelta(0)

    def add_to(self, instant: datetime, zone: tzinfo) -> datetime:
        """So much later than an instant, in UTC; its days by the wall clock of the zone."""
        return self._shift(instant, zone, 1)

    def take_from(self, instant: datetime, zone: tzinfo) -> datetime:
        """So much earlier."""
        return self._shift(instant, zone, -1)

    def _shift(self, instant: datetime, zone: tzinfo, sign: int) -> datetime:
        local = instant.astimezone(zone)
        # Addition forgets which of the two hours is meant where clocks go back.
        wall = (local + sign * timedelta(days=self.days)).replace(fold=local.fold)
        return wall.astimezone(UTC) + sign * self.time


def read_duration(written: object) -> object:
    """The duration that a declaration writes.

    Raises:
        ValueError: if it has no unit, or is none.
    """
    if isinstance(written, Duration):
        return written
    found = _ISO.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        why = "has no unit" if str(written).strip().isdigit() else "is no duration"
        raise ValueError(f"{written!r} {why}: write {EXAMPLES}")
    parts = {name: int(text or 0) for name, text in found.groupdict().items()}
    return Duration(
        7 * parts.pop("weeks") + parts.pop("days"),
        timedelta(**parts),
    )


DurationField = Annotated[
    Duration,
    BeforeValidator(read_duration),
    WithJsonSchema({"type": "string", "pattern": r"^P(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$"}),
]
"""A key whose value is a duration."""
