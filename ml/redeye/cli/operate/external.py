"""Servers of one's own, where the embedded ones are not used."""

from __future__ import annotations

import os

import typer

from redeye.cli.shell import console, report_errors
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

    with report_errors():
        if not (admin_dsn := os.environ.get(ADMIN_DSN, "")):
            raise ConfigError(
                f"{ADMIN_DSN} is not set: a libpq DSN of a role that may create roles and databases"
            )
        external.prepare(settings(), admin_dsn, dict(os.environ))
    console.print("The databases are ready.")
