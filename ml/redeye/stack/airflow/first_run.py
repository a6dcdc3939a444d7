"""The first run, and bulk work on nights: everything through Airflow, so that it shows in its UI."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from redeye.declarations.calendar import ONE_DAY, coming_day, list_calendar_nights, zone
from redeye.declarations.project import project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, Settings, settings
from redeye.foundation.ui_links import link_play
from redeye.operations.find_unplayed import list_missing_steps
from redeye.operations.logic.night_plan import PLAY
from redeye.sources.configured_source import load_source
from redeye.stack.airflow import airflow_api, closed_loop
from redeye.stack.airflow.airflow_api import AirflowApi, Run, RunState, Watcher

RISKIEST = 10
FIRST_RUN = "first run"

BUILD = "build_warehouse"
HISTORY = "build_history"


def run(configured: Settings, console: Console) -> None:
    """Build the history, train, predict and judge the nights that the project names, and show the riskiest rows.

    What is done already is not done again.
    """
    from redeye.warehouse import dbt

    plan = project().first_run
    with airflow_api.open_api(settings()) as api:
        for dag_id in (HISTORY, *_loop(plan.model)):
            api.unpause(dag_id)
        newest = head()
        if newest is None or newest < plan.history_last:
            first = load_source().first_night if newest is None else newest + ONE_DAY
            build_history(api, console, first, plan.history_last)
        conf = {"night": plan.history_last.isoformat(), "reason": FIRST_RUN}
        trigger(api, console, f"train_{plan.model}", conf, f"first_run_{plan.history_last}")
        _run_nights(api, console, plan.model, plan.history_last + ONE_DAY, plan.scored_last)
    if not dbt.docs_page().is_file():
        # Once, so that the pages have them; `redeye docs` renders them anew.
        with console.status("Rendering dbt's docs"):
            dbt.docs()
    show_riskiest(configured, console, plan.scored_last)


def _loop(model: str) -> tuple[str, ...]:
    return (BUILD, *(f"{verb}_{model}" for verb in ("score", "monitor", "train")))


def load_year(console: Console) -> None:
    """Bring the warehouse from the night after its last release to the source's last, in one build.

    Raises:
        ConfigError: if there is no release yet.
    """
    if weeks := settings().shift_weeks:
        raise ConfigError(
            f"this installation is shifted by {weeks} weeks: the rest of its year lies ahead, night by night"
        )
    newest = head()
    if newest is None:
        raise ConfigError("the warehouse has no release yet: `make run` makes the first one")
    last = load_source().final_night
    if newest >= last:
        console.print(f"The warehouse already reaches {newest}.")
        return
    with airflow_api.open_api(settings()) as api:
        api.unpause(HISTORY)
        build_history(api, console, newest + ONE_DAY, last)


def backfill(console: Console, first: date, last: date) -> None:
    """Play the nights `first` to `last`, both included: what is missing is built, scored and judged, for every model.

    The same run of Airflow as the action *Play nights* starts: its page shows and stops it, and it goes on if this
    command is ended.

    Raises:
        ConfigError: if the warehouse is empty or ends before the night before `first`.
    """
    steps = list_missing_steps(first, last)
    if not steps:
        console.print(f"Nothing is missing of the nights {first} to {last}.")
        return
    with airflow_api.open_api(settings()) as api:
        trained = (f"train_{step.model}" for step in steps if step.model)
        for dag_id in sorted({PLAY, *trained, *(step.dag_id for step in steps)}):
            api.unpause(dag_id)
        conf = {"first": first.isoformat(), "last": last.isoformat()}
        run_id = f"{first}_to_{last}__{secrets.token_hex(8)}"
        started = api.trigger(PLAY, conf, run_id=run_id, is_of_nights=False)
        console.print(f"Each night, and a button that stops it: {link_play(started.run_id)}", soft_wrap=True)
        counted = {(step.dag_id, step.night) for step in steps if step.verb != "train"}

        def show(watch: Watcher) -> None:
            runs = [
                run
                for dag_id in sorted({dag_id for dag_id, _ in counted})
                for run in api.night_runs(dag_id, first, last)
                if (run.dag_id, run.night) in counted
            ]
            running = (f"{run.dag_id} {run.night}" for run in runs if run.state == RunState.RUNNING)
            watch(runs, ", ".join(running))

        with _progress(console, f"{PLAY} {first} to {last}", len(counted)) as watch:
            api.wait(lambda: [api.run(started)], 1, lambda _, __: show(watch))


def replay(console: Console, model: str, first: date, last: date) -> None:
    """Score and judge nights that are built, through the scheduler; trainings as a verdict asks for them."""
    with airflow_api.open_api(settings()) as api:
        for dag_id in _loop(model)[1:]:
            api.unpause(dag_id)
        _run_loop(api, console, model, first, last)


def show_riskiest(configured: Settings, console: Console, night: date) -> None:
    """Print the rows of the coming day whose outcome is most likely, from the consumers' file."""
    import pyarrow.parquet as parquet

    plan, subject = project().first_run, project().subject
    path = configured.exports / plan.model / night.isoformat() / "predictions.parquet"
    if not path.exists():
        raise ConfigError(f"{path} is missing: run `score_{plan.model}` for {night}")
    frame = parquet.read_table(io.BytesIO(path.read_bytes())).to_pandas()
    frame = frame.sort_values("probability", ascending=False).head(RISKIEST)
    for name in subject.shown:
        if subject.columns[name].type == "instant":
            frame[name] = frame[name].dt.tz_convert(zone().key).dt.strftime("%H:%M")
    outcome = plan.outcome.format(**project().constants)
    table = Table(title=f"The {len(frame)} {subject.many} of {coming_day(night)} most likely {outcome}")
    for name in subject.shown:
        table.add_column(subject.title(name))
    table.add_column("probability", justify="right")
    for row in frame.to_dict("records"):
        table.add_row(*(str(row[name]) for name in subject.shown), f"{row['probability']:.1%}")
    console.print(table)
    console.print(f"All of them: {path}")


def head() -> date | None:
    """The night of the newest release."""
    from redeye.warehouse import release_store

    newest = release_store.latest_release()
    return newest.night if newest else None


def build_history(api: AirflowApi, console: Console, first: date, last: date) -> None:
    """Build the nights `first` to `last` as one release, and wait for it."""
    conf = {"first": first.isoformat(), "last": last.isoformat()}
    trigger(api, console, HISTORY, conf, f"history_{first}_{last}")


def trigger(api: AirflowApi, console: Console, dag_id: str, conf: dict[str, str], run_id: str) -> None:
    """Start a run, unless it was before, and wait until it has ended well."""
    started = api.trigger(dag_id, conf, run_id=run_id)
    with _progress(console, f"{dag_id} {' '.join(conf.values())}", 1) as watch:
        api.wait(lambda: [api.run(started)], 1, watch)


def _run_nights(api: AirflowApi, console: Console, model: str, first: date, last: date) -> None:
    """Build the nights, then score, judge and, where that is asked for, train: night by night."""
    api.create_backfill(BUILD, first, last)
    count = (last - first).days + 1
    with _progress(console, f"{BUILD} {first} to {last}", count) as watch:
        api.wait(lambda: api.night_runs(BUILD, first, last), count, watch)
    _run_loop(api, console, model, first, last)


def _run_loop(api: AirflowApi, console: Console, model: str, first: date, last: date) -> None:
    spec = load_spec(SPECS / f"{model}.yaml")
    due = list_calendar_nights(spec.train_cron, first, last)
    title = f"score_{model} and monitor_{model} {first} to {last}"
    with _progress(console, title, 2 * ((last - first).days + 1)) as watch:
        closed_loop.run_nights(api, model, first, last, lag=spec.effective_lag_nights, watch=watch, due=due)


@contextmanager
def _progress(console: Console, title: str, expected: int) -> Iterator[Watcher]:
    if not console.is_terminal:
        yield _lines(console, title, expected)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
    )
    now = TextColumn("[dim]{task.fields[now]}")
    with Progress(*columns, TimeElapsedColumn(), now, console=console) as bars:
        bar = bars.add_task(title, total=expected, now="")

        def watch(runs: list[Run], now: str) -> None:
            bars.update(bar, completed=sum(run.is_done for run in runs), now=now)

        yield watch


def _lines(console: Console, title: str, expected: int) -> Watcher:
    """Progress for logs, where a bar would not be seen before its end: a line at each change."""
    reported: list[tuple[int, str]] = []

    def watch(runs: list[Run], now: str) -> None:
        state = (sum(run.is_done for run in runs), now)
        if state not in reported[-1:]:
            reported.append(state)
            console.print(f"{title}: {state[0]} of {expected} done {now}".rstrip(), soft_wrap=True)

    return watch
