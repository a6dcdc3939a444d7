"""The command line: the stack, the first run, and bulk work on nights. `make` calls it."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.table import Table

from redeye.core.errors import ConfigError, RedeyeError
from redeye.settings import PROJECT_ROOT, describe, settings
from redeye.stack import bootstrap, environment, lifecycle
from redeye.stack.supervisor import ProcessState, Supervisor

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
stack = typer.Typer(help="The servers that run on this machine.", no_args_is_help=True)
app.add_typer(stack, name="stack")
console = Console()

EVER = (date(1970, 1, 1), date(9999, 12, 31))
VERDICTS_SHOWN = 14
VERDICT_COLOURS = {"ok": "green", "watch": "yellow"}


@app.callback()
def _set_up_logging() -> None:
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Show an error that was raised on purpose as its message alone, and end with status 1."""
    try:
        yield
    except RedeyeError as error:
        Console(stderr=True).print(f"[bold red]Error:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _start() -> None:
    began = time.monotonic()
    with console.status("Starting the stack") as shown:

        def step(text: str) -> None:
            shown.update(text)
            console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {text}")

        secrets = lifecycle.up(settings(), step)
    environment.export(settings(), secrets)
    console.print(f"[green]The stack is healthy[/] after {time.monotonic() - began:.0f} s.")


def _show_addresses() -> None:
    configured = settings()
    secrets = bootstrap.prepare_files(configured)
    table = Table(show_header=False, box=None)
    table.add_row("Airflow", environment.airflow_url(configured))
    table.add_row("", f"user {environment.ADMIN}, password {secrets.airflow_admin_password}")
    table.add_row("", f"to look only: user {environment.VIEWER}, password {secrets.airflow_viewer_password}")
    table.add_row("MLflow", environment.mlflow_url(configured))
    console.print(table)


@stack.command()
def up() -> None:
    """Start what does not run yet and wait until all of it is healthy."""
    with _told_plainly():
        _start()
        _show_addresses()


@stack.command()
def down() -> None:
    """Stop everything; all data stays."""
    with _told_plainly(), console.status("Stopping the stack"):
        stopped = lifecycle.down(settings())
    console.print("The stack is stopped." if stopped else "Nothing was running.")


@stack.command()
def status() -> None:
    """Show every server and its health; status 1 unless all is well."""
    with _told_plainly():
        rows = Supervisor(settings()).statuses()
        state = lifecycle.health(settings())
    if not rows:
        console.print("The stack does not run: `make run` starts it.")
        raise typer.Exit(1)
    table = Table("server", "state", "detail")
    for row in rows:
        colour = "green" if row.state == ProcessState.RUNNING else "red"
        table.add_row(row.name, f"[{colour}]{row.state}[/]", row.detail)
    console.print(table)
    if not state.is_healthy:
        console.print(f"[red]Not healthy:[/] {', '.join(state.waiting_for)}")
        raise typer.Exit(1)
    console.print("[green]Healthy.[/]")
    _show_addresses()


@stack.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="One server; all of them if left out.")] = None,
    lines: Annotated[int, typer.Option(help="How many lines of each.")] = 20,
) -> None:
    """Show the end of the servers' logs."""
    paths = sorted((settings().home / "logs").glob(f"{name or '*'}.log"))
    with _told_plainly():
        if not paths:
            raise ConfigError(f"no log of {name or 'any server'} in {settings().home / 'logs'}")
    for path in paths:
        console.rule(str(path))
        console.print(lifecycle.tail(path, lines), markup=False, highlight=False, soft_wrap=True)


@stack.command()
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
    with _told_plainly(), console.status("Deleting"):
        lifecycle.reset(settings())
    console.print("Deleted.")


@app.command()
def run() -> None:
    """Start the stack, build three months, train, predict three nights, and show the riskiest flights."""
    from redeye.stack import firstrun

    with _told_plainly():
        _start()
        firstrun.run(settings(), console)
        _show_addresses()


@app.command("load-year")
def load_year() -> None:
    """Bring the warehouse from the night after its last release to the end of the year, in one build."""
    from redeye.stack import firstrun

    with _told_plainly():
        _start()
        firstrun.load_year(console)


@app.command()
def backfill(
    first: Annotated[str, typer.Argument(metavar="FROM", help="The first night, as 2013-04-04.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="The last night, included.")],
) -> None:
    """Build, score and monitor the nights FROM to TO, both included, where that is not done yet."""
    from redeye.stack import firstrun

    with _told_plainly():
        first_night, last_night = _night("FROM", first), _night("TO", last)
        if first_night > last_night:
            raise ConfigError(f"FROM={first} is after TO={last}")
        _start()
        firstrun.backfill(console, first_night, last_night)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def airflow(context: typer.Context) -> None:
    """Run Airflow's own command line in the stack's environment: redeye airflow dags list."""
    with _told_plainly():
        environment.export(settings(), bootstrap.prepare_files(settings()))
    os.execvp(sys.executable, [sys.executable, "-m", "airflow", *context.args])  # noqa: S606


@app.command()
def docs() -> None:
    """Write what is generated: the page on settings, the specs' JSON schema, and dbt's docs."""
    from redeye.adapters import dbt
    from redeye.core.specs import json_schema

    (PROJECT_ROOT / "docs" / "settings.md").write_text(describe(), encoding="utf-8")
    (PROJECT_ROOT / "ml" / "specs" / "schema.json").write_text(json_schema(), encoding="utf-8")
    with _told_plainly():
        environment.export(settings(), bootstrap.prepare_files(settings()))
        console.print(f"docs/settings.md and {dbt.docs()}")


@app.command()
def gap(
    night: Annotated[str, typer.Argument(help="The night that is left out, as 2013-04-04.")],
    reason: Annotated[str, typer.Option(help="Why; kept with it for good.")],
) -> None:
    """Record that the warehouse goes on without a night, so that the night after it can be built.

    A refused night records itself. This is for one whose delivery will not come in time.
    """
    from redeye.adapters import ledger

    with _told_plainly():
        left_out = _night("NIGHT", night)
        environment.export(settings(), bootstrap.prepare_files(settings()))
        if release := ledger.covering_release(left_out):
            raise ConfigError(f"night {left_out} is in release {release.release_id}: it is no gap")
        ledger.record_gap(left_out, reason=reason, recorded_by="command line")
        console.print(f"Night {left_out} is left out: {ledger.gap_reason(left_out)}")


@app.command()
def verdicts(
    model: Annotated[str, typer.Argument(help="The model, as its spec names it.")] = "flight_delay",
) -> None:
    """Show a model's last 14 verdicts with their reasons, and its newest quality beside the heuristic's."""
    from redeye.adapters import outputs

    with _told_plainly():
        environment.export(settings(), bootstrap.prepare_files(settings()))
        judged = outputs.read("verdicts", model, *EVER).sort_values("night").tail(VERDICTS_SHOWN)
        if judged.empty:
            raise ConfigError(f"{model} has no verdict yet: run `monitor_{model}` for a night that is scored")
        quality = outputs.read("quality", model, *EVER).dropna(subset=["champion", "heuristic"])
    table = Table("night", "verdict", "reasons", title=f"Verdicts on {model}")
    for row in judged.to_dict("records"):
        colour = VERDICT_COLOURS.get(row["verdict"], "red")
        reasons = escape(row["reasons"].replace("; ", "\n"))
        table.add_row(f"{row['night']:%Y-%m-%d}", f"[{colour}]{row['verdict']}[/]", reasons)
    console.print(table)
    if quality.empty:
        console.print("No night's labels are mature yet: there is no quality to show.")
        return
    newest = quality[quality["scored_night"] == quality["scored_night"].max()]
    first = newest.iloc[0]
    console.print(
        f"Quality on night {first['scored_night']:%Y-%m-%d}: "
        f"version {first['model_version']:.0f}, {first['rows']:.0f} flights"
    )
    numbers = Table("metric", "champion", "heuristic")
    for row in newest.to_dict("records"):
        numbers.add_row(row["metric"], f"{row['champion']:.4f}", f"{row['heuristic']:.4f}")
    console.print(numbers)


def _night(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{name} must be a night such as 2013-04-04, got {text!r}") from error
