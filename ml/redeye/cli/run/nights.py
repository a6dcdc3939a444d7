"""Nights: the first run, and many nights at once."""

from __future__ import annotations

from typing import Annotated

import typer

from redeye.cli.run.live import go_live
from redeye.cli.shell import console, parse_night, report_errors, show_addresses, start
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings

app = typer.Typer()


@app.command()
def run() -> None:
    """Start the stack, build three months, train, predict three nights, and show the riskiest rows."""
    from redeye.stack.airflow import first_run

    if settings().shift_weeks:
        go_live()
        return
    with report_errors():
        start()
        first_run.run(settings(), console)
        show_addresses()


@app.command("load-year")
def load_year() -> None:
    """Bring the warehouse from the night after its last release to the end of the year, in one build."""
    from redeye.stack.airflow import first_run

    with report_errors():
        start()
        first_run.load_year(console)


@app.command()
def backfill(
    first: Annotated[str, typer.Argument(metavar="FROM", help="The first night, as 2013-04-04.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="The last night, included.")],
) -> None:
    """Build, score and judge the nights FROM to TO, both included, and train where a verdict asks for it."""
    from redeye.stack.airflow import first_run

    with report_errors():
        first_night, last_night = parse_night("FROM", first), parse_night("TO", last)
        if first_night > last_night:
            raise ConfigError(f"FROM={first} is after TO={last}")
        start()
        first_run.backfill(console, first_night, last_night)
