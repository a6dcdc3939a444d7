"""Rehearsals: faults put into the data on purpose, and a page on which guard caught them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from redeye.cli.shell import ModelOption, console, report_errors
from redeye.foundation.settings import PROJECT_ROOT, RESULTS, settings

app = typer.Typer()

EVENTS = PROJECT_ROOT / "ml" / "rehearsals" / "events.yaml"


@app.command()
def rehearse(
    model: ModelOption,
    events: Annotated[Path, typer.Option(help="The plan of events.")] = EVENTS,
    folder: Annotated[Path | None, typer.Option(help="To work in; by default below the home.")] = None,
    to: Annotated[Path, typer.Option(help="The page.")] = RESULTS / "rehearsals.md",
) -> None:
    """Put each fault of a plan into the data of an installation of its own, and write who caught it and when.

    Some 15 minutes. Interrupted, it goes on with the next event; delete the folder to begin anew.
    """
    from redeye.sources.configured_source import faulty_source, load_plan
    from redeye.stack import rehearsal_copies
    from redeye.studies.rehearsals import rehearsal_page

    with report_errors():
        plan = load_plan(events, faulty_source().meanings)
        work = folder or settings().home / "rehearsals" / plan.name
        outcomes = rehearsal_copies.run(work, plan, model=model, report=lambda text: console.log(text))
        rehearsal_page.write_page(to, plan, outcomes, model)
        table = Table("event", "caught by", "after nights")
        for outcome in outcomes:
            first = min(outcome.catches, key=lambda each: each.nights_after, default=None)
            table.add_row(
                outcome.event,
                ", ".join(each.guard for each in outcome.catches) or "nobody",
                str(first.nights_after) if first else "",
            )
        console.print(table)
        console.print(f"[green]Written:[/] {to}", soft_wrap=True)


@app.command(hidden=True)
def rehearsal_step(
    what: Annotated[str, typer.Argument(help="`base`, `control:NIGHTS` or an event's name.")],
    model: ModelOption,
) -> None:
    """Do one step of a rehearsal in the installation that the settings name."""
    from redeye.stack import rehearsal_copies

    with report_errors():
        rehearsal_copies.step(what, model)
