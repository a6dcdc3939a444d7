"""A live installation: tonight, and every night after it, by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from redeye.cli.shell import console, report_errors, show_addresses, start
from redeye.declarations.calendar import find_night
from redeye.foundation.settings import settings
from redeye.stack.airflow.calendar_shift import HISTORY_WEEKS

app = typer.Typer()


@app.command()
def live(
    history_weeks: Annotated[
        int, typer.Option(help="Weeks of history before tonight, when the shift is chosen.", min=1)
    ] = HISTORY_WEEKS,
) -> None:
    """Shift the source so that tonight is one of its nights, build up to it, train, and leave it running."""
    go_live(history_weeks)


def go_live(history_weeks: int = HISTORY_WEEKS) -> None:
    """What `live` does: here alone the clock is looked at."""
    from redeye.stack.airflow import live as stack

    with report_errors():
        tonight = find_night(datetime.now(UTC))
        stack.choose(settings(), tonight, history_weeks=history_weeks)
        start()
        stack.run(console, tonight)
        show_addresses()
