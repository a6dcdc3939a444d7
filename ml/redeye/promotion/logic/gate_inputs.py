"""From a model and rows to what the gates look at."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.declarations.successions import rename_codes
from redeye.models.algorithms.base import Floats, Inputs, Model
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.training import make_examples, read_nights
from redeye.promotion.logic.gates import GateInput
from redeye.promotion.logic.robustness_probes import RobustnessProbes, select_declared

log = logging.getLogger(__name__)


def make_candidate_input(
    name: str,
    model: Model[Any],
    frame: pd.DataFrame,
    spec: Spec,
    *,
    seen_until: date,
    base: Floats,
    before: pd.DataFrame | None = None,
) -> GateInput:
    """A candidate as it would serve, given the inputs that its spec declares and nothing else, and tried on them.

    `frame` has labelled rows of the window, `before` those of the nights that it was chosen by; `base` is what
    can be said of every row by the labels that it was fitted to.
    """
    inputs = Inputs.of(spec)
    # A column that is not there is an error of the frame; the candidate has no part in it.
    rows = select_declared(frame, inputs)
    scored, trouble = _try_score(name, model, rows, frame, spec)
    earlier = (
        None if before is None else _try_score(name, model, select_declared(before, inputs), before, spec)[0]
    )
    probes = RobustnessProbes(model, rows, inputs)
    return GateInput(name, scored, seen_until, probes, trouble, earlier, base)


def measure_base(train: pd.DataFrame, spec: Spec) -> Floats:
    """What can be said of every row alike, by the labels of the rows that a model is fitted to."""
    return find_kind(spec).learn_base(make_examples(train, spec).labels)


def make_champion_input(
    name: str,
    model: Model[Any],
    frame: pd.DataFrame,
    spec: Spec,
    *,
    seen_until: date,
    before: pd.DataFrame | None = None,
) -> GateInput:
    """A champion, on the same rows; what it reads may be of another version of the spec."""
    scored, trouble = _try_score(name, model, frame, frame, spec)
    earlier = None if before is None else _try_score(name, model, before, before, spec)[0]
    return GateInput(name, scored, seen_until, trouble=trouble, before=earlier)


def group_rows(frame: pd.DataFrame, spec: Spec) -> dict[str, np.ndarray]:
    """By slice column, the value of each row; a column that is not there is left out, and its gate fails.

    A code that another has replaced by the newest row's night counts to that one.
    """
    newest = pd.Timestamp(frame[spec.population.night].max()).date() if len(frame) else date.max
    return {
        column: rename_codes(frame[column], project().successions, name=column, night=newest).to_numpy(
            dtype=object
        )
        for column in spec.gates.slices.columns
        if column in frame.columns
    }


def _try_score(
    name: str, model: Model[Any], rows: pd.DataFrame, frame: pd.DataFrame, spec: Spec
) -> tuple[Scored | None, str]:
    labels = make_examples(frame, spec).labels
    try:
        said = model.predict(rows)
        return find_kind(spec).score_frame(frame, labels, said, read_nights(frame, spec)), ""
    # Whatever a model raises, it gives no predictions; the gates say so and fail.
    except Exception as error:
        log.warning("%s gave no predictions that can be judged", name, exc_info=True)
        return None, f"{type(error).__name__}: {error}"
