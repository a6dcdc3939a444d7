"""The first run, and bulk work on nights: everything through Airflow, so that it shows in its UI."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from datetime import UTC, date, datetime

from rich.console import Console

from redeye.declarations.calendar import (
    count_nights,
    find_complete_night,
    find_next_night,
    list_calendar_nights,
    list_coming_days,
    list_nights,
    shift_nights,
    zone,
)
from redeye.declarations.played_models import find_first_model, load_played_specs
from redeye.declarations.project import FirstRun, project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, Settings, settings
from redeye.foundation.ui_links import link_play
from redeye.models.kinds.interface import Kind, find_kind
from redeye.operations.find_unplayed import list_missing_steps
from redeye.operations.logic.night_plan import PLAY
from redeye.scoring.export import LATEST
from redeye.sources.configured_source import load_source
from redeye.stack.airflow import airflow_api, closed_loop
from redeye.stack.airflow.airflow_api import AirflowApi, RunState, Watcher
from redeye.stack.airflow.stage_progress import StageProgress, show_stages
from redeye.stack.logic.remaining_time import Stage
from redeye.stack.rich_tables import Table

RISKIEST = 10
FIRST_RUN = "first run"
EXPECTED_SECONDS = {"build": 22.0, "score": 7.0, "monitor": 20.0, "train": 30.0}
"""Of a DAG's run by its verb, on 2 cores with the built-in project: until this installation has runs of its own."""
HISTORY_SECONDS, HISTORY_NIGHT_SECONDS = 20.0, 0.3
"""Of a build of many nights, and what each of them adds."""
DOCS_SECONDS = 12.0

BUILD = "build_warehouse"
HISTORY = "build_history"


def run(configured: Settings, console: Console) -> str:
    """Build the history, train, predict and judge the nights that the project names, and show the riskiest rows.

    What is done already is not done again. The other models that are played here follow the one that is named.

    Returns:
        The id of the riskiest prediction of the newest night.
    """
    from redeye.warehouse import dbt

    plan = plan_first_run()
    newest, last = head(), plan.history_last
    first = load_source().first_night if newest is None else find_next_night(newest)
    training, run_id = f"train_{plan.model}", f"first_run_{last}"
    nights = (find_next_night(last), plan.scored_last)
    with airflow_api.open_api(settings()) as api:
        for dag_id in (HISTORY, *_loop(plan.model)):
            api.unpause(dag_id)
        # Only what is missing is shown: a second call is soon done.
        history = [plan_history(first, last)] if first <= last else []
        trained = api.find(training, run_id)
        train = [] if trained and trained.is_well else [plan_training(api, plan.model)]
        builds = _plan_nights(api, "Build", "built", (BUILD,), *nights)
        loop = _plan_nights(api, "Score and judge", "scored and judged", _loop(plan.model)[1:3], *nights)
        # Once, so that the pages have them; `./redeye docs` renders them anew.
        docs = [] if dbt.docs_page().is_file() else [Stage("Render dbt's docs", DOCS_SECONDS)]
        with show_stages(console, [*history, *train, *builds, *loop, *docs]) as progress:
            for stage in history:
                build_history(api, progress, stage, first, last)
            for stage in train:
                conf = {"night": last.isoformat(), "reason": FIRST_RUN}
                trigger(api, progress, stage, training, conf, run_id)
            for stage in builds:
                with progress.stage(stage) as watch:
                    api.create_backfill(BUILD, *nights)
                    api.wait(
                        lambda: api.night_runs(BUILD, *nights), count_nights(nights[0], nights[1]), watch
                    )
            for stage in loop:
                _run_loop(api, progress, stage, plan.model, *nights)
            for stage in docs:
                with progress.stage(stage):
                    dbt.docs()
    if nights[0] <= nights[1] and list_missing_steps(*nights):
        backfill(console, *nights)
    night = find_newest_night(configured, plan.model) or plan.scored_last
    return show_riskiest(configured, console, plan, find_kind(load_played_specs()[plan.model]), night)


def _loop(model: str) -> tuple[str, ...]:
    return (BUILD, *(f"{verb}_{model}" for verb in ("score", "monitor", "train")))


def plan_history(first: date, last: date) -> Stage:
    """The build of many nights as one release."""
    nights = count_nights(first, last)
    seconds = HISTORY_SECONDS + nights * HISTORY_NIGHT_SECONDS
    return Stage(f"Build {nights} nights, {first} to {last}, as one release", seconds)


def plan_training(api: AirflowApi, model: str) -> Stage:
    """A training."""
    return Stage(f"Train {model}", _expect(api, f"train_{model}"))


def _plan_nights(
    api: AirflowApi, verb: str, past: str, dag_ids: tuple[str, ...], first: date, last: date
) -> list[Stage]:
    """What is missing of some DAGs' runs of nights as one stage; no stage if nothing is."""
    missing = {
        night
        for dag_id in dag_ids
        for night in set(list_nights(first, last))
        - {run.night for run in api.night_runs(dag_id, first, last) if run.is_well}
    }
    seconds = sum(_expect(api, dag_id) for dag_id in dag_ids)
    # Every run of these nights is waited for, also one that had ended before.
    runs: dict[date | None, int] = {night: len(dag_ids) for night in sorted(missing)}
    return [Stage(f"{verb} the nights {first} to {last}", seconds, runs, past)] if runs else []


def _expect(api: AirflowApi, dag_id: str) -> float:
    """Seconds that a run of a DAG takes: as its last ones here, or else as on 2 cores."""
    return api.measure_seconds(dag_id) or EXPECTED_SECONDS[dag_id.partition("_")[0]]


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
        stage = plan_history(find_next_night(newest), last)
        with show_stages(console, [stage]) as progress:
            build_history(api, progress, stage, find_next_night(newest), last)


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
        by_night: dict[date | None, int] = dict(Counter(sorted(night for _, night in counted)))
        seconds = sum(_expect(api, dag_id) for dag_id, _ in counted) / max(len(by_night), 1)
        stage = Stage(f"Play the nights {first} to {last}", seconds, by_night, "played")

        def show(watch: Watcher) -> None:
            runs = [
                run
                for dag_id in sorted({dag_id for dag_id, _ in counted})
                for run in api.night_runs(dag_id, first, last)
                if (run.dag_id, run.night) in counted
            ]
            running = (f"{run.dag_id} {run.night}" for run in runs if run.state == RunState.RUNNING)
            watch(runs, ", ".join(running))

        with show_stages(console, [stage]) as progress, progress.stage(stage) as watch:
            api.wait(lambda: [api.run(started)], 1, lambda _, __: show(watch))


def replay(console: Console, model: str, first: date, last: date) -> None:
    """Score and judge nights that are built, through the scheduler; trainings as a verdict asks for them."""
    with airflow_api.open_api(settings()) as api:
        for dag_id in _loop(model)[1:]:
            api.unpause(dag_id)
        stages = _plan_nights(api, "Score and judge", "scored and judged", _loop(model)[1:3], first, last)
        with show_stages(console, stages) as progress:
            for stage in stages:
                _run_loop(api, progress, stage, model, first, last)


def find_newest_night(configured: Settings, model: str) -> date | None:
    """The newest night that consumers have files of; None if there is none."""
    pointer = configured.exports / model / LATEST
    return date.fromisoformat(json.loads(pointer.read_bytes())["night"]) if pointer.exists() else None


def plan_first_run() -> FirstRun:
    """What the project declares of its first run; else all nights but the last three as history.

    A model that is not played here gives way to the first that is.

    Raises:
        ConfigError: if no spec can be read.
    """
    specs, declared = load_played_specs(), project().first_run
    if not (model := find_first_model(specs)):
        raise ConfigError(f"no spec in {SPECS} can be read: write one, then start again")
    if declared and declared.model == model:
        return declared
    own = {"model": model, "outcome": f"to be {specs[model].target.positive}"}
    if declared:
        return declared.model_copy(update=own)
    last = min(load_source().last_night, find_complete_night(datetime.now(UTC)))
    return FirstRun(**own, history_last=shift_nights(last, -3), scored_last=last)


def show_riskiest(configured: Settings, console: Console, plan: FirstRun, kind: Kind, night: date) -> str:
    """Print the rows of the coming day that are ranked first, from the consumers' file, with what is said of them.

    Returns:
        The id of the first one's prediction.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    subject, days = project().subject, list_coming_days(night)
    path = configured.exports / plan.model / night.isoformat() / "predictions.parquet"
    if not path.exists():
        raise ConfigError(f"{path} is missing: run `score_{plan.model}` for {night}")
    frame = parquet.read_table(pa.BufferReader(path.read_bytes())).to_pandas()
    frame = frame.sort_values("rank").head(RISKIEST)
    for name in subject.shown:
        if subject.columns[name].type == "instant":
            form = "%H:%M" if len(days) == 1 else "%a %d %b %H:%M"
            frame[name] = frame[name].dt.tz_convert(zone().key).dt.strftime(form)
    coming = " to ".join(dict.fromkeys((str(days[0]), str(days[-1]))))
    table = Table(title=f"The {len(frame)} {subject.many} of {coming} {_describe_first(plan, kind)}")
    for name in subject.shown:
        table.add_column(subject.title(name))
    for name in (*kind.texts, *kind.columns):
        table.add_column(name, justify="right")
    form = ".1%" if kind.amount.is_share else ".1f"
    for row in frame.to_dict("records"):
        numbers = (f"{row[name]:{form}}" for name in kind.columns)
        table.add_row(*(str(row[name]) for name in (*subject.shown, *kind.texts)), *numbers)
    console.print(table)
    console.print(f"All of them: {path}", highlight=False, soft_wrap=True)
    return str(frame["prediction_id"].iloc[0])


def _describe_first(plan: FirstRun, kind: Kind) -> str:
    """What the rows that are ranked first have in common."""
    match kind.outcome_form:
        case "flag":
            return f"most likely {plan.outcome.format(**project().constants)}"
        case "text":
            return f"most likely {kind.shown[kind.columns[0]]}"
    return f"with the highest {kind.spec.target.column}"


def head() -> date | None:
    """The night of the newest release."""
    from redeye.warehouse import release_store

    newest = release_store.latest_release()
    return newest.night if newest else None


def build_history(api: AirflowApi, progress: StageProgress, stage: Stage, first: date, last: date) -> None:
    """Build the nights `first` to `last` as one release, and wait for it."""
    conf = {"first": first.isoformat(), "last": last.isoformat()}
    trigger(api, progress, stage, HISTORY, conf, f"history_{first}_{last}")


def trigger(
    api: AirflowApi, progress: StageProgress, stage: Stage, dag_id: str, conf: dict[str, str], run_id: str
) -> None:
    """Start a run as a stage, unless it was before, and wait until it has ended well."""
    with progress.stage(stage) as watch:
        started = api.trigger(dag_id, conf, run_id=run_id)
        api.wait(lambda: [api.run(started)], 1, watch)


def _run_loop(
    api: AirflowApi, progress: StageProgress, stage: Stage, model: str, first: date, last: date
) -> None:
    """Score, judge and, where that is asked for, train: night by night."""
    spec = load_spec(SPECS / f"{model}.yaml")
    due = list_calendar_nights(spec.train_cron, first, last)
    with progress.stage(stage) as watch:
        closed_loop.run_nights(api, model, first, last, lag=spec.effective_lag_nights, watch=watch, due=due)
