"""Backtests: one command for the table and the picture of what each schedule of training would have been worth."""

from __future__ import annotations

from typing import Annotated

import typer

from redeye.cli.shell import ModelArgument, console, enter, parse_night, report_errors
from redeye.cli.steps import show_steps
from redeye.foundation.settings import RESULTS

app = typer.Typer()


@app.command()
def backtest(
    model: ModelArgument,
    since: Annotated[
        str, typer.Option(help="The first night to predict; the first possible one, if left out.")
    ] = "",
    until: Annotated[str, typer.Option(help="The last one; the last with labels, if left out.")] = "",
    algorithm: Annotated[
        str, typer.Option(help="Of all trainings; `chosen` for the choice between all.")
    ] = "xgboost",
    docs: Annotated[bool, typer.Option("--docs", help="Write docs/results/backtest.md as well.")] = False,
    threads: Annotated[int | None, typer.Option(help="To fit with; the setting, if left out.")] = None,
) -> None:
    """Predict past nights by models that are never retrained, monthly, weekly and by verdict, and compare them.

    The stack must run and the nights be built. Interrupted, it goes on where it was. Nothing is registered, promoted
    or written to the predictions.
    """
    from redeye.studies.backtest.run_backtest import gather

    with report_errors():
        first = parse_night("--since", since) if since else None
        last = parse_night("--until", until) if until else None
        enter()
        with show_steps("trainings") as report:
            page = gather(
                model,
                report=report,
                algorithm=algorithm,
                since=first,
                until=last,
                docs=RESULTS if docs else None,
                threads=threads,
            )
        console.print(f"[green]Written:[/] {page}")
