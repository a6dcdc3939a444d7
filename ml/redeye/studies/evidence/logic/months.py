"""Walking forward through months: each is predicted by models that had seen nothing of it.

The models of a month are trained as a night's training would do it on the last night before the month, with the
same windows and on what was known and mature at that night's cutoff. They predict every night of the month.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.declarations.calendar import cutoff, find_previous_night
from redeye.declarations.spec_candidates import Candidates
from redeye.declarations.specs import Spec
from redeye.models.logic.splits import TooFewNights, Window, Windows, plan_windows
from redeye.models.logic.training import fit_candidates, read_nights, select_candidate, select_rows


@dataclass(frozen=True)
class Month:
    """The nights of one calendar month, and when its models are trained.

    Attributes:
        name: such as 2013-04.
        decided: the last night before it; its cutoff is the first instant of the month's first night.
        nights: those that are predicted.
    """

    name: str
    decided: date
    nights: Window


@dataclass(frozen=True)
class TrainedMonth:
    """What was fitted for a month.

    Attributes:
        windows: the nights learned from, stopped by, and held back for the gates.
        rows: labelled ones that were known at the decision, in the training window.
        known_until: when the youngest outcome that any of them rests on became known, naive UTC.
        chosen: the algorithm that validation would have put forward.
        validation: metrics of each algorithm on the validation window.
        seconds: each algorithm took to be fitted.
        facts: each model's own numbers about its fit.
    """

    windows: dict[str, str]
    rows: int
    known_until: str
    chosen: str
    validation: dict[str, dict[str, Any]]
    seconds: dict[str, float]
    facts: dict[str, dict[str, float]]


def months(spec: Spec, first_night: date, last_night: date) -> tuple[Month, ...]:
    """The months that have enough nights before them to learn from; the last one's month may be cut short by it."""
    found = []
    for start in pd.date_range(first_night.replace(day=1), last_night, freq="MS").date:
        decided = find_previous_night(start)
        try:
            plan_training(spec, decided, first_night)
        except TooFewNights:
            continue
        end = (pd.Timestamp(start) + pd.offsets.MonthEnd(0)).date()
        found.append(Month(f"{start:%Y-%m}", decided, Window(start, min(last_night, end))))
    return tuple(found)


def plan_training(spec: Spec, decided: date, first_night: date) -> Windows:
    """The windows of a training of a past night.

    Raises:
        TooFewNights: if there is too little before it.
    """
    return plan_windows(decided, spec.split, maturity=spec.label_maturity_nights, first_night=first_night)


def find_first_night(frame: pd.DataFrame, spec: Spec) -> date:
    """The first night with a labelled row."""
    return pd.Timestamp(frame[spec.population.night].min()).date()


def keep_algorithm(spec: Spec, algorithm: str, candidates: Candidates) -> Spec:
    """The spec with one algorithm beside the heuristic, and these candidates beside its refit."""
    others = dict.fromkeys(set(spec.algorithms.list_declared()) - {algorithm, "heuristic"})
    algorithms = spec.algorithms.model_copy(update=others)
    return spec.model_copy(update={"algorithms": algorithms, "candidates": candidates})


def select_known_rows(frame: pd.DataFrame, spec: Spec, decided: date) -> pd.DataFrame:
    """The rows whose outcome was known at the cutoff of `decided`: all that a training may look at."""
    known_by = cutoff(decided).replace(tzinfo=None)
    return frame.loc[(frame[spec.target.known_at] <= known_by).to_numpy()]


def walk(
    frame: pd.DataFrame, spec: Spec, month: Month, *, seed: int, threads: int
) -> tuple[pd.DataFrame, TrainedMonth]:
    """Trains for a month on the labelled rows of all before it, and predicts it.

    Returns:
        A row per key of the month: key, night, label, and each algorithm's probability. And what was fitted.

    Raises:
        TooFewNights: if there is too little before it.
    """
    known = select_known_rows(frame, spec, month.decided)
    spans = plan_training(spec, month.decided, find_first_night(frame, spec))
    candidates = fit_candidates(known, spec, spans, seed=seed, threads=threads)
    rows = select_rows(frame, spec, month.nights)
    predictions = pd.DataFrame(
        {
            spec.population.key: rows[spec.population.key].to_numpy(),
            "night": read_nights(rows, spec).astype("datetime64[us]"),
            "label": rows[spec.target.column].to_numpy(dtype=np.float64),
            **{each.name: each.model.predict(rows) for each in candidates},
        }
    )
    nights = read_nights(known, spec)
    is_learned = spans.train.mask(nights)
    seen = known.loc[is_learned | spans.validation.mask(nights)]
    learned = TrainedMonth(
        windows={name: str(window) for name, window in vars(spans).items()},
        rows=int(is_learned.sum()),
        known_until=pd.Timestamp(seen[spec.target.known_at].max()).isoformat(),
        chosen=select_candidate(candidates, spec)[1].name,
        validation={each.name: asdict(each.validation) for each in candidates},
        seconds={each.name: round(each.seconds, 1) for each in candidates},
        facts={each.name: each.model.facts() for each in candidates},
    )
    return predictions, learned


def make_key(spec: Spec, *, release_id: str, code_hash: str, seed: int, threads: int) -> str:
    """The same for months that need not be predicted again: what is judged by is left out, it changes nothing."""
    parts = {
        "spec": spec.model_dump(mode="json", exclude={"gates", "monitor", "description", "owner", "tags"}),
        "primary_metric": spec.gates.primary_metric,
        "release": release_id,
        "code": code_hash,
        "seed": seed,
        "threads": threads,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
