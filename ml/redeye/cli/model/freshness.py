"""An experiment: what the length of the window and the age of a model are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redeye.cli.shell import ModelArgument, console, enter, report_errors
from redeye.cli.steps import show_steps
from redeye.foundation.settings import RESULTS

app = typer.Typer()


@app.command()
def freshness(
    model: ModelArgument,
    to: Annotated[Path, typer.Option(help="Folder for freshness.md and freshness/.")] = RESULTS,
    threads: Annotated[int | None, typer.Option(help="To fit with; the setting, if left out.")] = None,
) -> None:
    """Measure what the length of the window and the age of a model are worth, and write docs/results/freshness.md.

    The stack must run and hold the year (`redeye load-year`). Interrupted, it goes on where it was.
    """
    from redeye.studies.freshness.run_freshness import gather

    with report_errors():
        enter()
        with show_steps("trainings") as report:
            page = gather(model, to, report=report, threads=threads)
        console.print(f"[green]Written:[/] {page}")
