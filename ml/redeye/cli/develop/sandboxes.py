"""Sandboxes: a personal copy of the warehouse at the last release, to change models in."""

from __future__ import annotations

import csv
import getpass
import re
import sys
import time
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.shell import console, enter, leave_root
from redeye.stack.rich_tables import Table

app = typer.Typer(help=__doc__, no_args_is_help=True)

ROWS_SHOWN = 40
Name = Annotated[str, typer.Argument(help="Of the sandbox; your user name by default.")]


def _choose_name(name: str) -> str:
    """The name that was given, or one made of the user's."""
    return name or re.sub(r"[^a-z0-9_-]", "", getpass.getuser().lower()) or "dev"


@app.command()
def make(
    name: Name = "",
    release: Annotated[str, typer.Option(help="Such as 2013-04-03.r1; the newest by default.")] = "",
) -> None:
    """Make a sandbox at a release, in a second; its files are links to the release's."""
    from redeye.review.sandboxes import sandbox as job

    began = time.monotonic()
    enter()
    made = job.make(_choose_name(name), release_id=release)
    console.print(
        f"[green]Sandbox {made.name}[/] at release {made.release_id}, nights {made.first_night} to {made.night}, "
        f"after {time.monotonic() - began:.1f} s: {made.folder}"
    )
    console.print(
        f"`./redeye dev build {made.name}` builds what you changed in dbt/, "
        f"`./redeye dev sql 'show all tables' --name {made.name}` reads it, "
        f"`./redeye dev drop {made.name}` removes it."
    )


@app.command("list")
def list_() -> None:
    """List the sandboxes, with the bytes that each has to itself."""
    from redeye.foundation.disk import gigabytes
    from redeye.review.sandboxes import sandbox_catalog as sandbox

    leave_root()
    table = Table("sandbox", "release", "nights", "of its own")
    for each in sandbox.sandboxes():
        nights = f"{each.first_night} to {each.night}"
        table.add_row(each.name, each.release_id, nights, gigabytes(sandbox.own_bytes(each)))
    console.print(table)


@app.command()
def drop(name: Name = "") -> None:
    """Remove a sandbox and all that was built in it."""
    from redeye.review.sandboxes import sandbox_catalog as sandbox

    leave_root()
    sandbox.drop(_choose_name(name))
    console.print(f"Removed sandbox {_choose_name(name)}.")


@app.command()
def build(
    name: Name = "",
    select: Annotated[str, typer.Option(help="dbt's selectors; by default what differs from the base.")] = "",
    base: Annotated[str, typer.Option(help="The branch that yours leaves from.")] = "main",
) -> None:
    """Build models with what depends on them over all nights; the others stay as the release has them."""
    from redeye.review import impact_change
    from redeye.review.sandboxes import sandbox as job
    from redeye.review.sandboxes import sandbox_catalog as sandbox

    leave_root()
    at = sandbox.find_sandbox(_choose_name(name))
    models = impact_change.choose_models(at, select=select, base=base)
    result = job.rebuild(at, models)
    table = Table("model or test", "seconds")
    for node in result.nodes:
        table.add_row(escape(node.split(".", 2)[-1]), f"{result.seconds[node]:.1f}")
    console.print(table)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="Such as: from features.feat_<entity>__<theme>")],
    name: Annotated[str, typer.Option(help="Of the sandbox; your user name by default.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Rows to show; 0 for all.")] = ROWS_SHOWN,
    is_csv: Annotated[
        bool, typer.Option("--csv", help="Write all rows as CSV, for a file or a pipe.")
    ] = False,
) -> None:
    """Run SQL in a sandbox and show its first rows; it reaches no file and no server outside of the sandbox."""
    from redeye.review.sandboxes import sandbox_catalog as sandbox
    from redeye.review.sandboxes.sandbox_sql import run_sql

    leave_root()
    found = sandbox.find_sandbox(_choose_name(name))
    heads, rows, count = run_sql(found, query, limit=0 if is_csv else limit)
    if is_csv:
        csv.writer(sys.stdout).writerows([heads, *rows])
        return
    table = Table(*heads)
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row))
    console.print(table)
    if len(rows) < count:
        console.print(
            f"[yellow]The first {len(rows):,} of {count:,} rows[/]: `--limit 0` shows all, `--csv` writes them."
        )
