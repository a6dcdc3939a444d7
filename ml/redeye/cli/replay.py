"""Replaying nights in one process, with an estimate of how long it takes, and what it came to."""

from __future__ import annotations

from datetime import date
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
from rich.table import Table

from redeye.cli.shell import console, enter, parsed_night, told_plainly
from redeye.core.errors import ConfigError

app = typer.Typer()

STOPPED = 130


@app.command()
def replay(
    first: Annotated[str, typer.Argument(metavar="FROM", help="The first night, as 2013-04-04.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="The last night, included.")],
    model: Annotated[str, typer.Option(help="The model, as its spec names it.")] = "flight_delay",
) -> None:
    """Score, judge and, where a verdict asks for it, train the nights FROM to TO in this process.

    The nights must be built. Ctrl-C stops it; the same command goes on where it was. Airflow shows none of it.
    """
    with told_plainly():
        first_night, last_night = parsed_night("FROM", first), parsed_night("TO", last)
        if first_night > last_night:
            raise ConfigError(f"FROM={first} is after TO={last}")
        enter()
        is_whole = _run(model, first_night, last_night)
        _show(model, first_night, last_night)
        if not is_whole:
            console.print("Stopped: the same command goes on from here.")
            raise typer.Exit(STOPPED)


def _run(model: str, first: date, last: date) -> bool:
    from redeye.jobs import replay as job

    job.check(first, last)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console
    ) as bars:
        bar = bars.add_task(str(first), total=(last - first).days + 1)
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
    from redeye.jobs import replay as job

    table = Table("night", "because", "training", "serves from", title=f"Requests from {first} to {last}")
    for request in job.requests(model, first, last):
        decision, training = request.decision.decision, request.training
        became, serves = "open", ""
        if training is not None:
            became = f"{'promoted' if training.is_promoted else 'not promoted'}: {training.reason}"
            if training.effective_night:
                serves = f"{training.effective_night}, version {training.champion_version}"
        table.add_row(
            str(decision.night), escape(decision.reason.replace("; ", "\n")), escape(became), serves
        )
    console.print(table if table.row_count else "No verdict asked for a training.")
