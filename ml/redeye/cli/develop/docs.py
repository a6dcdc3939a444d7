"""The docs that are generated from code."""

from __future__ import annotations

import typer

from redeye.cli.shell import console, enter, report_errors
from redeye.foundation.settings import PROJECT_ROOT, describe

app = typer.Typer()


@app.command()
def docs() -> None:
    """Write what is generated: the page on settings, the specs' JSON schema, and dbt's docs (the stack must run)."""
    from redeye.declarations.specs import render_json_schema
    from redeye.warehouse import dbt

    (PROJECT_ROOT / "docs" / "reference" / "settings.md").write_text(describe(), encoding="utf-8")
    (PROJECT_ROOT / "ml" / "specs" / "schema.json").write_text(render_json_schema(), encoding="utf-8")
    with report_errors():
        enter()
        console.print(f"docs/reference/settings.md and {dbt.docs()}")
