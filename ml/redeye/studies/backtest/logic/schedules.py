"""Walking forward over past nights: what a spec's models would have been worth, retrained on one schedule or another.

All schedules begin with the same training. A training of night N is made of what was known and mature at its cutoff,
on the windows of every training, and serves from N plus the spec's lag until a later one does. But for the loop's
(`loop.py`), it is taken as it comes: no gate stands before it, so that a row of the table says what the schedule
alone is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from redeye.declarations.calendar import (
    find_next_night,
    find_previous_night,
    list_nights,
    shift_nights,
)
from redeye.declarations.spec_candidates import Candidates
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Inputs, Model, Training
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.splits import Window, find_last_mature
from redeye.models.logic.training import (
    SEED,
    Fitted,
    fit_candidates,
    make_examples,
    read_nights,
    score_rows,
    select_candidate,
    select_rows,
)
from redeye.studies.evidence.logic.months import (
    find_first_night,
    keep_algorithm,
    plan_training,
    select_known_rows,
)

# Stands for what the selection between all of a spec's refits puts forward.
CHOSEN = "chosen"


class Schedule(StrEnum):
    """When a model is retrained."""

    NEVER = "never"
    MONTHLY = "monthly"
    WEEKLY = "weekly"
    VERDICT = "verdict"
    LOOP = "loop"


@dataclass(frozen=True)
class TrainedModel:
    """A model of the backtest.

    Attributes:
        candidate: what was fitted, by name.
        test: its predictions on the window that was held back, as a champion's reference.
    """

    candidate: str
    model: Model[Any]
    test: Scored


@dataclass(frozen=True)
class Reign:
    """The nights that a training serves."""

    decided: date
    nights: Window


def first_decision(spec: Spec, since: date) -> date:
    """The night of the training that serves `since` as its first night."""
    return shift_nights(since, -spec.effective_lag_nights)


def decisions(schedule: Schedule, spec: Spec, served: Window) -> tuple[date, ...]:
    """The nights of the trainings of a schedule that goes by the calendar, as far as they can still serve.

    Monthly is on the last night of each month, weekly on the same weekday as the first training.

    Raises:
        ValueError: for the schedules that follow verdicts.
    """
    first = first_decision(spec, served.first)
    last = first_decision(spec, served.last)
    later = list_nights(find_next_night(first), last)
    match schedule:
        case Schedule.NEVER:
            return (first,)
        case Schedule.MONTHLY:
            return (first, *(night for night in later if find_next_night(night).month != night.month))
        case Schedule.WEEKLY:
            return (first, *(night for night in later if night.weekday() == first.weekday()))
        case Schedule.VERDICT | Schedule.LOOP:
            raise ValueError("when verdicts ask is not known beforehand")


def reigns(decided: Sequence[date], spec: Spec, served: Window) -> tuple[Reign, ...]:
    """Which nights each training serves, in order; one that a later one overtakes at once serves none."""
    starts = [
        *(shift_nights(night, spec.effective_lag_nights) for night in sorted(decided)),
        find_next_night(served.last),
    ]
    spans = [Window(max(start, served.first), find_previous_night(end)) for start, end in pairwise(starts)]
    return tuple(
        Reign(night, span) for night, span in zip(sorted(decided), spans, strict=True) if span.nights > 0
    )


def train(
    frame: pd.DataFrame, spec: Spec, decided: date, *, algorithm: str, threads: int, seed: int = SEED
) -> tuple[Fitted, Scored]:
    """A training of a past night, on what was known then; `chosen` stands for the selection between all refits.

    Returns:
        The model, and its predictions on the window that is held back for gates.

    Raises:
        TooFewNights: if there is too little before it.
    """
    known = select_known_rows(frame, spec, decided)
    spans = plan_training(spec, decided, find_first_night(frame, spec))
    lean = spec if algorithm == CHOSEN else keep_algorithm(spec, algorithm, Candidates())
    fitted = fit_candidates(known, lean, spans, seed=seed, threads=threads)
    chosen = (
        select_candidate(fitted, lean)[0]
        if algorithm == CHOSEN
        else next(each for each in fitted if each.name == algorithm)
    )
    return chosen, score_test_window(chosen.model, known, spec, spans.test)


def score_test_window(model: Model[Any], known: pd.DataFrame, spec: Spec, test: Window) -> Scored:
    """A model's predictions on the window that is held back for gates."""
    return score_rows(model, select_rows(known, spec, test), spec)


def baseline(frame: pd.DataFrame, spec: Spec, decided: date) -> HeuristicModel:
    """The heuristic as it would have been the first champion: of all labels that were mature."""
    known = select_known_rows(frame, spec, decided)
    mature = read_nights(known, spec) <= np.datetime64(find_last_mature(decided, spec.label_maturity_nights))
    rows = make_examples(known.loc[mature], spec)
    return HeuristicModel.fit(
        Training(rows, rows, Inputs.of(spec), seed=SEED, threads=1), spec.algorithms.heuristic
    )


def select_served_rows(frame: pd.DataFrame, spec: Spec, served: Window, first: date) -> pd.DataFrame:
    """The rows to predict: key, night, label, when it became known, and the heuristic's probability."""
    rows = select_rows(frame, spec, served)
    return pd.DataFrame(
        {
            "night": read_nights(rows, spec),
            "label": rows[spec.target.column].to_numpy(dtype=np.float64),
            "known_at": rows[spec.target.known_at].to_numpy(),
            "heuristic": baseline(frame, spec, first).predict(rows),
        },
        index=rows.index,
    )


def predict_rows(
    frame: pd.DataFrame,
    spec: Spec,
    served: Window,
    spans: Sequence[Reign],
    of: Callable[[date], TrainedModel],
) -> pd.Series:
    """The probability of each row to predict, by the model that served its night."""
    rows = select_rows(frame, spec, served)
    found = pd.Series(np.nan, index=rows.index)
    for reign in spans:
        mine = select_rows(rows, spec, reign.nights)
        if len(mine):
            found.loc[mine.index] = of(reign.decided).model.predict(mine)
    return found
