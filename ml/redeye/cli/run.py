"""Commands to run an installation: first nights, more nights, live, and the servers that run on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from redeye.cli.next_steps import show_next_steps
from redeye.cli.operate.storage import show_budget
from redeye.cli.shell import FirstNight, LastNight, check_order, console, show_addresses, show_logins, start
from redeye.declarations.calendar import find_night
from redeye.foundation import disk
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.stack import home_owner, lifecycle
from redeye.stack.airflow.live import HISTORY_WEEKS
from redeye.stack.rich_tables import Table
from redeye.stack.servers.supervisor import ProcessState, Supervisor

app = typer.Typer()


@app.command()
def run() -> None:
    """Start the stack, build the history, train, predict some nights, and show the riskiest rows."""
    from redeye.stack.airflow import first_run

    if settings().shift_weeks:
        live()
        return
    start()
    riskiest = first_run.run(settings(), console)
    show_next_steps(riskiest)
    show_addresses()


@app.command("load-year")
def load_year() -> None:
    """Bring the warehouse from the night after its last release to the end of the year, in one build."""
    from redeye.stack.airflow import first_run

    start()
    first_run.load_year(console)


@app.command()
def backfill(first: FirstNight, last: LastNight) -> None:
    """Build, score and judge the nights FROM to TO, both included, and train where a verdict asks for it."""
    from redeye.stack.airflow import first_run

    check_order(first, last)
    start()
    first_run.backfill(console, first, last)


@app.command()
def live(
    history_weeks: Annotated[
        int, typer.Option(help="Weeks of history before tonight, when the shift is chosen.", min=1)
    ] = HISTORY_WEEKS,
) -> None:
    """Shift the source so that tonight is one of its nights, build up to it, train, and leave it running."""
    from redeye.stack.airflow import live as stack

    # Here alone the clock is looked at.
    tonight = find_night(datetime.now(UTC))
    stack.choose(settings(), tonight, history_weeks=history_weeks)
    start()
    stack.run(console, tonight)
    show_addresses()


@app.command("start")
def start_all() -> None:
    """Start what does not run yet and wait until all of it is healthy."""
    start()
    show_addresses()


@app.command()
def stop() -> None:
    """Stop everything; all data stays."""
    with console.status("Stopping the stack"):
        stopped = lifecycle.down(settings())
    console.print("The stack is stopped." if stopped else "Nothing was running.")


@app.command()
def status() -> None:
    """Show every server and its health; status 1 unless all is well."""
    rows = Supervisor(settings()).statuses()
    unhealthy = lifecycle.list_unhealthy(settings())
    behind = lifecycle.ledgers_behind(settings()) if rows else {}
    if not rows:
        console.print("The stack does not run: `make run` starts it.")
        raise typer.Exit(1)
    table = Table("server", "state", "detail")
    for row in rows:
        colour = "green" if row.state == ProcessState.RUNNING else "red"
        table.add_row(row.name, f"[{colour}]{row.state}[/]", row.detail)
    console.print(table)
    for name, (theirs, ours) in behind.items():
        console.print(
            f"[yellow]The ledgers in {name} are at revision {theirs or 'none'}, this code has {ours}:[/] "
            "`./redeye backup --to …`, then `make stop` and `make run` migrate them"
        )
    if unhealthy:
        console.print(f"[red]Not healthy:[/] {', '.join(unhealthy)}")
        raise typer.Exit(1)
    console.print("[green]Healthy.[/]")
    if shared := home_owner.describe_shared_user(settings().home.resolve()):
        console.print(f"[yellow]{shared}[/]", highlight=False, soft_wrap=True)
    show_budget(disk.measure_usage(settings()))
    show_addresses()


@app.command()
def logins() -> None:
    """Print where the UIs are and who may log in, with the passwords, also into a pipe."""
    show_logins()


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="One server; all of them if left out.")] = None,
    lines: Annotated[int, typer.Option(help="How many lines of each.")] = 20,
) -> None:
    """Show the end of the servers' logs."""
    paths = sorted((settings().home / "logs").glob(f"{name or '*'}.log"))
    if not paths:
        raise ConfigError(f"no log of {name or 'any server'} in {settings().home / 'logs'}")
    for path in paths:
        console.rule(str(path))
        console.print(lifecycle.tail(path, lines), markup=False, highlight=False, soft_wrap=True)


@app.command()
def reset(
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete all data: databases, landing, lakes, models, predictions."""
    home = settings().home.resolve()
    if not home.exists():
        console.print(f"There is nothing at {home}.")
        return
    if not is_sure:
        console.print(f"This deletes [bold]{home}[/] with every database, model and prediction in it.")
        if typer.prompt("Type 'reset' to go on") != "reset":
            console.print("Nothing was deleted.")
            raise typer.Exit(1)
    with console.status("Deleting"):
        lifecycle.reset(settings())
    console.print("Deleted.")
