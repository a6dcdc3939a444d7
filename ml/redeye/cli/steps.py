"""Showing how far a long job is, and how long what remains may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redeye.cli.shell import console

if TYPE_CHECKING:
    from redeye.foundation.progress import Step

# Steps grow with history: the last ones say most about those to come.
LOOKED_BACK = 5


@contextmanager
def show_steps(what: str) -> Iterator[Callable[[Step], None]]:
    """A bar; what it gives is to be called with each step.

    Args:
        what: the steps are, in the plural.
    """
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
