"""What the commands share: the console, how errors are shown, and starting the stack."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import duckdb
import psycopg2
import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text
from typer.core import TyperGroup

from redeye.declarations.calendar import check_night
from redeye.declarations.names import RULE, is_name
from redeye.declarations.played_models import find_first_model, load_played_specs
from redeye.foundation.engine.command import name_commands
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.masking import mask
from redeye.foundation.settings import SPECS, settings
from redeye.foundation.ui_links import link_mlflow
from redeye.stack import bootstrap, environment, home_owner, lifecycle
from redeye.stack.airflow.stage_progress import measure_elapsed, stamp
from redeye.stack.secrets import FILE_NAME
from redeye.stack.servers import mlflow_login


class CommandConsole(Console):
    """Prints commands as they are called here."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401  as in the console
        """Text of markup."""
        return super().render_str(name_commands(text), **options)


console = CommandConsole()
UNREACHABLE = (psycopg2.OperationalError, duckdb.IOException)
"""What a command meets where the server that keeps the ledgers is away."""


def default_model() -> str:
    """The model that is meant where none is named.

    Raises:
        ConfigError: if the project declares none.
    """
    if not (model := find_first_model(load_played_specs())):
        raise ConfigError(f"no spec in {SPECS} can be read: name the model")
    return model


def check_model(text: str) -> str:
    """The name of a model, which becomes that of files and folders.

    Raises:
        ConfigError: if it is none.
    """
    if not is_name(text):
        raise ConfigError(f"{text!r} names no model: {RULE}")
    return text


_MODEL = {
    "help": "As its spec names it.",
    "callback": check_model,
    "default_factory": default_model,
    "show_default": "the first run's",
}
ModelArgument = Annotated[str, typer.Argument(**_MODEL)]
ModelOption = Annotated[str, typer.Option("--model", **_MODEL)]


def read_night(name: str) -> Callable[[object], date]:
    """What reads the argument or option `name`; it raises a ConfigError if that is no night."""

    def read(text: object) -> date:
        try:
            night = date.fromisoformat(str(text))
        except ValueError as error:
            raise ConfigError(f"{name} must be a night such as 2013-04-04, got {text!r}") from error
        return check_night(night)

    return read


FirstNight = Annotated[
    date, typer.Argument(metavar="FROM", parser=read_night("FROM"), help="The first night, as 2013-04-04.")
]
PublicKeyFile = Annotated[
    Path | None,
    typer.Option(help="File of public keys, as `./redeye audit key` prints them; else this installation's."),
]
LastNight = Annotated[
    date, typer.Argument(metavar="TO", parser=read_night("TO"), help="The last night, included.")
]


def make_night_option(name: str, help_: str) -> Any:  # noqa: ANN401  as typer.Option
    """An option that is a night."""
    return typer.Option(name, parser=read_night(name), help=help_)


def check_order(first: date, last: date) -> None:
    """Refuse nights of which the last comes before the first.

    Raises:
        ConfigError: if it does.
    """
    if first > last:
        raise ConfigError(f"FROM={first} is after TO={last}")


class Commands(TyperGroup):
    """The group of all commands: an error that is no fault of the code shows its message alone, and status is 1."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # noqa: ANN401  as in the group
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except (RedeyeError, *UNREACHABLE) as error:
            told = escape(mask(str(error).strip()))
            CommandConsole(stderr=True).print(f"[bold red]Error:[/] {told}", highlight=False, soft_wrap=True)
            if isinstance(error, UNREACHABLE):
                CommandConsole(stderr=True).print(
                    "`./redeye status` shows what runs, `./redeye start` starts the rest."
                )
            raise typer.Exit(1) from error


def enter(*, writes_outside: bool = False) -> None:
    """Give this process the environment of the installation, whose servers run already.

    Where root calls, it goes on as the home's user. A command that writes outside of the home stays root, and what it
    writes into the home is that user's at its end.
    """
    secrets = settings().home / FILE_NAME
    if secrets.exists() and not os.access(secrets, os.R_OK):
        # A server of the stack: it was started with its environment, and is not told every secret.
        return
    environment.export(settings(), bootstrap.prepare_files(settings()))
    if writes_outside:
        _give_at_end()
    else:
        leave_root()


def leave_root() -> None:
    """Go on as the home's user, where root calls."""
    home_owner.leave_root(settings())


def _give_at_end() -> None:
    if home_owner.is_given(settings().home.resolve()):
        atexit.register(home_owner.give, settings())


def start() -> None:
    """Start what does not run yet, and give this process the stack's environment."""
    with console.status("Starting the stack") as shown:

        def step(text: str) -> None:
            shown.update(text)
            console.print(f"[dim]{stamp(measure_elapsed())}[/]  {text}", highlight=False, soft_wrap=True)

        secrets = lifecycle.up(settings(), step)
    environment.export(settings(), secrets)
    _give_at_end()
    console.print(f"[dim]{stamp(measure_elapsed())}[/]  [green]The stack is healthy[/]", highlight=False)


def show_addresses() -> None:
    """Print where the UIs are, and who may log in; passwords only on a terminal, as a log is kept."""
    # Not `console.is_terminal`: variables of CI systems make it true for a pipe.
    if sys.stdout.isatty():
        show_logins()
        return
    for ui in _list_uis():
        console.print(f"{ui.name}: {ui.url}", highlight=False, soft_wrap=True)
    names = ", ".join(login.secret.upper() for ui in _list_uis() for login in ui.logins)
    if not names:
        console.print(f"People log in by {settings().oidc_issuer}.", highlight=False, soft_wrap=True)
        return
    console.print(
        f"Who may log in: `./redeye logins` prints it; the passwords are {names} in {settings().home / FILE_NAME}",
        highlight=False,
        soft_wrap=True,
    )


def show_logins() -> None:
    """Print where the UIs are, with users and passwords, also into a pipe."""
    secrets = bootstrap.prepare_files(settings())
    for ui in _list_uis():
        console.print(f"{ui.name}: {ui.url}", highlight=False, soft_wrap=True)
        for login in ui.logins:
            told = f"  {login.does}: user {login.user}, password {getattr(secrets, login.secret)}"
            console.print(told, highlight=False, soft_wrap=True)
    if issuer := settings().oidc_issuer:
        console.print(f"People log in by {issuer}.", highlight=False, soft_wrap=True)


class _Login(NamedTuple):
    """A user of a UI; `secret` names the password among the secrets."""

    does: str
    user: str
    secret: str


class _Ui(NamedTuple):
    """A UI that people open; no logins where others run it."""

    name: str
    url: str
    logins: tuple[_Login, ...]


def _list_uis() -> tuple[_Ui, ...]:
    airflow: tuple[_Login, ...] = (
        _Login("to act", environment.ADMIN, "airflow_admin_password"),
        _Login("to look", environment.VIEWER, "airflow_viewer_password"),
    )
    mlflow: tuple[_Login, ...] = (
        _Login("to act", mlflow_login.ADMIN, "mlflow_admin_password"),
        _Login("to look", mlflow_login.VIEWER, "mlflow_viewer_password"),
    )
    if settings().oidc_issuer:
        # The stack's programs have passwords there; people have accounts of their own.
        airflow, mlflow = (), ()
    return (
        _Ui("Airflow", settings().public_airflow_url, airflow),
        _Ui("MLflow", link_mlflow(), () if settings().mlflow_server_elsewhere else mlflow),
    )
