"""Storage: back up, restore, verify releases, see what the disk holds."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from redeye.adapters import disk
from redeye.cli.shell import console, enter, told_plainly
from redeye.core.disk import Level, Usage, gigabytes
from redeye.settings import settings

app = typer.Typer()
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.OVER: "red"}


@app.command()
def backup(
    to: Annotated[Path, typer.Option(help="A new or empty folder outside of the home.")],
) -> None:
    """Write databases and files into a folder, named by hash; the stack may run."""
    from redeye.stack import backup as making

    logging.getLogger("redeye").setLevel(logging.INFO)
    with told_plainly():
        folder, manifest, seal = making.backup(settings(), to)
    size = sum(entry.bytes for entry in manifest.entries)
    console.print(f"{len(manifest.entries)} files, {gigabytes(size)}, in {folder}")
    console.print(f"SHA-256 of its manifest: {seal}. It holds the secrets: keep it like a password.")


@app.command()
def restore(
    source: Annotated[Path, typer.Option("--from", help="The folder of a backup.")],
) -> None:
    """Bring a backup back into an empty home; `make run` starts it then."""
    from redeye.stack import restore as bringing

    logging.getLogger("redeye").setLevel(logging.INFO)
    with told_plainly():
        manifest = bringing.restore(settings(), source)
    console.print(
        f"Restored {len(manifest.entries)} files and databases into {settings().home.resolve()}. "
        "`make run` starts the stack, `make verify` compares every release."
    )


@app.command()
def verify() -> None:
    """Read every release whole and compare it with what was recorded when it was published."""
    from redeye.jobs import maintain

    with told_plainly():
        enter()
        found = maintain.verify_releases(is_all=True)
    console.print(f"[green]All {found['verified']} releases are as they were published.[/]")


@app.command("disk")
def show_disk() -> None:
    """Show what each part of the home takes on disk, against the budget."""
    found = disk.usage(settings())
    table = Table("part", "on disk")
    table.columns[1].justify = "right"
    for name, size in found.parts.items():
        table.add_row(name, gigabytes(size))
    table.add_row("[bold]all[/]", f"[bold]{gigabytes(found.used)}[/]")
    console.print(table)
    show_budget(found)


def show_budget(found: Usage) -> None:
    """Print one line: how much of the disk budget is used, in the colour of its level."""
    console.print(f"[{_COLOURS[found.level]}]Disk:[/] {found.summary()}")
