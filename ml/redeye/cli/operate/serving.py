"""The API of predictions: the server, and the tokens of who reads by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.operate.intake import find_actor
from redeye.cli.shell import console, enter
from redeye.declarations.played_models import load_played_specs
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.stack.rich_tables import Table

app = typer.Typer()
tokens = typer.Typer(help="Tokens of who reads predictions by HTTP.", no_args_is_help=True)

DEFAULT_PORT = 18081
Name = Annotated[str, typer.Argument(help="Whose it is, as `crew planning`.")]


@app.command()
def serve() -> None:
    """Answer consumers by HTTP at REDEYE_API_PORT, 18081 if that is none: docs/guides/consuming-predictions.md."""
    from redeye.serving import app as api

    enter()
    api.serve(settings().host, settings().api_port or DEFAULT_PORT)


@tokens.command()
def create(
    name: Name,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="One that it opens; several times for several.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="It opens every model, also those to come.")] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="After so many days it opens nothing.")] = 365,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    from redeye.serving import token_store
    from redeye.serving.logic.tokens import EVERY_MODEL

    known = load_played_specs()
    if bool(model) == every:
        raise ConfigError(f"say --all, or --model for each of: {', '.join(sorted(known))}")
    if unknown := sorted(set(model or ()) - set(known)):
        raise ConfigError(f"{unknown} are no models: there are {', '.join(sorted(known))}")
    enter()
    text = token_store.create_token(
        name,
        [EVERY_MODEL] if every else sorted(set(model or ())),
        expires_at=datetime.now(UTC) + timedelta(days=days),
        actor=find_actor(),
    )
    # Alone on its line and unbroken, so that a script can read it.
    typer.echo(text)


@tokens.command("list")
def list_() -> None:
    """Show every token that was made: for which models, until when, whether it was revoked."""
    from redeye.serving import token_store

    enter()
    shown = Table("name", "models", "made", "by", "expires", "state")
    now = datetime.now(UTC)
    for token in token_store.read_tokens():
        state = "valid" if token.is_valid(now) else "revoked" if token.revoked_at else "expired"
        ends = f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "never"
        made = f"{token.created_at:%Y-%m-%d}"
        shown.add_row(
            escape(token.name), ", ".join(token.models), made, escape(token.created_by), ends, state
        )
    console.print(shown)


@tokens.command()
def revoke(name: Name) -> None:
    """Let a token open nothing any more, within a second."""
    from redeye.serving import token_store

    enter()
    token_store.revoke_token(name, actor=find_actor())
    console.print(f"{escape(name)} opens nothing any more.")
