"""The files that follow from a declaration."""

from __future__ import annotations

from typing import Annotated

import typer

from redeye.cli.shell import console, report_errors

app = typer.Typer()


@app.command()
def generate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if it would.")
    ] = False,
) -> None:
    """Write dbt's macros, Feast's views and the suites' lines that redeye.yaml and dbt's YAML declare."""
    from redeye.review.generate import find_stale_texts
    from redeye.review.generate import generate as write

    with report_errors():
        found = sorted(find_stale_texts()) if check else write()
    for path in found:
        console.print(f"  {path}")
    if check and found:
        console.print("[red]They do not follow their declaration[/]: `redeye generate` writes them.")
        raise typer.Exit(1)
    console.print(
        f"{len(found)} files written." if found else "All that is generated follows its declaration."
    )
