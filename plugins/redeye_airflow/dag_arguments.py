"""What every DAG has in common: defaults, the nightly timetable, the params of runs by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from airflow.sdk import Param

from redeye.declarations.calendar import find_start
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

# Above 1, so that a run by hand of an earlier night can start while a scheduled one waits for it.
ACTIVE_RUNS = 4


def schedule_nightly(last: date) -> dict[str, Any]:
    """Arguments of a DAG that runs every night, from the source's first night to `last`.

    A source that comes weeks late has no night on time: its DAGs have no schedule.
    """
    nights = source_nights()
    return {
        "schedule": NightTimetable(nights.first, last) if nights.is_prompt else None,
        "start_date": find_start(nights.first),
        "catchup": False,
        "max_active_runs": ACTIVE_RUNS,
        "default_args": DEFAULTS,
        "params": {ParamName.NIGHT.value: night_param()},
    }


def describe_dag(description: str, tags: Sequence[str]) -> dict[str, Any]:
    """Description and tags of a DAG; on a shifted calendar both say so."""
    weeks = settings().shift_weeks
    if not weeks:
        return {"description": description, "tags": list(tags)}
    return {
        "description": f"{description} Shifted by {weeks} weeks: none of it happened on these dates.",
        "tags": [*tags, Tag.SHIFTED],
    }


def night_param() -> Param:
    """The night of a run by hand. Scheduled and backfill runs take theirs from their dates."""
    return Param(
        None,
        type=["null", "string"],
        format="date",
        title="Night",
        description="Only for a run by hand: the date on which the night starts, as 2013-04-02.",
    )


def again_params() -> dict[str, Param]:
    """What a repair or a rebuild is asked for."""
    return {
        ParamName.NIGHT.value: Param(
            source_nights().first.isoformat(),
            type="string",
            format="date",
            title="First night",
            description="The first night to build again; all nights after it follow.",
        ),
        ParamName.KIND.value: Param(
            str(ReleaseKind.REPAIR),
            type="string",
            enum=[str(kind) for kind in AGAIN],
            title="Kind",
            description="repair: data that was restated or came late. rebuild: changed dbt code.",
        ),
        ParamName.REASON.value: Param(
            "", type="string", minLength=1, title="Reason", description="Kept with the release for good."
        ),
    }


def range_params() -> dict[str, Param]:
    """The first and last night of a build over a range, both included."""
    nights = source_nights()
    return {
        ParamName.FIRST.value: Param(
            nights.first.isoformat(),
            type="string",
            format="date",
            title="First night",
            description=f"Included. The source begins with {nights.first}.",
        ),
        ParamName.LAST.value: Param(
            (nights.first + timedelta(days=90)).isoformat(),
            type="string",
            format="date",
            title="Last night",
            description=f"Included. The source ends with {nights.final}.",
        ),
    }
