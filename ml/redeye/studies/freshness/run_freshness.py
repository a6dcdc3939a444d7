"""The experiment on how long a window and how often: walked over all that is released, kept training by training."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.declarations.spec_algorithms import XGBoostParams
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.errors import NotReleased
from redeye.foundation.progress import Step
from redeye.foundation.settings import SPECS, settings
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.logic.training import SEED, Parent
from redeye.models.training_code import hash_study_code
from redeye.studies.evidence.logic import months
from redeye.studies.freshness import freshness_page
from redeye.studies.freshness.logic import freshness_quality, windows_and_ages
from redeye.studies.freshness.logic.windows_and_ages import Origin, TrainedOrigin
from redeye.studies.labelled_rows import find_labelled_nights, read_labelled_frame
from redeye.warehouse import release_store

log = logging.getLogger(__name__)

ALGORITHM = "xgboost"


def gather(
    model: str, folder: Path, *, report: Callable[[Step], None], seed: int = SEED, threads: int | None = None
) -> Path:
    """Fit every variant at every origin, compare what they predict, and write the page.

    Each origin is kept as soon as it is done, under a key of everything it depends on: interrupted, it goes on where
    it was.

    Args:
        model: name of the spec.
        folder: for `freshness.md`, and `freshness/` with its pictures and rows.
        report: is called before each origin and at the end.
        seed: of the fits and of the resampling.
        threads: to fit with; the setting, if left out.

    Returns:
        The page.

    Raises:
        NotReleased: if nothing is released, or there is too little history for one origin and a block after it.
    """
    spec = faster(load_spec(SPECS / f"{model}.yaml"))
    release = release_store.latest_release()
    span = find_labelled_nights(spec, release) if release else None
    found = windows_and_ages.origins(spec, *span) if span else ()
    if release is None or len(found) < 2:
        raise NotReleased(f"{model}: too few nights for the experiment; run `redeye load-year` first")
    used = threads or settings().threads
    code = code_hash()
    key = months.make_key(spec, release_id=release.release_id, code_hash=code, seed=seed, threads=used)
    kept = settings().home / "experiments" / "freshness" / model / key
    frame: pd.DataFrame | None = None
    took: float | None = None
    parent: Parent | None = None
    predictions: dict[date, pd.DataFrame] = {}
    learned: dict[date, TrainedOrigin] = {}
    for position, origin in enumerate(found):
        report(Step(position, len(found), str(origin.decided), took))
        began = time.perf_counter()
        standing = _read(kept, origin)
        if standing is None:
            frame = read_labelled_frame(spec, release) if frame is None else frame
            standing = windows_and_ages.walk(
                frame, spec, origin, parent, algorithm=ALGORITHM, seed=seed, threads=used
            )
            _keep(kept, origin, *standing)
            took = time.perf_counter() - began
        else:
            took = None
        predictions[origin.decided], learned[origin.decided], parent = standing
    report(Step(len(found), len(found), "", took))
    rows = windows_and_ages.blocks(found, predictions)
    nights = {position: learned[origin.decided].nights for position, origin in enumerate(found)}
    windows = freshness_quality.compare_windows(rows, nights, seed)
    ages = freshness_quality.compare_ages(rows, seed)
    facts = freshness_page.Facts(
        release, code, seed, used, ALGORITHM, found, windows_and_ages.count_held_back(spec)
    )
    return freshness_page.write_page(folder, spec, windows, ages, learned, facts)


def faster(spec: Spec) -> Spec:
    """The spec with trees that learn twice as fast, and half as many: some hundred fits are to be made."""
    params = spec.algorithms.xgboost
    if params is None:
        raise NotReleased(f"{spec.model} has no parameters of {ALGORITHM}: the experiment is made with it")
    quick = XGBoostParams(
        **{
            **params.model_dump(),
            "learning_rate": min(1.0, 2 * params.learning_rate),
            "rounds": max(1, params.rounds // 2),
        }
    )
    return spec.model_copy(update={"algorithms": spec.algorithms.model_copy(update={ALGORITHM: quick})})


def code_hash() -> str:
    """Of the code that decides what is predicted: that of trainings, and how origins are walked."""
    return hash_study_code("freshness", Path(windows_and_ages.__file__))


def _read(folder: Path, origin: Origin) -> tuple[pd.DataFrame, TrainedOrigin, Parent] | None:
    note = folder / f"{origin.decided}.json"
    if not note.exists():
        return None
    content = json.loads(note.read_text(encoding="utf-8"))
    learned = TrainedOrigin(**content["learned"])
    train_last, seen_until = map(date.fromisoformat, learned.parent)
    model = load_model(folder / content["continued"], content["sha256"])
    return (
        pd.read_parquet(folder / f"{origin.decided}.parquet"),
        learned,
        Parent(0, model, train_last, seen_until),
    )


def _keep(
    folder: Path, origin: Origin, predictions: pd.DataFrame, learned: TrainedOrigin, parent: Parent
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    predictions.to_parquet(folder / f"{origin.decided}.parquet", index=False)
    # A folder of an attempt that died has no note that names it.
    name = f"{origin.decided}-continued-{time.time_ns()}"
    sha256 = save_model(parent.model, folder / name)
    content = {"learned": learned.to_dict(), "continued": name, "sha256": sha256}
    write_text(folder / f"{origin.decided}.json", json.dumps(content, indent=2))
