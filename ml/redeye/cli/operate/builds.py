"""Nights that are left out, and nights built again: for data that came since, or for changed dbt code."""

from __future__ import annotations

import getpass
import secrets
from datetime import date
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.shell import console, enter, read_night
from redeye.foundation.errors import ConfigError
from redeye.warehouse.logic.releases import ReleaseKind

app = typer.Typer()

First = Annotated[
    date,
    typer.Argument(
        metavar="FROM", parser=read_night("FROM"), help="The first night to build again, as 2013-04-05."
    ),
]
Reason = Annotated[str, typer.Option(help="Why; kept with the release for good.")]


@app.command()
def gap(
    night: Annotated[
        date, typer.Argument(parser=read_night("NIGHT"), help="The night that is left out, as 2013-04-04.")
    ],
    reason: Annotated[str, typer.Option(help="Why; kept with it for good.")],
) -> None:
    """Record that the warehouse goes on without a night, so that the night after it can be built.

    A refused night records itself. This is for one whose delivery will not come in time.
    """
    from redeye.sources import delivery_store
    from redeye.warehouse import release_store

    enter()
    if release := release_store.covering_release(night):
        raise ConfigError(f"night {night} is in release {release.release_id}: it is no gap")
    delivery_store.record_gap(night, reason=reason, recorded_by="command line")
    console.print(f"Night {night} is left out: {release_store.gap_reason(night)}")


@app.command()
def repair(first: First, reason: Reason) -> None:
    """Fill the nights that were left out, from one to the head, as one more revision of the head.

    What was released, predicted and decided stays as it is. The source is asked again: what it has changed since
    comes in with the next night.
    """
    _again(first, ReleaseKind.REPAIR, reason)


@app.command()
def rebuild(first: First, reason: Reason) -> None:
    """Build the nights from one to the head by the dbt code of now, as one more revision of the head."""
    _again(first, ReleaseKind.REBUILD, reason)


def _again(night: date, kind: ReleaseKind, reason: str) -> None:
    from redeye.operations.build_nights import build_again

    enter()
    with console.status(f"Building from night {night} to the head"):
        # Each call is a build of its own: there is nothing that a second one would go on with.
        holder = f"{kind} by {getpass.getuser()}, {secrets.token_hex(4)}"
        made = build_again(night, kind=kind, reason=reason, holder=holder)
    console.print(
        f"[green]{made['release_id']}[/] ({kind} from night {night}): {made['deliveries']} deliveries wait for the "
        f"next night, {made['expectations_met']} expectations met."
    )
    console.print("Differ from the release before: " + escape(", ".join(made["changed"]) or "nothing"))
