"""The house rules of the dbt project."""

from __future__ import annotations

import typer
from rich.markup import escape

from redeye.cli.shell import console, report_errors

app = typer.Typer()


@app.command()
def rules() -> None:
    """Check the dbt project against the house rules (docs/reference/house-rules.md); needs no stack.

    Ends with status 1 if a rule is broken.
    """
    from redeye.review.check_house_rules import check

    with report_errors():
        found = check()
    for each in found:
        console.print(
            f"[red]{escape(each.subject)}[/]: {escape(each.message)} [dim]\\[{each.rule}][/]", soft_wrap=True
        )
    if found:
        raise typer.Exit(1)
    console.print("The dbt project keeps the house rules.")
