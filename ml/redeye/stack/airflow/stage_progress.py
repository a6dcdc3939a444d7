"""How far work in stages is: live on a terminal; in a log a line when a stage begins and when a unit of it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psutil
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from redeye.stack.airflow.airflow_api import Run, Watcher
from redeye.stack.logic.remaining_time import Stage, Tally, format_duration, format_remaining

_BAR_WIDTH = 24
TIME = "%H:%M:%S"


def measure_elapsed() -> float:
    """Seconds since this process was started."""
    return time.time() - psutil.Process().create_time()


def stamp(elapsed: float) -> str:
    """What lines of progress begin with: the time of this machine, and how long the command has run."""
    return f"{time.strftime('%H:%M:%S')} {format_duration(elapsed):>6}"


def is_live(console: Console) -> bool:
    """Whether a person looks at it: variables of CI systems make rich take a pipe for a terminal."""
    return console.is_terminal and console.file.isatty()


class StageProgress:
    """Tells how far some stages are. Open it with `show_stages`."""

    def __init__(
        self, console: Console, stages: Sequence[Stage], clock: Callable[[], float] = measure_elapsed
    ) -> None:
        self._console, self._clock = console, clock
        self._tally = Tally(stages, clock())
        self._current: Stage | None = None
        self._now = ""

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Watcher]:
        """Do a stage inside; what it gives is to be called with its runs, and the end of it ends the stage."""
        self._current, self._now = stage, ""
        if not is_live(self._console):
            self._tell(f"begin {stage.title}; {self._estimate()}")
        ended: set[object] = set()

        def watch(runs: list[Run], now: str) -> None:
            self._now = now
            if None in stage.runs:
                return
            for night, wanted in stage.runs.items():
                if night not in ended and sum(run.night == night and run.is_done for run in runs) >= wanted:
                    ended.add(night)
                    took = self._tally.end_unit(stage, self._clock())
                    self._tell_end(f"Night {night} {stage.past}, {len(ended)} of {len(stage.runs)},", took)

        yield watch
        for _ in range(len(stage.runs) - len(ended)):
            took = self._tally.end_unit(stage, self._clock())
            self._tell_end(f"{stage.title}: done", took)
        self._current = None

    def _tell_end(self, what: str, took: float) -> None:
        left = f"; {self._estimate()}" if self._tally.done < self._tally.units else ""
        self._tell(f"end   {what} in {format_duration(took)}{left}")

    def _tell(self, what: str) -> None:
        line = f"[dim]{stamp(self._clock())}[/]  {escape(what)}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def _estimate(self) -> str:
        return format_remaining(self._tally.estimate_remaining(self._current, self._clock()))

    def render(self) -> Group:
        """The live part: a bar, what runs now, and what comes then."""
        tally, at = self._tally, self._clock()
        head = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(tally.units, 1), completed=tally.done, width=_BAR_WIDTH)
        head.add_row(
            bar, f"{tally.done} of {tally.units}", format_duration(at), f"[bold]{self._estimate()}[/]"
        )
        lines = []
        if self._current is not None:
            where = f": {self._now}" if self._now else ""
            took = format_duration(at - tally.ended)
            lines.append(f"[bold]now[/]   {escape(self._current.title + where)} [dim]{took}[/]")
            ahead = tally.stages[list(tally.stages).index(self._current) + 1 :]
            lines += [f"[dim]then  {escape(stage.title)}[/]" for stage in ahead]
        return Group(head, *map(Text.from_markup, lines))


@contextmanager
def show_stages(console: Console, stages: Sequence[Stage]) -> Iterator[StageProgress]:
    """Show how far some stages are while they are done inside, in their order."""
    progress = StageProgress(console, stages)
    if not is_live(console) or not stages:
        yield progress
        return
    with Live(console=console, get_renderable=progress.render, refresh_per_second=2, transient=True):
        yield progress
