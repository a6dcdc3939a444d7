"""Commands that measure what a model, a schedule of trainings, a gate or a guard is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redeye.cli.shell import ModelArgument, ModelOption, console, enter, make_night_option
from redeye.foundation.settings import PROJECT_ROOT, RESULTS, settings
from redeye.stack.rich_tables import Table

if TYPE_CHECKING:
    from redeye.studies.progress import Step

app = typer.Typer()

EVENTS = PROJECT_ROOT / "ml" / "rehearsals" / "events.yaml"
# Steps grow with history: the last ones say most about those to come.
LOOKED_BACK = 5
Threads = Annotated[int | None, typer.Option(help="To fit with; the setting, if left out.")]


@app.command()
def evidence(
    model: ModelArgument,
    to: Annotated[Path, typer.Option(help="Folder for evidence.md and evidence/.")] = RESULTS,
    since: Annotated[
        date | None, make_night_option("--since", "Leave months before that of this night out.")
    ] = None,
    threads: Threads = None,
) -> None:
    """Predict each month by models trained on what was known before it, and write the page docs/results/evidence.md.

    The stack must run and hold the year (`./redeye load-year`). Interrupted, it goes on where it was.
    """
    from redeye.studies.evidence.run_evidence import gather

    enter(writes_outside=True)
    with show_steps("months") as report:
        page = gather(model, to, report=report, since=since, threads=threads)
    console.print(f"[green]Written:[/] {page}")


@app.command()
def backtest(
    model: ModelArgument,
    since: Annotated[
        date | None,
        make_night_option("--since", "The first night to predict; the first possible one, if left out."),
    ] = None,
    until: Annotated[
        date | None, make_night_option("--until", "The last one; the last with labels, if left out.")
    ] = None,
    algorithm: Annotated[
        str, typer.Option(help="Of all trainings; `chosen` for the choice between all.")
    ] = "xgboost",
    docs: Annotated[bool, typer.Option("--docs", help="Write docs/results/backtest.md as well.")] = False,
    threads: Threads = None,
) -> None:
    """Predict past nights by models that are never retrained, monthly, weekly and by verdict, and compare them.

    The stack must run and the nights be built. Interrupted, it goes on where it was. Nothing is registered, promoted
    or written to the predictions.
    """
    from redeye.studies.backtest.run_backtest import gather

    enter(writes_outside=True)
    to = RESULTS if docs else None
    with show_steps("trainings") as report:
        page = gather(
            model, report=report, algorithm=algorithm, since=since, until=until, docs=to, threads=threads
        )
    console.print(f"[green]Written:[/] {page}")


@app.command()
def freshness(
    model: ModelArgument,
    to: Annotated[Path, typer.Option(help="Folder for freshness.md and freshness/.")] = RESULTS,
    threads: Threads = None,
) -> None:
    """Measure what the length of the window and the age of a model are worth, and write docs/results/freshness.md.

    The stack must run and hold the year (`./redeye load-year`). Interrupted, it goes on where it was.
    """
    from redeye.studies.freshness.run_freshness import gather

    enter(writes_outside=True)
    with show_steps("trainings") as report:
        page = gather(model, to, report=report, threads=threads)
    console.print(f"[green]Written:[/] {page}")


@app.command("interval-error")
def interval_error(
    model: ModelArgument, to: Annotated[Path, typer.Option(help="Folder for the page.")] = RESULTS
) -> None:
    """Measure how often intervals err and what they find, and write docs/results/interval-error.md.

    The stack must run and hold the year (`./redeye load-year`).
    """
    from redeye.studies.interval_error.run_interval_error import measure

    enter(writes_outside=True)
    with show_steps("months") as report:
        page = measure(model, to, report=report)
    console.print(f"[green]Written:[/] {page}")


@app.command("arrival-checks")
def arrival_checks(
    to: Annotated[Path, typer.Option(help="Folder for the page.")] = RESULTS,
    nights: Annotated[int, typer.Option(min=1, help="Nights per planted fault.")] = 6,
) -> None:
    """Measure how often clean deliveries are refused, and which faults are; write docs/results/arrival-checks.md.

    Needs no stack; some ten minutes for a year.
    """
    from redeye.studies.arrival_checks.run_arrival_checks import measure

    with show_steps("audits") as report:
        page = measure(to, nights_per_fault=nights, report=report)
    console.print(f"[green]Written:[/] {page}")


@app.command("rehearse-gates")
def rehearse_gates(
    model: ModelArgument,
    to: Annotated[Path, typer.Option(help="The page.")] = RESULTS / "gates.md",
    harmful: Annotated[int, typer.Option(min=1, help="Mutants that harm.")] = 200,
) -> None:
    """Put real later models and faulty candidates before the gates, and write docs/results/gates.md.

    The stack must run and hold the year (`./redeye load-year`). Ends with status 1 if more than one in twenty of the
    harmful ones passed.
    """
    from redeye.studies.gate_power.rehearse_gates import MOST_PROMOTED, rehearse

    enter(writes_outside=True)
    found = rehearse(model, to, harmful=harmful, report=console.log)
    failed = [trial.failed for trial in found.trials if trial.harm]
    promoted = failed.count(())
    console.print(f"{len(found.trials)} mutants, of which {len(failed)} harm: {promoted} promoted. {to}")
    if promoted > MOST_PROMOTED * len(failed):
        raise typer.Exit(1)


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

    rehearsal_copies.step(what, model)


@contextmanager
def show_steps(what: str) -> Iterator[Callable[[Step], None]]:
    """A bar; what it gives is to be called with each step. `what` the steps are is in the plural."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    took: list[float] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=console) as bars:
        bar = bars.add_task("reading the release", total=None, left="")

        def report(step: Step) -> None:
            if step.seconds is not None:
                took.append(step.seconds)
            left = format_remaining(took, step.of - step.done)
            name = step.name or "writing the page"
            bars.update(bar, total=step.of, completed=step.done, description=name, left=left)
            console.log(f"{step.done} of {step.of} {what}, next {step.name or 'the page'} {left}")

        yield report


def format_remaining(took: list[float], steps: int) -> str:
    """What the steps to come may take, by the last ones; empty if nothing is known or nothing remains."""
    recent = took[-LOOKED_BACK:]
    if not recent or not steps:
        return ""
    return f"about {max(sum(recent) / len(recent) * steps / 60, 0.1):.1f} min left"
