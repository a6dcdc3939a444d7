"""From a model and rows to what the gates look at."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Inputs, Model
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.training import examples, nights_of
from redeye.promotion.logic.gates import Contender
from redeye.promotion.logic.robustness_probes import Conduct, declared

log = logging.getLogger(__name__)


def candidate(
    name: str,
    model: Model[Any],
    frame: pd.DataFrame,
    spec: Spec,
    *,
    seen_until: date,
    before: pd.DataFrame | None = None,
) -> Contender:
    """A candidate, given the inputs that its spec declares and nothing else, and tried on them.

    Args:
        name: for reasons.
        model: as it would serve: loaded from its files.
        frame: labelled rows of the window.
        spec: names inputs, label and night.
        seen_until: the last night it was fitted, stopped or chosen by.
        before: labelled rows of the nights that it was chosen by.
    """
    inputs = Inputs.of(spec)
    # A column that is not there is an error of the frame; the candidate has no part in it.
    rows = declared(frame, inputs)
    scored, trouble = _scored(name, model, rows, frame, spec)
    earlier = None if before is None else _scored(name, model, declared(before, inputs), before, spec)[0]
    return Contender(name, scored, seen_until, Conduct(model, rows, inputs), trouble, earlier)


def champion(
    name: str,
    model: Model[Any],
    frame: pd.DataFrame,
    spec: Spec,
    *,
    seen_until: date,
    before: pd.DataFrame | None = None,
) -> Contender:
    """A champion, on the same rows; what it reads may be of another version of the spec."""
    scored, trouble = _scored(name, model, frame, frame, spec)
    earlier = None if before is None else _scored(name, model, before, before, spec)[0]
    return Contender(name, scored, seen_until, trouble=trouble, before=earlier)


def groups_of(frame: pd.DataFrame, spec: Spec) -> dict[str, np.ndarray]:
    """By slice column, the value of each row; a column that is not there is left out, and its gate fails."""
    return {
        column: frame[column].to_numpy(dtype=object)
        for column in spec.gates.slices.columns
        if column in frame.columns
    }


def _scored(
    name: str, model: Model[Any], rows: pd.DataFrame, frame: pd.DataFrame, spec: Spec
) -> tuple[Scored | None, str]:
    labels = examples(frame, spec).labels
    try:
        return Scored(labels, model.predict(rows), nights_of(frame, spec)), ""
    # Whatever a model raises, it gives no predictions; the gates say so and fail.
    except Exception as error:
        log.warning("%s gave no predictions that can be judged", name, exc_info=True)
        return None, f"{type(error).__name__}: {error}"
