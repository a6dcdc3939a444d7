"""Alerts: a message to try the addresses, and what is wrong now."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from redeye.cli.shell import console, enter
from redeye.foundation.settings import settings
from redeye.stack.rich_tables import Table

app = typer.Typer(help="Tell operators what is wrong.", no_args_is_help=True)


@app.command()
def test() -> None:
    """Send a message to each address of REDEYE_ALERT_URLS; status 1 if one did not take it."""
    from redeye.stack import alert_loop

    taken = alert_loop.test(settings(), now=datetime.now(UTC))
    shown = Table("address", "taken")
    for name, is_taken in taken.items():
        shown.add_row(name, "[green]yes[/]" if is_taken else "[red]no[/]")
    console.print(shown)
    if not all(taken.values()):
        raise typer.Exit(1)


@app.command()
def now() -> None:
    """Show what is wrong now, whether it was told or not."""
    from redeye.scoring.outputs_reader import OutputsReader
    from redeye.stack import alert_loop

    enter()
    every = alert_loop.find_all_alerts(settings(), OutputsReader(), now=datetime.now(UTC), with_disk=True)
    found = [alert for alert in every if not alert.ends]
    for alert in found:
        console.print(f"[bold]{alert.kind.heading}[/]: {alert.text}")
    if not found:
        console.print("Nothing is wrong.")
