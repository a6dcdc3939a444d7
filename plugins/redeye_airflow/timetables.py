"""The timetables: of nights, from cutoff to cutoff of the project's clock, and of a model's own training calendar.

Both end with the source's last night. A DAG's own `end_date` cannot say so: Airflow then never starts
the tasks of a run by hand that is dated today. `NightTimetable` differs from Airflow's cron
data-interval timetable in three ways, each of which loses or invents nights otherwise:

- A backfill given in days is of the nights of those dates, wherever the days are a person's own. Airflow reads
  `--to-date 2013-03-11` as the instant 00:00 UTC, which lies before that night starts, and its UI sends days from
  midnight to 23:59 as they are where the browser is: in Honolulu a day begins after the night of its date has.
- No run exists for a night outside the source's range, however wide the backfill.
- A run by hand dated at midnight, or at the start of a night, is that night; any other instant is the
  last night that was complete by then.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable
from pendulum import DateTime, instance

from redeye.declarations.calendar import (
    ONE_DAY,
    clock_cutoff,
    cutoff,
    describe_cutoff,
    find_next_instant,
    find_next_night,
    find_night,
    find_night_on,
    find_previous_night,
    find_start,
    zone,
)
from redeye.declarations.project import project


class _DatedByHand:
    """A run by hand is of the night that its date means."""

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """From the start of that night to its cutoff."""
        night = _bare_date(run_after)
        if night is None:
            # `find_night` counts a cutoff to the night it ends; by hand it is the start of the next one.
            ended = find_night(run_after)
            night = find_next_night(ended) if run_after == cutoff(ended) else find_previous_night(ended)
        night = find_night_on(night)
        return DataInterval(start=_start(night), end=instance(cutoff(night)))


class NightTimetable(_DatedByHand, CronDataIntervalTimetable):
    """One run a night, dated at the night's start, from `first_night` to `last_night`, both included."""

    def __init__(self, first_night: date, last_night: date) -> None:
        # Airflow shows and compares it; when a night starts is the calendar's to say.
        at, weekday = clock_cutoff(), project().clock.weekday
        super().__init__(
            f"{at.minute} {at.hour} * * {'*' if weekday is None else (weekday + 1) % 7}", zone().key
        )
        self.first_night = first_night
        self.last_night = last_night

    def serialize(self) -> dict[str, Any]:
        """What `deserialize` needs, as JSON."""
        return {"first_night": self.first_night.isoformat(), "last_night": self.last_night.isoformat()}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> NightTimetable:
        """The inverse of `serialize`."""
        return cls(date.fromisoformat(data["first_night"]), date.fromisoformat(data["last_night"]))

    @property
    def summary(self) -> str:
        """What the UI shows as the schedule."""
        return describe_cutoff()

    def _get_next(self, current: DateTime) -> DateTime:
        """The first start of a night after an instant."""
        end = cutoff(find_night(current))
        return instance(end if end > current else cutoff(find_next_night(find_night(current))))

    def _get_prev(self, current: DateTime) -> DateTime:
        """The last start of a night before an instant."""
        return _start(find_night(current))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next night's run, or None after the last one."""
        earliest, latest = restriction.earliest, restriction.latest
        # Only a backfill asks with `catchup`: these DAGs never catch up by themselves.
        if restriction.catchup and earliest is not None and latest is not None:
            first, last = read_dates(earliest, latest)
            earliest = _start(first) if first else earliest
            latest = _start(last) if last else latest
        bounds = TimeRestriction(
            max(earliest or _start(self.first_night), _start(self.first_night)),
            min(latest or _start(self.last_night), _start(self.last_night)),
            restriction.catchup,
        )
        return super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=bounds
        )


class CalendarTimetable(_DatedByHand, CronTriggerTimetable):
    """One run at each instant of a cron expression, by the project's clock, until `last_night` is over."""

    def __init__(self, cron: str, last_night: date) -> None:
        super().__init__(cron, timezone=zone().key)
        self.last_night = last_night

    def serialize(self) -> dict[str, Any]:
        """What `deserialize` needs, as JSON."""
        return {"cron": self._expression, "last_night": self.last_night.isoformat()}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> CalendarTimetable:
        """The inverse of `serialize`."""
        return cls(data["cron"], date.fromisoformat(data["last_night"]))

    def _get_next(self, current: DateTime) -> DateTime:
        """By the same function as a replay, which trains on the same nights."""
        return instance(find_next_instant(self._expression, current))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next run, or None once the last night is over."""
        end = instance(cutoff(find_next_night(self.last_night)))
        latest = end if restriction.latest is None else min(restriction.latest, end)
        return super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval,
            restriction=restriction._replace(latest=latest),
        )


def _start(night: date) -> DateTime:
    return instance(find_start(night))


def read_dates(earliest: DateTime, latest: DateTime) -> tuple[date | None, date | None]:
    """The dates that the bounds of a backfill mean, both included; None where a bound is an instant and no date.

    A bound may be the start of a night, a midnight, or for the latest the last minute of a day. Where a person was
    is not always said: in UTC, bounds that are the same time of day are taken for midnights of one place.
    """
    starts = _date_of_start(earliest), _date_of_start(latest)
    if all(starts):
        return starts
    begin, end = earliest, latest
    # Of any quarter of an hour: there are zones that many minutes from UTC.
    is_last_minute = latest.minute % _QUARTER == _QUARTER - 1
    if is_last_minute:
        end = latest.start_of("minute").add(minutes=1)
    first, after = _bare_date(begin), _bare_date(end)
    apart = (_find_minute(end) - _find_minute(begin)) % _DAY_MINUTES
    # Clocks may have changed in between.
    is_one_place = begin.second == 0 and min(apart, _DAY_MINUTES - apart) <= _CLOCK_CHANGE_MINUTES
    if not (first and after) and (is_one_place or is_last_minute):
        is_east = _is_east(end) or (is_one_place and _is_east(begin))
        first = first or (_date_anywhere(begin, is_east=is_east) if is_one_place else starts[0])
        after = after or _date_anywhere(end, is_east=is_east)
    last = after - ONE_DAY if after and is_last_minute else after
    return first or starts[0], last or starts[1]


_QUARTER = 15
_DAY_MINUTES = 24 * 60
_CLOCK_CHANGE_MINUTES = 60
# Midnight in Honolulu, the last place of a date that many live in; what comes later begins the next one elsewhere.
_LAST_MIDNIGHT = 10 * 60


def _find_minute(moment: DateTime) -> int:
    """The minute of the day in UTC."""
    utc = moment.in_timezone("UTC")
    return int(utc.hour * 60 + utc.minute)


def _is_east(midnight: DateTime) -> bool:
    return _find_minute(midnight) > _LAST_MIDNIGHT


def _date_anywhere(midnight: DateTime, *, is_east: bool) -> date:
    """The date that begins at an instant, somewhere: the next one of UTC's east of it."""
    utc = midnight.in_timezone("UTC")
    found = date(utc.year, utc.month, utc.day)
    return found + ONE_DAY if is_east else found


def _date_of_start(moment: DateTime) -> date | None:
    local = moment.in_timezone(zone().key)
    night = date(local.year, local.month, local.day)
    return night if moment == find_start(night) else None


def _bare_date(moment: DateTime) -> date | None:
    """The date that was typed without a time: midnight where it says, in UTC (the CLI) or by the project's clock."""
    for local in (moment, moment.in_timezone("UTC"), moment.in_timezone(zone().key)):
        if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
            return date(local.year, local.month, local.day)
    return None
