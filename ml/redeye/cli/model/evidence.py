"""A year's evidence: one command for its table and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redeye.cli.shell import ModelArgument, console, enter, parse_night, report_errors
from redeye.cli.steps import show_steps
from redeye.foundation.settings import RESULTS

app = typer.Typer()


@app.command()
def evidence(
    model: ModelArgument,
    to: Annotated[Path, typer.Option(help="Folder for evidence.md and evidence/.")] = RESULTS,
    since: Annotated[str, typer.Option(help="Leave months before that of this night out.")] = "",
    threads: Annotated[int | None, typer.Option(help="To fit with; the setting, if left out.")] = None,
) -> None:
    """Predict each month by models trained on what was known before it, and write the page docs/results/evidence.md.

    The stack must run and hold the year (`redeye load-year`). Interrupted, it goes on where it was.
    """
    from redeye.studies.evidence.run_evidence import gather

    with report_errors():
        first = parse_night("--since", since) if since else None
        enter()
        with show_steps("months") as report:
            page = gather(model, to, report=report, since=first, threads=threads)
        console.print(f"[green]Written:[/] {page}")
