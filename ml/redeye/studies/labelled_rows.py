"""The labelled rows of the newest release with their features, as walks over past nights read and keep them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.features.feast_frames import read_feature_frame
from redeye.foundation.atomic_files import write_text
from redeye.foundation.settings import settings
from redeye.models.training_code import hash_study_code
from redeye.studies.evidence.logic.months import make_key
from redeye.studies.progress import Step
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.releases import Release

Planned = TypeVar("Planned")
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Basis:
    """What a study was made with; `threads` are of the fits."""

    release: Release
    code_hash: str
    seed: int
    threads: int


@dataclass(frozen=True)
class PastNights:
    """The nights `first` to `last`, which have labels in the newest release, and what a study of them goes by.

    Attributes:
        key: of everything that what is kept depends on; judging is left out.
    """

    spec: Spec
    first: date
    last: date
    basis: Basis
    key: str

    @classmethod
    def find(
        cls, study: str, planning: Path, spec: Spec, *, seed: int, threads: int | None
    ) -> PastNights | None:
        """Those of a study whose trainings the file `planning` plans; None if no night with a label is released.

        `threads` is the setting, if left out.
        """
        release = release_store.latest_release()
        span = find_labelled_nights(spec, release) if release else None
        if release is None or span is None:
            return None
        basis = Basis(release, hash_study_code(study, planning), seed, threads or settings().threads)
        key = make_key(
            spec, release_id=release.release_id, code_hash=basis.code_hash, seed=seed, threads=basis.threads
        )
        return cls(spec, *span, basis, key)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The labelled rows, read when they are first asked for."""
        return read_labelled_frame(self.spec, self.basis.release)


def walk_kept(
    steps: Sequence[Planned],
    name: Callable[[Planned], str],
    *,
    read: Callable[[Planned], Kept | None],
    make: Callable[[Planned, Kept | None], Kept],
    report: Callable[[Step], None],
) -> Iterator[Kept]:
    """What each step gives: read if it was kept, else made from the step and what the one before gave, in order."""
    took: float | None = None
    before: Kept | None = None
    for position, step in enumerate(steps):
        report(Step(position, len(steps), name(step), took))
        began = time.perf_counter()
        found, took = read(step), None
        if found is None:
            found = make(step, before)
            took = time.perf_counter() - began
        before = found
        yield found
    report(Step(len(steps), len(steps), "", took))


def read_kept(folder: Path, name: str) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """Rows and note of a step that was kept; None if it was not, or not to the end."""
    note = folder / f"{name}.json"
    if not note.exists():
        return None
    return pd.read_parquet(folder / f"{name}.parquet"), json.loads(note.read_text(encoding="utf-8"))


def keep_step(folder: Path, name: str, rows: pd.DataFrame, note: dict[str, Any]) -> None:
    """Keep rows and note of a step; without its note, which is written last and at once, it is done again."""
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / f"{name}.parquet", index=False)
    write_text(folder / f"{name}.json", json.dumps(note, indent=2))


def find_labelled_nights(spec: Spec, release: Release) -> tuple[date, date] | None:
    """The first and the last night with a labelled row; None if there is none."""
    night = spec.population.night
    with lake.connect_at(release.snapshot_id) as con:
        found = con.execute(
            f"SELECT min({night}), max({night}) FROM warehouse.{spec.population.relation} "
            f"WHERE {spec.target.column} IS NOT NULL"
        ).fetchone()
    if found is None or found[0] is None:
        return None
    first, last = (pd.Timestamp(each).date() for each in found)
    return first, last


def read_labelled_frame(spec: Spec, release: Release) -> pd.DataFrame:
    """Every labelled row with its features and when its label became known, by key.

    Features are those known at the cutoff of the row's own night.
    """
    population, target = spec.population, spec.target
    with lake.connect_at(release.snapshot_id) as con:
        entities = con.execute(
            f"SELECT {spec.schedule_select()}, {target.column}, {target.known_at} "
            f"FROM warehouse.{population.relation} WHERE {target.column} IS NOT NULL ORDER BY {population.key}"
        ).df()
    return read_feature_frame(release.snapshot_id, entities, spec.feature_service)
