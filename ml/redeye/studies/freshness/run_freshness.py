"""The experiment on how long a window and how often: walked over all that is released, kept training by training."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from redeye.declarations.spec_algorithms import XGBoostParams
from redeye.declarations.specs import Spec
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import settings
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.logic.training import SEED, Parent
from redeye.studies.freshness import freshness_page
from redeye.studies.freshness.logic import freshness_quality, windows_and_ages
from redeye.studies.freshness.logic.windows_and_ages import Origin, TrainedOrigin
from redeye.studies.labelled_rows import PastNights, keep_step, read_kept, walk_kept
from redeye.studies.progress import Step
from redeye.studies.studied_spec import load_studied_spec

ALGORITHM = "xgboost"
Found = tuple[pd.DataFrame, TrainedOrigin, Parent]


def gather(
    model: str, folder: Path, *, report: Callable[[Step], None], seed: int = SEED, threads: int | None = None
) -> Path:
    """Fit every variant at every origin, compare what they predict, and write the page.

    Each origin is kept as soon as it is done, under a key of everything it depends on: interrupted, it goes on where
    it was. Arguments are those of the evidence.

    Raises:
        NotReleased: if nothing is released, or there is too little history for one origin and a block after it.
    """
    spec = faster(load_studied_spec(model))
    past = PastNights.find("freshness", Path(windows_and_ages.__file__), spec, seed=seed, threads=threads)
    origins = windows_and_ages.origins(spec, past.first, past.last) if past else ()
    if past is None or len(origins) < 2:
        raise NotReleased(f"{model}: too few nights for the experiment; run `./redeye load-year` first")
    basis, kept = past.basis, settings().home / "experiments" / "freshness" / model / past.key

    def make(origin: Origin, before: Found | None) -> Found:
        parent = before[2] if before else None
        found = windows_and_ages.walk(
            past.frame, spec, origin, parent, algorithm=ALGORITHM, seed=seed, threads=basis.threads
        )
        _keep(kept, origin, *found)
        return found

    found = walk_kept(
        origins, lambda one: str(one.decided), read=partial(_read, kept), make=make, report=report
    )
    predictions: dict[date, pd.DataFrame] = {}
    learned: dict[date, TrainedOrigin] = {}
    for origin, (rows, fitted, _) in zip(origins, found, strict=True):
        predictions[origin.decided], learned[origin.decided] = rows, fitted
    rows = windows_and_ages.blocks(origins, predictions)
    nights = {position: learned[origin.decided].nights for position, origin in enumerate(origins)}
    windows = freshness_quality.compare_windows(rows, nights)
    ages = freshness_quality.compare_ages(rows)
    facts = freshness_page.Facts(
        **vars(basis), algorithm=ALGORITHM, origins=origins, held_back=windows_and_ages.count_held_back(spec)
    )
    return freshness_page.write_page(folder, spec, windows, ages, learned, facts)


def faster(spec: Spec) -> Spec:
    """The spec with trees that learn twice as fast, and half as many: some hundred fits are to be made."""
    params = spec.algorithms.xgboost
    if params is None:
        raise NotReleased(f"{spec.model} has no parameters of {ALGORITHM}: the experiment is made with it")
    faster_ones = {"learning_rate": min(1.0, 2 * params.learning_rate), "rounds": max(1, params.rounds // 2)}
    quick = XGBoostParams(**{**params.model_dump(), **faster_ones})
    return spec.model_copy(update={"algorithms": spec.algorithms.model_copy(update={ALGORITHM: quick})})


def _read(folder: Path, origin: Origin) -> Found | None:
    if (found := read_kept(folder, str(origin.decided))) is None:
        return None
    rows, content = found
    learned = TrainedOrigin(**content["learned"])
    train_last, seen_until = map(date.fromisoformat, learned.parent)
    model = load_model(folder / content["continued"], content["sha256"])
    return rows, learned, Parent(0, model, train_last, seen_until)


def _keep(
    folder: Path, origin: Origin, predictions: pd.DataFrame, learned: TrainedOrigin, parent: Parent
) -> None:
    # A folder of an attempt that died has no note that names it.
    name = f"{origin.decided}-continued-{time.time_ns()}"
    sha256 = save_model(parent.model, folder / name)
    content = {"learned": asdict(learned), "continued": name, "sha256": sha256}
    keep_step(folder, str(origin.decided), predictions, content)
