"""Replaying nights in one process, with an estimate of how long it takes, and its result."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from redeye.cli.shell import FirstNight, LastNight, ModelOption, check_order, console, enter, start
from redeye.declarations.calendar import count_nights
from redeye.stack.rich_tables import Table, night_column

app = typer.Typer()

STOPPED = 130


class Via(StrEnum):
    """What runs the nights."""

    PROCESS = "process"
    AIRFLOW = "airflow"


@app.command()
def replay(
    first: FirstNight,
    last: LastNight,
    model: ModelOption,
    via: Annotated[Via, typer.Option(help="In this process, or through Airflow's scheduler.")] = Via.PROCESS,
) -> None:
    """Score, judge and, where a verdict asks for it, train the nights FROM to TO; then write the season report.

    The nights must be built. Ctrl-C stops it; the same command goes on where it was. Both ways give the same
    rows; only with `--via airflow` does Airflow show the nights, and the stack is started for it.
    """
    check_order(first, last)
    if via is Via.AIRFLOW:
        _run_by_scheduler(model, first, last)
    else:
        enter(writes_outside=True)
        is_whole = _run(model, first, last)
        if not is_whole:
            _show(model, first, last)
            console.print("Stopped: the same command goes on from here.")
            raise typer.Exit(STOPPED)
    _show(model, first, last)
    _report(model, first, last)


@app.command()
def season(
    first: FirstNight,
    last: LastNight,
    model: ModelOption,
) -> None:
    """Write the season report on nights that were scored: the loop against a model that was never retrained."""
    check_order(first, last)
    enter(writes_outside=True)
    _report(model, first, last)


def _run_by_scheduler(model: str, first: date, last: date) -> None:
    from redeye.operations import replay as job
    from redeye.stack.airflow import first_run

    start()
    job.check(first, last)
    first_run.replay(console, model, first, last)


def _report(model: str, first: date, last: date) -> None:
    from redeye.studies.progress import Step
    from redeye.studies.season.report_season import write_season

    with Progress(
        TextColumn("season report"), BarColumn(bar_width=20), MofNCompleteColumn(), console=console
    ) as bars:
        bar = bars.add_task("report", total=count_nights(first, last))

        def report(step: Step) -> None:
            bars.update(bar, completed=step.done, total=step.of)

        page = write_season(model, first, last, report=report)
    console.print(f"[green]Season report:[/] {page}", soft_wrap=True)
    console.print(f"As Markdown:   {page.with_suffix('.md')}", soft_wrap=True)


def _run(model: str, first: date, last: date) -> bool:
    from redeye.operations import replay as job

    job.check(first, last)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console
    ) as bars:
        bar = bars.add_task(str(first), total=count_nights(first, last))
        try:
            for night in job.replay(model, first, last):
                bars.update(bar, advance=1, description=f"{night.night} {night.verdict}")
                if night.is_requested:
                    bars.console.print(f"night {night.night}: a training was asked for")
                elif not console.is_terminal and night.seconds:
                    bars.console.print(
                        f"night {night.night}: {night.verdict or 'gap'}, {night.seconds:.1f} s"
                    )
        except KeyboardInterrupt:
            return False
    return True


def _show(model: str, first: date, last: date) -> None:
    from redeye.operations import replay as job

    table = Table(
        night_column(), "because", "training", "serves from", title=f"Requests from {first} to {last}"
    )
    for decision, training in job.requests(model, first, last):
        became, serves = "open", ""
        if training is not None:
            became = f"{'promoted' if training.is_promoted else 'not promoted'}: {training.reason}"
            if training.effective_night:
                serves = f"{training.effective_night}, version {training.champion_version}"
        table.add_row(
            str(decision.night), escape(decision.reason.replace("; ", "\n")), escape(became), serves
        )
    console.print(table if table.row_count else "No verdict asked for a training.")
