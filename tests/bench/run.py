"""`make bench`: Redeye against the plainest scripts of the same work, in one run on one machine.

Everything happens in a temporary installation, with a Postgres of its own. Prints a table, and writes JSON to
`.redeye/bench/`. The page docs/results/performance.md says what is measured and what was found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2] / "ml")]

import api  # noqa: E402 -- after the path is set
import dbt_night  # noqa: E402
import frame  # noqa: E402
import history  # noqa: E402
import loop  # noqa: E402
import monitor_parts  # noqa: E402
import network  # noqa: E402
import one_night  # noqa: E402
import scheduler  # noqa: E402
import scoring  # noqa: E402
from figures import Figure, machine, show, write  # noqa: E402
from installation import Installation, installation  # noqa: E402
from rich.console import Console  # noqa: E402

from redeye.declarations.calendar import ONE_DAY  # noqa: E402
from redeye.foundation.errors import RedeyeError  # noqa: E402
from redeye.foundation.settings import settings  # noqa: E402

FIGURES = ("loop", "scoring", "network", "monitor", "dbt", "night", "scheduler", "frame", "history", "api")
WITHOUT_HISTORY = {"scheduler", "api"}
NIGHT = date(2013, 12, 30)
# As a task has in Airflow.
ATTEMPTS = 2
RELEASED, BASE, PAST, FILES = "released", "base", "ten times", "nightly files"


def main() -> None:
    """Measure, show, keep."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 150)
    target = settings().home / "bench"
    began, load = time.monotonic(), machine()["load"]
    with tempfile.TemporaryDirectory(prefix="redeye-bench-", dir=options.workdir) as home:
        Path(home).chmod(0o711)
        with installation(Path(home)) as at:
            lines = Bench(at, options, console).run()
    show(lines, console)
    asked = {name: str(value) for name, value in vars(options).items()}
    took = round(time.monotonic() - began)
    path = write(lines, target, {**asked, "load_before": load, "seconds": took})
    console.print(f"{took} s in all. Everything that was measured: {path}")


class Bench:
    """The figures, in an order in which each finds what it needs."""

    def __init__(self, at: Installation, options: argparse.Namespace, console: Console) -> None:
        self.at = at
        self.options = options
        self.console = console
        self.night: date = options.night
        self.before = self.night - ONE_DAY
        self.models = at.home / "models"
        self.nights_before: list[dict[str, Any]] = []

    def run(self) -> list[Figure]:
        """Set up, and measure what was asked for."""
        lines: list[Figure] = []
        made: dict[str, Any] = {}
        only = self.options.only
        if set(only) - WITHOUT_HISTORY:
            self._say(f"history up to {self.before}, a champion, scored nights")
            self.models.mkdir()
            self.at.run("prepared:history", last=self.before)
            self.at.checkpoint(RELEASED)
            if {"scoring", "network", "monitor", "night", "history"} & set(only):
                made = self.at.run("prepared:champion", last=self.before, folder=str(self.models))
            self.at.checkpoint(BASE)
        measures: dict[str, Callable[[], list[Figure]]] = {
            "loop": self._loop,
            "scoring": lambda: self._scoring(made),
            "network": self._network,
            "monitor": self._monitor,
            "dbt": self._dbt,
            "night": self._night,
            "scheduler": self._scheduler,
            "frame": self._frame,
            "history": self._history,
            "api": lambda: api.figures(self.at.run("api:measure")),
        }
        for name, measure in measures.items():
            if name not in only:
                continue
            self._say(name)
            found = self._tried(name, measure)
            for line in found:
                self._say(f"  {line.name}: {line.note}")
            lines += found
        return lines

    def _tried(self, name: str, measure: Callable[[], list[Figure]]) -> list[Figure]:
        """The figure's lines, at the second attempt if need be: the other figures are worth having."""
        for _ in range(ATTEMPTS):
            try:
                return measure()
            except (RedeyeError, subprocess.CalledProcessError) as error:
                self.console.print(str(error), style="red", markup=False)
        return [Figure(name, note="failed, see above", is_met=False)]

    def _loop(self) -> list[Figure]:
        if self.before < loop.LAST:
            return [Figure("the closed loop", note=f"needs nights up to {loop.LAST}: a later --night")]
        self.at.back_to(RELEASED)
        return loop.figures(self.at.run("loop:measure"))

    def _scoring(self, made: dict[str, Any]) -> list[Figure]:
        folder, sha256 = str(self.models), made["hashes"]["xgboost"]
        return scoring.figures(self.at.run("scoring:measure", folder=folder, sha256=sha256))

    def _network(self) -> list[Figure]:
        folder, times = str(self.models), self.options.repeat
        return network.figures(
            self.at.run("network:measure", folder=folder, times=times, threads=settings().threads)
        )

    def _monitor(self) -> list[Figure]:
        self.at.back_to(BASE)
        night = self.before - ONE_DAY  # the last one that is scored
        return [monitor_parts.figure(self.at.run("monitor_parts:measure", night=night), night)]

    def _dbt(self) -> list[Figure]:
        self.at.back_to(BASE)
        found = self.at.run("dbt_night:measure", night=self.night, times=self.options.repeat)
        return [dbt_night.figure(found)]

    def _night(self) -> list[Figure]:
        self.nights_before = self._nights(one_night.STEPS, BASE)
        return one_night.figures(self.nights_before, self.night)

    def _scheduler(self) -> list[Figure]:
        home, port = str(self.options.stack_home.resolve()), self.options.stack_port
        return [scheduler.figure(self.at.run("scheduler:measure", stack_home=home, airflow_port=port))]

    def _frame(self) -> list[Figure]:
        if "night" not in self.options.only:  # which leaves the night released
            self._nights(one_night.BUILD, BASE, times=1)
        folder = self.at.home / "frame"
        folder.mkdir(exist_ok=True)
        self.at.run("frame:export", folder=str(folder))
        return frame.figures(frame.measure(folder))

    def _history(self) -> list[Figure]:
        # The first monitoring of a champion makes its reference, which stays on disk.
        before = self.nights_before or self._nights(one_night.MONITORED, BASE, self.options.repeat + 1)[1:]
        lines = []
        for name, times, nightly_files in ((PAST, history.TIMES, False), (FILES, 1, True)):
            self._say(f"history: {name}")
            self.at.back_to(BASE)
            made = self.at.run("history:multiply", times=times, nightly_files=nightly_files)
            self.at.checkpoint(name)
            after = self._nights(one_night.MONITORED, name)
            lines += [
                history.figure(history.BUILT, before, after, made, self.night),
                history.figure(history.MONITORED, before, after, made, self.night),
            ]
        for line in lines[-2:]:
            line.name += ", a file per night"
        return lines

    def _nights(
        self, steps: tuple[str, ...], checkpoint: str, times: int | None = None
    ) -> list[dict[str, Any]]:
        steps = tuple(dict.fromkeys(("ingest", *steps)))
        return one_night.repeat(self.at, checkpoint, self.night, times or self.options.repeat, steps)

    def _say(self, what: str) -> None:
        self.console.print(f"[dim]{what}[/dim]")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=FIGURES, help="some of the figures")
    parser.add_argument(
        "--night", type=date.fromisoformat, default=NIGHT, help="shorter history: an earlier one"
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often cheap work is measured")
    parser.add_argument(
        "--stack-home",
        type=Path,
        default=settings().home,
        help="home of a running stack (`make run`), to read its task times",
    )
    parser.add_argument("--stack-port", type=int, default=settings().airflow_port, help="its Airflow's port")
    parser.add_argument("--workdir", type=Path, help="where the temporary installation is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()
