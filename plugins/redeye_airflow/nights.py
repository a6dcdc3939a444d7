"""Which nights a DAG run stands for, and what else a job may know of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from redeye.declarations.calendar import check_night, cutoff, find_complete_night, zone
from redeye.foundation.errors import ConfigError
from redeye.sources.configured_source import load_source
from redeye_airflow.vocabulary import ParamName, RunType

# Asked for at every DAG, and the same as long as the process lives.
source_nights = lru_cache(maxsize=1)(load_source)


@dataclass(frozen=True)
class NightRun:
    """A DAG run as the jobs see it.

    Attributes:
        last: last night; the same as `first` except in a build over a range.
        run_type: how it came about.
        actor: who triggered it, the verdict that asked for it, or the kind of run.
        reason: what was given as the reason.
    """

    first: date
    last: date
    run_id: str
    run_type: str
    actor: str
    reason: str

    @property
    def is_scheduled(self) -> bool:
        """Whether the scheduler made it by the clock: only such a run waits for a night to be built."""
        return self.run_type == RunType.SCHEDULED

    @property
    def label(self) -> str:
        """The night or nights, for messages."""
        return str(self.last) if self.first == self.last else f"{self.first} to {self.last}"

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> NightRun:
        """The nights of the run with this task context.

        Raises:
            ConfigError: if the run names no night, a wrong one, or one the source does not have.
        """
        run = context["dag_run"]
        params = context.get("params") or {}
        run_type = _find_run_type(run)
        if ParamName.FIRST in params or ParamName.LAST in params:
            first, last = (_parse(name, params.get(name)) for name in (ParamName.FIRST, ParamName.LAST))
        else:
            first = last = find_night_of_run(context)
        known = source_nights()
        if first > last:
            raise ConfigError(f"first={first} is after last={last}: swap them")
        for night in map(check_night, (first, last)):
            if not known.first_night <= night <= known.final_night:
                raise ConfigError(
                    f"night {night} is outside the source's nights {known.first_night} to {known.final_night}: "
                    f'give one of those, for example {{"night": "{known.last_night}"}}'
                )
        return cls(
            first=first,
            last=last,
            run_id=run.run_id,
            run_type=run_type,
            # A training takes over the name of whoever ran the monitor, who asked for nothing.
            actor="verdict" if run_type == RunType.REQUESTED else run.triggering_user_name or run_type,
            reason=params.get(ParamName.REASON) or f"{run_type} run",
        )


def find_night_of_run(context: Mapping[str, Any]) -> date:
    """The night that the run of this task context stands for.

    A scheduled or backfill run: the date on which its data interval starts. A run by hand: its
    parameter `night`, else its data interval.

    Raises:
        ConfigError: if the run names no night, or both a date and a parameter that disagree with a backfill.
    """
    run = context["dag_run"]
    typed = (context.get("params") or {}).get(ParamName.NIGHT)
    start: datetime | None = context.get("data_interval_start")
    run_type = _find_run_type(run)
    if run_type in (RunType.SCHEDULED, RunType.BACKFILL):
        if typed is not None:
            raise ConfigError(
                f"night={typed!r} was given to a {run_type} run, whose nights come from its dates: "
                "start it again without that parameter"
            )
        if start is None:
            raise ConfigError(f"run {run.run_id} is a {run_type} run without a data interval")
    elif typed is not None:
        return _parse(ParamName.NIGHT, typed)
    if start is None:
        raise ConfigError(
            f'run {run.run_id} names no night: trigger it with {{"night": "YYYY-MM-DD"}} or with a date'
        )
    end: datetime | None = context.get("data_interval_end")
    if end is None or end == start:
        # A run of a calendar that is no timetable of nights.
        return find_complete_night(start)
    return start.astimezone(zone()).date()


def _find_run_type(run: object) -> str:
    run_type = getattr(run, "run_type", "")
    return str(getattr(run_type, "value", run_type))


def _parse(name: ParamName, value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ConfigError(f'{name.value}={value!r} is no night: write it as {{"{name.value}": "2013-04-02"}}')


def compute_deadline(run: NightRun, wait: timedelta, now: datetime) -> datetime:
    """When a wait ends: so long after the night's cutoff, or after `now` for a run that is not on time."""
    return cutoff(run.last) + wait if run.is_scheduled else now + wait
