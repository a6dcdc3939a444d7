"""A log has a line when a stage begins and when a unit of it ends; a terminal shows now and then."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from rich.console import Console

from redeye.stack.airflow.airflow_api import Run, RunState
from redeye.stack.airflow.stage_progress import StageProgress
from redeye.stack.logic.remaining_time import Stage

FIRST, LAST = date(2013, 4, 1), date(2013, 4, 2)
HISTORY = Stage("Build 90 nights", 60.0)
NIGHTS = Stage("Score and judge the nights", 30.0, {FIRST: 2, LAST: 2}, "judged")


class Clock:
    seconds = 10.0

    def __call__(self) -> float:
        return self.seconds


def make_runs(*done: tuple[str, date]) -> list[Run]:
    every = [(verb, night) for night in (FIRST, LAST) for verb in ("score", "monitor")]
    return [
        Run(f"{verb}_x", str(night), RunState.SUCCESS if (verb, night) in done else RunState.RUNNING, night)
        for verb, night in every
    ]


def play(progress: StageProgress, clock: Clock) -> None:
    """The history in a minute, then two nights of half a minute, each looked at often."""
    with progress.stage(HISTORY) as watch:
        for _ in range(30):
            clock.seconds += 2
            watch([], "transform")
    done: list[tuple[str, date]] = []
    with progress.stage(NIGHTS) as watch:
        for step in (("score", FIRST), ("score", LAST), ("monitor", FIRST), ("monitor", LAST)):
            for now in ("", "score_rows", "", "export", ""):
                clock.seconds += 3
                watch(make_runs(*done), now)
            done.append(step)
            watch(make_runs(*done), "")


# Variables of CI systems make rich take a pipe for a terminal.
@pytest.mark.parametrize("is_forced", [False, True])
def test_a_log_has_a_line_for_each_stage_and_each_unit_with_times_and_no_more(is_forced):
    clock, written = Clock(), io.StringIO()
    console = Console(file=written, width=40, force_terminal=is_forced, color_system=None)
    play(StageProgress(console, [HISTORY, NIGHTS], clock), clock)
    lines = written.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d +\d+:\d\d  (begin|end) ", line) for line in lines), lines
    assert [line[9:] for line in lines] == [
        "  0:10  begin Build 90 nights; about 2 min left",
        "  1:10  end   Build 90 nights: done in 1:00; about 1 min left",
        "  1:10  begin Score and judge the nights; about 1 min left",
        "  1:55  end   Night 2013-04-01 judged, 1 of 2, in 0:45; less than a minute left",
        "  2:10  end   Night 2013-04-02 judged, 2 of 2, in 0:15",
    ]


def test_a_terminal_shows_what_is_done_what_runs_and_what_comes():
    clock = Clock()
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    progress = StageProgress(console, [HISTORY, NIGHTS], clock)
    with progress.stage(HISTORY) as watch:
        clock.seconds += 20
        watch([], "transform")
        shown = io.StringIO()
        Console(file=shown, width=80).print(progress.render())
    for told in ("0 of 3", "0:30", "about 2 min left", "Build 90 nights: transform 0:20", "then  Score"):
        assert told in shown.getvalue()


def test_a_stage_that_fails_is_not_called_done():
    written = io.StringIO()
    progress = StageProgress(Console(file=written), [HISTORY], Clock())
    with pytest.raises(RuntimeError), progress.stage(HISTORY):
        raise RuntimeError
    assert "done" not in written.getvalue()
