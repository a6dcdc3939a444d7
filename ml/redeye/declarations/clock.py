"""When the periods of a project end: its zone, its cutoff, how often, and which periods do not exist."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from redeye.declarations.spec_fields import Frozen, ZoneName

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
WRITTEN = {"day": "HH:MM, as 03:00", "week": f"HH:MM after one of {', '.join(WEEKDAYS)}, as MON 04:00"}


def check_cutoff(cutoff: str, every: str) -> None:
    """Refuse a cutoff that ends no night of a day or a week.

    Raises:
        ValueError: saying what to write.
    """
    weekday, space, hour = cutoff.rpartition(" ")
    is_weekly, is_weekday = every == "week", weekday in WEEKDAYS
    if not TIME.fullmatch(hour) or bool(space) != is_weekly or (is_weekly and not is_weekday):
        other = "week" if is_weekday else "day" if is_weekly and not space else None
        raise ValueError(
            f"{cutoff!r} ends no night of a {every}: write {WRITTEN[every]}"
            + (f", or `every: {other}`" if other else "")
        )


class SkippedSpan(Frozen):
    """Dates, both included, on which no period starts."""

    first: date = Field(alias="from", description="The first date.")
    last: date = Field(alias="to", description="The last date.")

    @model_validator(mode="after")
    def _goes_forward(self) -> SkippedSpan:
        if self.last < self.first:
            raise ValueError(f"to: {self.last} is before {self.first}: write the later date last")
        return self


class Clock(Frozen):
    """When a night ends, which is what a period is called, however long it is."""

    zone: ZoneName = Field(description="The IANA time zone whose wall clock counts.")
    every: Literal["day", "week"] = Field(default="day", description="How long a night is.")
    cutoff: str = Field(
        description="`HH:MM` at which a night ends, after its weekday where a night is a week (`MON 04:00`): "
        "what is known by then may be used, nothing later.",
        json_schema_extra={"pattern": f"^(({'|'.join(WEEKDAYS)}) )?{TIME.pattern}$"},
    )
    skip: tuple[date | SkippedSpan, ...] = Field(
        default=(),
        description="Nights that do not exist, by the dates on which they would start: dates, or "
        "`{from: …, to: …}`, both included. The night before lasts until the next one that exists.",
    )
    history_from: date | None = Field(
        default=None,
        description="The first night of declared datasets; what was known before is delivered with it. By default that "
        "of their oldest row.",
    )
    live_from: date | None = Field(
        default=None,
        description="The first night whose data comes as it happens; all before is history. Without it there are only "
        "the nights that declared datasets have.",
    )

    @field_validator("cutoff")
    @classmethod
    def _ends_a_night(cls, cutoff: str, info: ValidationInfo) -> str:
        if "every" in info.data:  # else it is refused by itself
            check_cutoff(cutoff, info.data["every"])
        return cutoff

    @field_validator("skip")
    @classmethod
    def _starts_a_night(
        cls, skip: tuple[date | SkippedSpan, ...], info: ValidationInfo
    ) -> tuple[date | SkippedSpan, ...]:
        if info.data.get("every") == "week" and "cutoff" in info.data:
            start = info.data["cutoff"].partition(" ")[0]
            for number, day in enumerate(skip):
                if isinstance(day, date) and (weekday := WEEKDAYS[day.weekday()]) != start:
                    raise ValueError(
                        f"{number}: no night starts on {day}, a {weekday}: write the date of a {start}, or a span "
                        "`{from: …, to: …}`"
                    )
        return skip

    @property
    def cutoff_time(self) -> time:
        """The cutoff as a time of the zone's wall clock."""
        return time.fromisoformat(self.cutoff.rpartition(" ")[2])

    @property
    def weekday(self) -> int | None:
        """The weekday on which a night starts, Monday 0; None where one starts each day."""
        return WEEKDAYS.index(self.cutoff.partition(" ")[0]) if self.every == "week" else None

    @property
    def days(self) -> int:
        """How many dates a night has that is followed by the next."""
        return 7 if self.every == "week" else 1
