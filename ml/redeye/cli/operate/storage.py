"""Storage: back up, restore, verify releases, see what the disk holds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column

from redeye.cli.shell import FirstNight, LastNight, PublicKeyFile, console, enter
from redeye.foundation import disk
from redeye.foundation.disk import Level, Usage, gigabytes
from redeye.foundation.settings import settings
from redeye.stack.rich_tables import Table, night_column

if TYPE_CHECKING:
    from redeye.foundation.cost_store import Cost

app = typer.Typer()
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.OVER: "red"}


@app.command()
def backup(
    to: Annotated[Path, typer.Option(help="A new or empty folder outside of the home.")],
) -> None:
    """Write databases and files into a folder, named by hash; the stack may run."""
    from redeye.stack.backups import backup as making
    from redeye.stack.backups.backup_key import find_key_path

    logging.getLogger("redeye").setLevel(logging.INFO)
    folder, manifest, seal = making.backup(settings(), to)
    size = sum(entry.bytes for entry in manifest.entries)
    console.print(f"{len(manifest.entries)} files, {gigabytes(size)}, in {folder}")
    console.print(f"SHA-256 of its manifest: {seal}. It holds the secrets: keep it like a password.")
    console.print(
        f"It is sealed with the key in {find_key_path(settings())}, which is not in it: keep a copy of that "
        "elsewhere, as a restore asks for it."
    )


@app.command()
def restore(
    source: Annotated[Path, typer.Option("--from", help="The folder of a backup.")],
    key: Annotated[
        Path | None, typer.Option(help="The file of the key that it was sealed with; by default this home's.")
    ] = None,
    *,
    unsealed: Annotated[
        bool,
        typer.Option(
            "--unsealed", help="Restore it whoever made it: it is older than keys, or the key is lost."
        ),
    ] = False,
) -> None:
    """Bring a backup back into an empty home; `make run` starts it then."""
    from redeye.stack.backups import restore as bringing

    logging.getLogger("redeye").setLevel(logging.INFO)
    manifest = bringing.restore(settings(), source, key_path=key, is_unsealed=unsealed)
    console.print(
        f"Restored {len(manifest.entries)} files and databases into {settings().home.resolve()}. "
        "`make run` starts the stack, `./redeye verify` compares every release."
    )


@app.command()
def verify_backup(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    key: PublicKeyFile = None,
) -> None:
    """Read a backup whole and hold it against its signature, with the public key alone; needs no stack."""
    from redeye.foundation.signing.public_keys import demand_public_keys
    from redeye.stack.backups import backup_signature

    manifest = backup_signature.verify_backup(folder, demand_public_keys(key, settings()))
    console.print(
        f"{folder}: {len(manifest.entries)} files and databases of {manifest.home}, as they were backed up."
    )


@app.command()
def verify() -> None:
    """Read every release whole and compare it with what was recorded when it was published."""
    from redeye.operations import maintain

    enter()
    found = maintain.verify_releases(is_all=True)
    console.print(f"[green]All {found['verified']} releases are as they were published.[/]")


@app.command("disk")
def show_disk() -> None:
    """Show what each part of the home takes on disk, against the budget."""
    found = disk.measure_usage(settings())
    table = Table("part", Column("on disk", justify="right"))
    for name, size in found.parts.items():
        table.add_row(name, gigabytes(size))
    table.add_row("[bold]all[/]", f"[bold]{gigabytes(found.used)}[/]")
    console.print(table)
    show_budget(found)


@app.command("costs")
def show_costs(
    first: FirstNight,
    last: LastNight,
) -> None:
    """Show what the nights FROM to TO took in Airflow: CPU seconds and bytes, by model and job."""
    from redeye.foundation import cost_store

    enter()
    found = cost_store.read_costs(first, last)
    console.print(tabulate_costs(found) if found else "No task of these nights ran in Airflow.")


def tabulate_costs(found: Sequence[Cost]) -> Table:
    """A row per night, model and job."""
    numbers = [Column(name, justify="right") for name in ("tries", "seconds\nof CPU", "read\nwritten")]
    table = Table(night_column(), "job\nmodel", *numbers)
    for row in found:
        job = "\n".join(filter(None, (row.job, row.model)))
        seconds = f"{row.wall_seconds:.1f}\n{row.cpu_seconds:.1f}"
        size = f"{gigabytes(row.bytes_read)}\n{gigabytes(row.bytes_written)}"
        table.add_row(str(row.night), job, str(row.attempts), seconds, size)
    return table


def show_budget(found: Usage) -> None:
    """Print one line: how much of the disk budget is used, in the colour of its level."""
    console.print(f"[{_COLOURS[found.level]}]Disk:[/] {found.summary()}")
