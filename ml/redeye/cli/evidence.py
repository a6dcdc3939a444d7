"""A year's evidence: one command for its table and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redeye.cli.shell import console, enter, parsed_night, told_plainly
from redeye.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from redeye.jobs.evidence import Step

app = typer.Typer()


@app.command()
def evidence(
    model: Annotated[str, typer.Argument(help="The model, as its spec names it.")] = "flight_delay",
    to: Annotated[Path, typer.Option(help="Folder for evidence.md and evidence/.")] = PROJECT_ROOT / "docs",
    since: Annotated[str, typer.Option(help="Leave months before that of this night out.")] = "",
    threads: Annotated[int | None, typer.Option(help="To fit with; the setting, if left out.")] = None,
) -> None:
    """Predict each month by models trained on what was known before it, and write the page docs/evidence.md.

    The stack must run and hold the year (`make load-year`). Interrupted, it goes on where it was.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from redeye.jobs.evidence import gather

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with told_plainly():
        first = parsed_night("--since", since) if since else None
        enter()
        took: list[float] = []
        with Progress(*columns, console=console) as shown:
            task = shown.add_task("reading the release", total=None, left="")

            def tell(step: Step) -> None:
                if step.seconds is not None:
                    took.append(step.seconds)
                left = _left(took, step.of - step.done)
                shown.update(
                    task,
                    total=step.of,
                    completed=step.done,
                    description=step.month or "writing the page",
                    left=left,
                )
                console.log(f"{step.done} of {step.of} months, next {step.month or 'the page'} {left}")

            page = gather(model, to, tell=tell, since=first, threads=threads)
        console.print(f"[green]Written:[/] {page}")


def _left(took: list[float], months: int) -> str:
    """What the months to come may take: each a little more than the last one, since history grows."""
    if not took or not months:
        return ""
    return f"about {max(took[-1] * months / 60, 0.1):.1f} min left"
