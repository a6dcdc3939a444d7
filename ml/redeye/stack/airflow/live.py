"""A live installation: the source's calendar shifted so that the nightly DAGs fire tonight, by themselves."""

from __future__ import annotations

from datetime import date, timedelta

from rich.console import Console

from redeye.declarations.calendar import (
    coming_day,
    describe_cutoff,
    find_next_night,
    find_previous_night,
)
from redeye.declarations.played_models import load_played_specs
from redeye.foundation.atomic_files import write_text
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SHIFT_FILE, Settings, settings
from redeye.sources.configured_source import load_source
from redeye.stack.airflow import airflow_api, first_run
from redeye.stack.airflow.stage_progress import show_stages
from redeye.stack.servers.supervisor import Supervisor

FIRST_TRAINING = "first training of a live installation"
HISTORY_WEEKS = 13
"""Three months: as much as the first run on the source's own calendar trains on."""
# Beside the models' own DAGs; the build last, for the others wait for it.
BY_THE_CLOCK = ("maintain_lake", first_run.BUILD)


def choose(configured: Settings, tonight: date, *, history_weeks: int = HISTORY_WEEKS) -> int:
    """By how many weeks this installation is shifted: what stands, or what suits tonight, from now on.

    A new choice is written to the home, where every later shell finds it.

    Raises:
        ConfigError: if the installation has data of the source's own calendar, its servers run already, the
            environment says that nothing is shifted, or the shifted source has no night any more.
    """
    weeks = configured.shift_weeks
    if not weeks:
        if any((configured.home / "landing").glob("*/*/*")):
            raise ConfigError(
                f"{configured.home} holds data of the source's own calendar, which cannot be shifted any more: "
                "set REDEYE_HOME to another folder, or delete the data with `make reset`"
            )
        if Supervisor(configured).pid() is not None:
            raise ConfigError("the stack runs on the source's own calendar: stop it first with `make stop`")
        source = load_source()
        weeks = weeks_until(tonight, source.first_night, source.last_night, history_weeks=history_weeks)
        configured.home.mkdir(parents=True, exist_ok=True)
        write_text(configured.home / SHIFT_FILE, f"{weeks}\n")
        settings.cache_clear()
        if settings().shift_weeks != weeks:
            (configured.home / SHIFT_FILE).unlink()
            raise ConfigError("REDEYE_SHIFT_WEEKS=0 says that nothing is shifted: unset it")
    source = load_source()
    if not source.first_night < tonight <= source.last_night:
        raise ConfigError(
            f"shifted by {weeks} weeks the source has the nights {source.first_night} to {source.last_night}, "
            f"not {tonight}: begin again with `make reset` or another REDEYE_HOME"
        )
    return weeks


def run(console: Console, tonight: date) -> None:
    """Build everything up to last night, train, and leave the nightly DAGs to the clock.

    May be run again: nights that were missed while the stack did not run are built as history.
    """
    from redeye.champions import promotion_store

    weeks, source = settings().shift_weeks, load_source()
    last = find_previous_night(tonight)
    specs = load_played_specs()
    with airflow_api.open_api(settings()) as api:
        for dag_id in (first_run.HISTORY, *(f"train_{model}" for model in specs)):
            api.unpause(dag_id)
        newest = first_run.head()
        first = source.first_night if newest is None else find_next_night(newest)
        history = [first_run.plan_history(first, last)] if first <= last else []
        trainings = {
            model: first_run.plan_training(api, model)
            for model in specs
            if newest is None or promotion_store.read_champion(model, tonight) is None
        }
        with show_stages(console, [*history, *trainings.values()]) as progress:
            for stage in history:
                first_run.build_history(api, progress, stage, first, last)
            for model, stage in trainings.items():
                # A decision takes effect two nights later: the first night that fires is scored by what was trained.
                conf = {"night": find_previous_night(last).isoformat(), "reason": FIRST_TRAINING}
                first_run.trigger(api, progress, stage, f"train_{model}", conf, f"live_{last}")
        nightly = [f"{verb}_{model}" for model in specs for verb in ("score", "monitor")]
        for dag_id in (*nightly, *BY_THE_CLOCK):
            api.unpause(dag_id)
    console.print(
        f"[bold]Live, shifted by {weeks} weeks.[/] At {describe_cutoff()} the night {tonight} "
        f"ends, with the data of {tonight - timedelta(weeks=weeks)}. Then "
        f"{', '.join((first_run.BUILD, *nightly))} run by themselves and predict {coming_day(tonight)}. "
        f"The last night is {source.last_night}. "
        "None of it happened on these dates."
    )


def weeks_until(
    tonight: date, first_night: date, last_night: date, *, history_weeks: int = HISTORY_WEEKS
) -> int:
    """By how many weeks to shift a source so that `tonight` comes after just so many whole weeks of history.

    The least history leaves the most nights to come: the source has one year, and when its last night is over
    nothing fires any more. The weekday stays, the season does not. The source's first night, and the last that
    is followed by a day with a schedule, are those of its own calendar.

    Raises:
        ConfigError: if the source is shorter than that, or does not lie in the past.
    """
    earliest = first_night + timedelta(weeks=history_weeks)
    given = earliest + timedelta(days=(tonight - earliest).days % 7)
    if given > last_night:
        raise ConfigError(
            f"{history_weeks} weeks of history leave no night to come: the source has {first_night} to {last_night}"
        )
    weeks = (tonight - given).days // 7
    if weeks < 1:
        raise ConfigError(f"tonight, {tonight}, does not lie after the source's night {given}")
    return weeks
