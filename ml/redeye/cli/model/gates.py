"""Rehearsing the gates: one command for the page docs/results/gates.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redeye.cli.shell import ModelArgument, console, enter, report_errors
from redeye.foundation.settings import RESULTS

app = typer.Typer()


@app.command("rehearse-gates")
def rehearse_gates(
    model: ModelArgument,
    to: Annotated[Path, typer.Option(help="The page.")] = RESULTS / "gates.md",
    harmful: Annotated[int, typer.Option(min=1, help="Mutants.")] = 200,
    good: Annotated[int, typer.Option(min=1, help="Good candidates.")] = 100,
) -> None:
    """Put harmful and good candidates before the gates, and write docs/results/gates.md.

    The stack must run and hold the year (`redeye load-year`). Ends with status 1 if a harmful one passed.
    """
    from redeye.studies.gate_power.rehearse_gates import rehearse

    with report_errors():
        enter()
        found = rehearse(model, to, harmful=harmful, good=good, report=console.log)
    promoted = sum(not trial.failed for trial in found.trials)
    refused = sum(bool(one.failed) for one in found.good)
    console.print(
        f"{len(found.trials)} harmful: {promoted} promoted; {len(found.good)} good: {refused} refused. {to}"
    )
    if promoted:
        raise typer.Exit(1)
