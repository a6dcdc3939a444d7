"""Installations that a test run makes once, one of each kind, and copies for whoever needs one.

A copy is its own: its server runs over a copied data folder, on a port of its own. Only the lake's Parquet files
are hard links, as nothing rewrites them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from throwaway import Stack, find_port, installation

from redeye.champions import promotion_store
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS, Settings
from redeye.operations import build_nights
from redeye.sources import ingest
from redeye.stack import bootstrap
from redeye.stack.backups import restore
from redeye.warehouse import build

MODEL = "flight_delay"
FIRST, THREE_WEEKS_END, TEN_WEEKS_END = date(2012, 12, 31), date(2013, 1, 20), date(2013, 3, 8)
LINKED = ("lake",)


class Kind(StrEnum):
    """What an installation holds before a test begins."""

    EMPTY = "empty"
    """Roles, databases, lakes and ledgers."""
    MIGRATED = "migrated"
    """The tables and users of Airflow and MLflow, too."""
    THREE_WEEKS = "three_weeks"
    """And a release of three weeks of nights."""
    CHAMPION = "champion"
    """And the heuristic as champion, from the first training on those weeks."""
    TEN_WEEKS = "ten_weeks"
    """A migrated one with a release of ten weeks, and what the first training on them chose."""


def _migrate(stack: Stack) -> None:
    bootstrap.prepare_databases(stack.settings, stack.secrets, stack.postgres)


def _build(last: date) -> None:
    ingest.ingest_nights(FIRST, last)
    build.publish(build_nights.transform(FIRST, last, holder="history", kind="history"))


def _train(last: date) -> None:
    from redeye.promotion.train import train_night

    train_night(MODEL, last, run_id="first", actor="test", reason="first training")
    _fit_drift_references()


def _fit_drift_references() -> None:
    """What the first night that a champion is monitored would make, in half a minute."""
    from redeye.monitoring.fit_drift_reference import load_reference

    for champion in promotion_store.read_promotions(MODEL):
        load_reference(load_spec(SPECS / f"{MODEL}.yaml"), champion)


def _ten_weeks(_: Stack) -> None:
    _build(TEN_WEEKS_END)
    _train(TEN_WEEKS_END)


@dataclass(frozen=True)
class Recipe:
    """How a kind is made from another one; `None` is an empty folder."""

    of: Kind | None
    make: Callable[[Stack], object]
    has_runs: bool = False


RECIPES = {
    Kind.EMPTY: Recipe(None, lambda _: None),
    Kind.MIGRATED: Recipe(Kind.EMPTY, _migrate),
    Kind.THREE_WEEKS: Recipe(Kind.MIGRATED, lambda _: _build(THREE_WEEKS_END)),
    Kind.CHAMPION: Recipe(Kind.THREE_WEEKS, lambda _: _train(THREE_WEEKS_END), has_runs=True),
    Kind.TEN_WEEKS: Recipe(Kind.MIGRATED, _ten_weeks, has_runs=True),
}


class Prepared:
    """The installations of one test run, in a folder that all of its workers share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy(self, kind: Kind, home: Path) -> None:
        """Fill an empty folder with an installation of a kind; its servers do not run."""
        made = self._made(kind)
        home.mkdir(parents=True, exist_ok=True)
        for part in sorted(made.iterdir()):
            how = "--link" if part.name in LINKED else "--reflink=auto"
            subprocess.run(["cp", "--archive", how, str(part), str(home)], check=True)
        if RECIPES[kind].has_runs:
            _move_artifacts(home, made)

    @contextmanager
    def installed(self, home: Path, kind: Kind = Kind.EMPTY) -> Iterator[Stack]:
        """A copy whose Postgres runs and that this process's environment names."""
        self.copy(kind, home)
        with installation(home) as stack:
            yield stack

    def _made(self, kind: Kind) -> Path:
        """The home of a kind, made by whichever worker comes first while others wait."""
        home, done = self.folder / kind / "home", self.folder / kind / "done"
        home.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{kind}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(home, ignore_errors=True)
                self._make(kind, home)
                done.touch()
        return home

    def _make(self, kind: Kind, home: Path) -> None:
        recipe, before = RECIPES[kind], dict(os.environ)
        # What a test has set is for its copy.
        for name in [name for name in before if name.startswith("REDEYE_")]:
            del os.environ[name]
        try:
            if recipe.of is not None:
                self.copy(recipe.of, home)
            with installation(home) as stack:
                recipe.make(stack)
        finally:
            os.environ.clear()
            os.environ.update(before)


def _move_artifacts(home: Path, made: Path) -> None:
    """MLflow keeps where artifacts lie as whole URIs."""
    configured = Settings(home=home, postgres_port=find_port())
    server = bootstrap.server(configured, bootstrap.prepare_files(configured))
    server.is_durable = False
    with server:
        restore._move_paths(server, "mlflow", made.resolve().as_uri(), home.resolve().as_uri())
