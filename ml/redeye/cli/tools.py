"""The tools beneath: Airflow's own command line, and the generated docs."""

from __future__ import annotations

import os
import sys

import typer

from redeye.cli.shell import console, enter, report_errors
from redeye.foundation.settings import PROJECT_ROOT, describe

app = typer.Typer()


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def airflow(context: typer.Context) -> None:
    """Run Airflow's own command line in the stack's environment: redeye airflow dags list."""
    with report_errors():
        enter()
    os.execvp(sys.executable, [sys.executable, "-m", "airflow", *context.args])  # noqa: S606


@app.command()
def docs() -> None:
    """Write what is generated: the page on settings, the specs' JSON schema, and dbt's docs."""
    from redeye.declarations.specs import render_json_schema
    from redeye.warehouse import dbt

    (PROJECT_ROOT / "docs" / "reference" / "settings.md").write_text(describe(), encoding="utf-8")
    (PROJECT_ROOT / "ml" / "specs" / "schema.json").write_text(render_json_schema(), encoding="utf-8")
    with report_errors():
        enter()
        console.print(f"docs/reference/settings.md and {dbt.docs()}")
