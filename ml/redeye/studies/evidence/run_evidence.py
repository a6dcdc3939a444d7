"""A year's evidence: what each algorithm would have been worth, month by month, with what was known then."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.errors import NotReleased
from redeye.foundation.progress import Step
from redeye.foundation.settings import SPECS, settings
from redeye.models.logic.training import SEED
from redeye.models.training_code import hash_study_code
from redeye.studies.evidence import evidence_page
from redeye.studies.evidence.evidence_page import Facts
from redeye.studies.evidence.logic import months
from redeye.studies.evidence.logic.evidence_quality import measure_quality
from redeye.studies.evidence.logic.months import Month, TrainedMonth
from redeye.studies.labelled_rows import find_labelled_nights, read_labelled_frame
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)


def gather(
    model: str,
    folder: Path,
    *,
    report: Callable[[Step], None],
    since: date | None = None,
    seed: int = SEED,
    threads: int | None = None,
) -> Path:
    """Predict every month that has enough history before it, judge the predictions, and write the page.

    Each month is kept as soon as it is predicted, under a key of everything it depends on: interrupted, it goes on
    where it was; with other code, another spec or another release, it begins anew.

    Args:
        model: name of the spec.
        folder: for `evidence.md`, and `evidence/` with its pictures and rows.
        report: is called before each month and at the end.
        since: leaves months before it out, such as those that settings were chosen on.
        seed: of the fits and of the resampling.
        threads: to fit with; the fits may depend on it. The setting, if left out.

    Returns:
        The page.

    Raises:
        NotReleased: if nothing is released, or no month has enough history before it.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    release = release_store.latest_release()
    if release is None:
        raise NotReleased("no night is released yet: run `redeye load-year` first")
    used = threads or settings().threads
    code = code_hash()
    key = months.make_key(spec, release_id=release.release_id, code_hash=code, seed=seed, threads=used)
    kept = settings().home / "evidence" / model / key
    spans = [each for each in _months(spec, release) if since is None or each.nights.first >= since]
    if not spans:
        raise NotReleased(f"{model}: no month has enough nights before it; run `redeye load-year` first")
    frame: pd.DataFrame | None = None
    took: float | None = None
    predictions: dict[str, pd.DataFrame] = {}
    learned: dict[str, TrainedMonth] = {}
    for position, month in enumerate(spans):
        report(Step(position, len(spans), month.name, took))
        began = time.perf_counter()
        found = _read(kept, month)
        if found is None:
            frame = read_labelled_frame(spec, release) if frame is None else frame
            found = months.walk(frame, spec, month, seed=seed, threads=used)
            _keep(kept, month, *found)
            took = time.perf_counter() - began
        else:
            took = None
        predictions[month.name], learned[month.name] = found
    report(Step(len(spans), len(spans), "", took))
    rows = measure_quality(predictions, {name: each.chosen for name, each in learned.items()}, seed)
    facts = Facts(release, code, seed, used, tuple(spans))
    return evidence_page.write_page(folder, spec, rows, learned, facts)


def code_hash() -> str:
    """Of the code that decides what is predicted: that of trainings, and how months are walked."""
    return hash_study_code("evidence", Path(months.__file__))


def _months(spec: Spec, release: Release) -> tuple[Month, ...]:
    span = find_labelled_nights(spec, release)
    return months.months(spec, *span) if span else ()


def _read(folder: Path, month: Month) -> tuple[pd.DataFrame, TrainedMonth] | None:
    note = folder / f"{month.name}.json"
    if not note.exists():
        return None
    content: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return pd.read_parquet(folder / f"{month.name}.parquet"), TrainedMonth(**content)


def _keep(folder: Path, month: Month, predictions: pd.DataFrame, learned: TrainedMonth) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    predictions.to_parquet(folder / f"{month.name}.parquet", index=False)
    # Last and at once: a month without its note is done again.
    write_text(folder / f"{month.name}.json", json.dumps(learned.to_dict(), indent=2))
