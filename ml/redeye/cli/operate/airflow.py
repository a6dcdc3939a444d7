"""Airflow's own command line."""

from __future__ import annotations

import os
import sys

import typer

from redeye.cli.shell import enter, report_errors

app = typer.Typer()


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def airflow(context: typer.Context) -> None:
    """Run Airflow's own command line in the stack's environment: redeye airflow dags list."""
    with report_errors():
        enter()
    os.execvp(sys.executable, [sys.executable, "-m", "airflow", *context.args])  # noqa: S606
