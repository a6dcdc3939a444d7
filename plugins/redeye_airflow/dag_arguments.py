"""What every DAG has in common: defaults, when it runs, the params of runs by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param
from airflow.timetables.base import Timetable

from redeye.declarations.calendar import find_start, shift_nights, zone
from redeye.foundation.engine.command import name_commands
from redeye.foundation.settings import settings
from redeye.warehouse.logic.releases import AGAIN, ReleaseKind
from redeye_airflow.nights import source_nights
from redeye_airflow.timetables import NightTimetable
from redeye_airflow.vocabulary import OWNER, ParamName, Tag

# Delays are short: what a retry can mend here (a held lease, a lost connection) passes quickly.
DEFAULTS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "execution_timeout": timedelta(minutes=30),
}


def schedule_nightly(last: date) -> dict[str, Any]:
    """Arguments of a DAG that runs every night, from the source's first night to `last`.

    A source that comes weeks late has no night on time: its DAGs have no schedule.
    """
    nights = source_nights()
    return run_by_night(NightTimetable(nights.first_night, last) if nights.is_prompt else None)


def run_by_night(schedule: Timetable | None, params: Mapping[str, Param] | None = None) -> dict[str, Any]:
    """Arguments of a DAG each of whose runs stands for a night: by hand, that of its parameter."""
    night = Param(
        None,
        type=["null", "string"],
        format="date",
        title="Night",
        description="Only for a run by hand: the date on which the night starts, as 2013-04-02.",
    )
    return {
        "schedule": schedule,
        "start_date": find_start(source_nights().first_night),
        "catchup": False,
        # Above 1, so that a run by hand of an earlier night can start while a scheduled one waits for it.
        "max_active_runs": 4,
        "default_args": DEFAULTS,
        "params": {ParamName.NIGHT.value: night, **(params or {})},
    }


def describe_dag(description: str, tags: Sequence[str], doc: str | None) -> dict[str, Any]:
    """Description, tags and docs of a DAG; on a shifted calendar the first two say so."""
    weeks = settings().shift_weeks
    if weeks:
        description += f" Shifted by {weeks} weeks: none of it happened on these dates."
    return {
        "description": description,
        "tags": [*tags, *([Tag.SHIFTED] if weeks else [])],
        "doc_md": name_commands(doc or ""),
    }


def schedule_weekly() -> dict[str, Any]:
    """Arguments of a DAG that runs once a week by the project's clock, whatever nights the source has."""
    return {
        # Sunday at noon: the night's work is done long since, and nobody waits for the leases until the next one.
        "schedule": CronTriggerTimetable("0 12 * * 0", timezone=zone().key),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULTS,
    }


def run_by_hand(params: Mapping[str, Param]) -> dict[str, Any]:
    """Arguments of a DAG that a person starts for many nights at once, and that takes its time."""
    return {
        "schedule": None,
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULTS | {"execution_timeout": timedelta(hours=2)},
        "params": params,
    }


def again_params() -> dict[str, Param]:
    """What a repair or a rebuild is asked for."""
    return {
        ParamName.NIGHT.value: _require_night(
            source_nights().first_night,
            "First night",
            "The first night to build again; all nights after it follow.",
        ),
        ParamName.KIND.value: Param(
            str(ReleaseKind.REPAIR),
            type="string",
            enum=[str(kind) for kind in AGAIN],
            title="Kind",
            description="repair: nights that were left out. rebuild: changed dbt code.",
        ),
        ParamName.REASON.value: Param(
            "", type="string", minLength=1, title="Reason", description="Kept with the release for good."
        ),
    }


def range_params() -> dict[str, Param]:
    """The first and last night of a build over a range, both included."""
    first, final = source_nights().first_night, source_nights().final_night
    return {
        ParamName.FIRST.value: _require_night(
            first, "First night", f"Included. The source begins with {first}."
        ),
        ParamName.LAST.value: _require_night(
            shift_nights(first, 90), "Last night", f"Included. The source ends with {final}."
        ),
    }


def _require_night(default: date, title: str, description: str) -> Param:
    return Param(default.isoformat(), type="string", format="date", title=title, description=description)
