"""The error rate of intervals on made-up nights, and on real ones of two models that a year gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from redeye.declarations.spec_candidates import Candidates
from redeye.foundation.errors import NotReleased
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.training import SEED
from redeye.studies.evidence.logic import months
from redeye.studies.freshness.run_freshness import ALGORITHM, faster
from redeye.studies.interval_error import interval_error_page
from redeye.studies.interval_error.logic.interval_error import find_nightly_gains
from redeye.studies.labelled_rows import PastNights
from redeye.studies.progress import Step
from redeye.studies.studied_spec import load_studied_spec


def measure(model: str, folder: Path, *, report: Callable[[Step], None]) -> Path:
    """Measure both and write `interval-error.md` into a folder.

    Real nights are those of every month with enough history before it, predicted by the heuristic and by trees that
    were trained before the month, with half the trees of the spec.

    Raises:
        NotReleased: if nothing is released, or no month has enough history before it.
    """
    spec = load_studied_spec(model)
    quick = months.keep_algorithm(faster(spec), ALGORITHM, Candidates())
    past = PastNights.find("evidence", Path(months.__file__), quick, seed=SEED, threads=None)
    spans = months.months(quick, past.first, past.last) if past else ()
    if past is None or not spans:
        raise NotReleased(f"{model}: no month has enough nights before it; run `./redeye load-year` first")
    predicted = []
    for position, month in enumerate(spans):
        report(Step(position, len(spans), month.name, None))
        rows, _ = months.walk(past.frame, quick, month, seed=SEED, threads=past.basis.threads)
        predicted.append(rows)
    report(Step(len(spans), len(spans), "", None))
    gains = find_nightly_gains(pd.concat(predicted), ALGORITHM, HeuristicModel.algorithm)
    source = (
        f"The nights {spans[0].nights.first} to {spans[-1].nights.last} of release {past.basis.release.release_id}; "
        "trees are trained before each month, half as many as the spec's, that learn twice as fast."
    )
    return interval_error_page.write_page(folder, spec, {"trees against the heuristic": gains}, source)
