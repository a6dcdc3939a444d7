"""What a change of the dbt project does, before it is merged."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from redeye.cli.shell import console, enter
from redeye.foundation import pages
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.logic.visible_text import hide_passwords
from redeye.foundation.settings import settings
from redeye.stack.rich_tables import Table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from redeye.review.logic.impact_verdict import Impact, Judgement

app = typer.Typer()

COLOURS = {"safe": "green", "look": "yellow", "breaks": "red"}
NO_VERDICT, NO_COMMENT = 3, 4


@app.command()
def impact(
    branches: Annotated[
        list[str] | None,
        typer.Argument(metavar="BRANCH", help="With --compare: each against its merge base, in one table."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="The branch that yours leaves from; its merge base is compared.")
    ] = "main",
    to: Annotated[Path | None, typer.Option(help="Folder of the report; <home>/impact by default.")] = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Fit models on the old and on the new state too.")
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many models --retrain fits on each state; of one alone nothing is sure."
        ),
    ] = None,
    comment: Annotated[
        bool,
        typer.Option(
            "--comment", help="In a job of GitHub or GitLab: write the one comment, posted or updated."
        ),
    ] = False,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Compare branches with each other; nothing of them is checked out here."
        ),
    ] = False,
) -> None:
    """Show what your branch's change of models and features does to data, features and scores.

    Ends with status 0 for `safe`, 1 for `look`, 2 for `breaks`, 3 if there is no verdict, 4 if the comment could
    not be written.
    """
    from redeye.review import impact_training
    from redeye.review.impact import assess
    from redeye.review.logic.impact_verdict import judge
    from redeye.review.reports.impact_page import write_page

    ended: list[int] = []

    def end(number: int, _: object) -> None:
        """End as an error would, so that the sandboxes are dropped."""
        ended.append(128 + number)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    if compare != bool(branches):
        raise ConfigError("--compare is followed by branches, and branches are named with --compare alone")
    seeds = (seeds or impact_training.SEEDS) if retrain else 0
    folder = to or settings().home / "impact"
    if branches:
        _compare(branches, base, folder, seeds)
    try:
        enter(writes_outside=True)
        with console.status("Starting") as shown:
            found = assess(
                base,
                seeds=seeds,
                report=lambda step: shown.update(step.capitalize()),
            )
        judgement = judge(found)
        page = write_page(found, judgement, folder)
    except RedeyeError as error:
        console.print(f"[bold red]No verdict:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        if comment:
            _write_comment(f"# Impact: no verdict\n\n```\n{hide_passwords(str(error))}\n```\n")
        raise typer.Exit(NO_VERDICT) from error
    except RuntimeError:
        if ended:  # DuckDB's, for what a signal raised within a query.
            raise typer.Exit(ended[0]) from None
        raise
    for each in render_impact(found, judgement):
        console.print(each, highlight=False)
    seconds = sum(found.seconds.values())
    console.print(
        f"[dim]{seconds:.0f} s; the report: {page}, and impact.md beside it for a comment[/]", soft_wrap=True
    )
    if comment:
        _write_comment(page.with_suffix(".md").read_text(encoding="utf-8"))
    raise typer.Exit(judgement.verdict.exit_code)


def _compare(branches: list[str], base: str, folder: Path, seeds: int) -> NoReturn:
    """Print a row for each branch, and end with the status of the gravest verdict."""
    from redeye.review.reports.compare_branches import compare_branches

    enter(writes_outside=True)
    with console.status("Starting") as shown:
        table, verdict = compare_branches(branches, base, folder, seeds=seeds, report=shown.update)
    console.print(_render_table(f"Against the merge base with {base}", table))
    console.print(f"[dim]{folder / 'comparison.html'}; a folder beside it for each branch[/]", soft_wrap=True)
    raise typer.Exit(NO_VERDICT if verdict is None else verdict.exit_code)


def _write_comment(text: str) -> None:
    """Write the comment of this job's pull request; what is wrong with that ends the command, whatever the verdict."""
    from redeye.review.reports import forge_comment

    try:
        done = forge_comment.write_comment(forge_comment.find_thread(os.environ), text)
    except ConfigError as error:
        console.print(f"[bold red]No comment:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(NO_COMMENT) from error
    console.print(f"The comment is {done}.")


def render_impact(impact: Impact, judgement: Judgement) -> Iterator[RenderableType]:
    """The report for a terminal, in the page's order; sentences are wrapped, as a terminal would break names."""
    from redeye.review.reports.impact_page import tabulate_impact

    yield Text(judgement.verdict, style=f"bold {COLOURS[judgement.verdict]}")
    yield from _list_sentences(judgement.reasons)
    for title, table in tabulate_impact(impact):
        yield _render_table(title, table)
    if impact.rollout:
        yield from _list_sentences(impact.rollout.describe())


def _list_sentences(sentences: Iterable[str]) -> Iterator[RenderableType]:
    for each in sentences:
        yield Padding(Text(f"- {each}", overflow="fold"), (0, 0, 0, 2))


def _render_table(title: str, table: pages.Table) -> Table:
    shown = Table(title=title)
    for place, head in enumerate(table.heads):
        shown.add_column(head, justify="right" if place in table.numbers else "left")
    for row in table.rows:
        shown.add_row(*(escape(str(cell)) for cell in row))
    return shown
