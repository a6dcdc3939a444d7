"""The command line: the stack, the first run, and bulk work on nights. `make` calls it."""

from __future__ import annotations

import logging

import typer
from rich.logging import RichHandler

from redeye.cli import (
    again,
    alerts,
    backtest,
    champions,
    dev,
    evidence,
    experiment,
    external,
    gates,
    generate,
    impact,
    live,
    models,
    new,
    nights,
    predictions,
    rehearsal,
    replay,
    rescoring,
    rules,
    servers,
    storage,
    tools,
)
from redeye.cli.shell import console

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(servers.app, name="stack")
app.add_typer(dev.app, name="dev")
app.add_typer(new.app, name="new")
app.add_typer(alerts.app, name="alerts")
# The other groups' commands stand at the top level.
for group in (
    again,
    external,
    impact,
    live,
    nights,
    models,
    champions,
    evidence,
    gates,
    generate,
    experiment,
    backtest,
    predictions,
    rehearsal,
    replay,
    rescoring,
    rules,
    storage,
    tools,
):
    app.add_typer(group.app)


@app.callback()
def _set_up_logging() -> None:
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
