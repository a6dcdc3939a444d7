"""Champions: rolling back, blocking versions, and making the registry show what the ledger says."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.shell import ModelArgument, check_model, console, enter

app = typer.Typer()

Model = Annotated[str, typer.Argument(help="The model, as its spec names it.", callback=check_model)]
Version = Annotated[int, typer.Argument(help="The version, as the registry numbers it.")]
Why = Annotated[str, typer.Option(help="Why; kept with it for good.")]


@app.command()
def rollback(
    model: Model,
    reason: Why,
    to: Annotated[
        int | None, typer.Option(help="The version to return to; left out: the one last serving well.")
    ] = None,
) -> None:
    """Return to the version that was last serving well, from the next night on, and block the one that serves.

    It holds as soon as it is in the ledger; the registry's alias follows, now or whenever MLflow is up again.
    """
    from redeye.promotion import change_champion

    enter()
    with console.status("Rolling back; then MLflow follows"):
        done, missing = change_champion.roll_back(model, reason=reason, actor=getpass.getuser(), to=to)
    row = done.promotion
    if not done.is_new:
        console.print(
            f"{model}: rolled back to version {row.version} already, from night {row.effective_night} on: "
            f"{escape(row.reason)}"
        )
    else:
        console.print(
            f"{model}: version {row.version} ({row.algorithm}) serves from night {row.effective_night} on, "
            f"instead of version {done.left}."
        )
    if done.is_blocked:
        console.print(
            f"Version {done.left} is blocked: `./redeye unblock {model} {done.left}` lets it come back."
        )
    for each in done.withdrawn:
        console.print(f"Version {each.version}, decided for night {each.effective_night}, is withdrawn.")
    _explain_missing(model, missing)


@app.command()
@app.command("bar", hidden=True)
def block(model: Model, version: Version, reason: Why) -> None:
    """Block a version: it cannot become champion until it is unblocked. If it serves, it goes on: see rollback."""
    _change_block(model, version, reason, is_blocked=True)


@app.command()
@app.command("unbar", hidden=True)
def unblock(
    model: Model,
    version: Version,
    reason: Why,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for it: where it takes two people, another one unblocks it.")
    ] = False,
) -> None:
    """Let a blocked version become champion again, by the gates or by `rollback --to`."""
    from redeye.foundation.errors import ConfigError
    from redeye.foundation.settings import settings

    if settings().oidc_issuer:
        raise ConfigError(
            "a shell does not know who you are: where people log in by OIDC, versions are unblocked on the pages"
        )
    if not ask:
        _change_block(model, version, reason, is_blocked=False)
        return
    from redeye.promotion.unblocking import ask_to_unblock

    enter()
    ask_to_unblock(model, version, reason=reason, actor=getpass.getuser())
    console.print(f"{model}: asked for version {version} to be unblocked; another person can do it now.")


@app.command()
def reconcile(model: ModelArgument) -> None:
    """Make MLflow's aliases and tags show what the promotion ledger says, and compare every version it names."""
    from redeye.promotion import reconcile

    enter()
    done = reconcile.reconcile(model)
    for line in done["repaired"]:
        console.print(f"{model}: repaired: {escape(line)}")
    if not done["repaired"]:
        console.print(
            f"{model}: the registry shows what the ledger says, champion {done['champion_version']}."
        )


def _change_block(model: str, version: int, reason: str, *, is_blocked: bool) -> None:
    from redeye.promotion import change_champion

    enter()
    with console.status("Deciding; then MLflow follows"):
        missing = change_champion.block_version(
            model, version, is_blocked=is_blocked, reason=reason, actor=getpass.getuser()
        )
    console.print(f"{model}: version {version} is {'blocked' if is_blocked else 'no longer blocked'}.")
    _explain_missing(model, missing)


def _explain_missing(model: str, missing: str | None) -> None:
    """Say what lets the registry follow, if it could not."""
    if missing:
        console.print(
            f"[yellow]{escape(missing)}[/] `./redeye reconcile {model}` or the next night's monitor_{model} "
            "lets it follow."
        )
