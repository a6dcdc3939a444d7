"""The timetables: of nights, from cutoff to cutoff of the project's clock, and of a model's own training calendar.

Both end with the source's last night. A DAG's own `end_date` cannot say so: Airflow then never starts
the tasks of a run by hand that is dated today. `NightTimetable` differs from Airflow's cron
data-interval timetable in three ways, each of which loses or invents nights otherwise:

- A backfill's end given as a bare date (midnight) includes the night of that date. Airflow reads
  `--to-date 2013-03-11` as the instant 00:00 UTC, which lies before that night starts.
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
    find_next_instant,
    find_night,
    find_start,
    zone,
)


class _DatedByHand:
    """A run by hand is of the night that its date means."""

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """From the start of that night to its cutoff."""
        night = _bare_date(run_after)
        if night is None:
            # `find_night` counts a cutoff to the night it ends; by hand it is the start of the next one.
            ended = find_night(run_after)
            night = ended + ONE_DAY if run_after == cutoff(ended) else ended - ONE_DAY
        return DataInterval(start=_start(night), end=instance(cutoff(night)))


class NightTimetable(_DatedByHand, CronDataIntervalTimetable):
    """One run a night, dated at the night's start, from `first_night` to `last_night`, both included."""

    def __init__(self, first_night: date, last_night: date) -> None:
        at = clock_cutoff()
        super().__init__(f"{at.minute} {at.hour} * * *", zone().key)
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
        return f"{clock_cutoff():%H:%M} {zone().key.rpartition('/')[2].replace('_', ' ')}"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next night's run, or None after the last one."""
        earliest, latest = restriction.earliest, restriction.latest
        # Only a backfill asks with `catchup`: these DAGs never catch up by themselves.
        if restriction.catchup and latest is not None and (night := _bare_date(latest)) is not None:
            latest = _start(night)
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
        end = instance(cutoff(self.last_night)).add(days=1)
        latest = end if restriction.latest is None else min(restriction.latest, end)
        return super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval,
            restriction=restriction._replace(latest=latest),
        )


def _start(night: date) -> DateTime:
    return instance(find_start(night))


def _bare_date(moment: DateTime) -> date | None:
    """The date that was typed without a time: midnight in UTC (the CLI, the UI's default) or by the project's clock."""
    for name in ("UTC", zone().key):
        local = moment.in_timezone(name)
        if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
            return date(local.year, local.month, local.day)
    return None
