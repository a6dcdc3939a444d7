"""A year's evidence: what each algorithm would have been worth, month by month, with what was known then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import settings
from redeye.models.logic.training import SEED
from redeye.studies.evidence import evidence_page
from redeye.studies.evidence.evidence_page import Facts
from redeye.studies.evidence.logic import months
from redeye.studies.evidence.logic.evidence_quality import measure_quality
from redeye.studies.evidence.logic.months import Month, TrainedMonth
from redeye.studies.labelled_rows import PastNights, keep_step, read_kept, walk_kept
from redeye.studies.progress import Step
from redeye.studies.studied_spec import load_studied_spec


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

    `folder` is for the page, and a folder with its pictures and rows; `report` is called before each step and at the
    end; `since` leaves months before it out, such as those that settings were chosen on; `threads`, on which the fits
    may depend, is the setting, if left out.

    Raises:
        NotReleased: if nothing is released, or no month has enough history before it.
    """
    spec = load_studied_spec(model)
    past = PastNights.find("evidence", Path(months.__file__), spec, seed=seed, threads=threads)
    if past is None:
        raise NotReleased("no night is released yet: run `./redeye load-year` first")
    spans = [
        each
        for each in months.months(spec, past.first, past.last)
        if since is None or each.nights.first >= since
    ]
    if not spans:
        raise NotReleased(f"{model}: no month has enough nights before it; run `./redeye load-year` first")
    basis, kept = past.basis, settings().home / "evidence" / model / past.key

    def make(month: Month, _: object) -> tuple[pd.DataFrame, TrainedMonth]:
        rows, learned = months.walk(past.frame, spec, month, seed=seed, threads=basis.threads)
        keep_step(kept, month.name, rows, asdict(learned))
        return rows, learned

    def read(month: Month) -> tuple[pd.DataFrame, TrainedMonth] | None:
        found = read_kept(kept, month.name)
        return (found[0], TrainedMonth(**found[1])) if found else None

    found = walk_kept(spans, lambda month: month.name, read=read, make=make, report=report)
    by_month = dict(zip((each.name for each in spans), found, strict=True))
    predictions = {name: rows for name, (rows, _) in by_month.items()}
    learned = {name: fitted for name, (_, fitted) in by_month.items()}
    rows = measure_quality(predictions, {name: each.chosen for name, each in learned.items()})
    return evidence_page.write_page(folder, spec, rows, learned, Facts(**vars(basis), months=tuple(spans)))
