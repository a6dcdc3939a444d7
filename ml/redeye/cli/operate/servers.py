"""Servers: those of one's own made ready where the embedded ones are not used, and Airflow's own command line."""

from __future__ import annotations

import os
import sys

import typer

from redeye.cli.shell import console, enter
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings

app = typer.Typer()

ADMIN_DSN = "REDEYE_POSTGRES_ADMIN_DSN"


@app.command()
def prepare() -> None:
    """Make a Postgres of one's own ready: roles, databases, ledgers, Airflow's and MLflow's tables.

    Run it before the servers start, and again at every upgrade. REDEYE_POSTGRES_ADMIN_DSN names a role that
    may create roles and databases; nothing else ever needs it.
    """
    from redeye.stack import external

    if not (admin_dsn := os.environ.get(ADMIN_DSN, "")):
        raise ConfigError(
            f"{ADMIN_DSN} is not set: a libpq DSN of a role that may create roles and databases"
        )
    external.prepare(settings(), admin_dsn, dict(os.environ))
    console.print("The databases are ready.")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def airflow(context: typer.Context) -> None:
    """Run Airflow's own command line in the stack's environment: ./redeye airflow dags list."""
    enter()
    words = list(context.args)
    if words[:1] == ["info"] and not sys.stdout.isatty() and "--anonymize" not in words:
        # It prints its database's URL with the password, and a log is kept.
        words.append("--anonymize")
    os.execvp(sys.executable, [sys.executable, "-m", "airflow", *words])  # noqa: S606
