"""Whether the outcomes of a window differ: where all are the same, nothing is learned from them, and nothing judged."""

from __future__ import annotations

import numpy as np
import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Floats
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.splits import Windows
from redeye.models.logic.training import make_examples, select_rows


class TooFewOutcomes(ValueError):
    """A window has no outcome, or one that never differs."""


def describe_sameness(labels: Floats, kind: Kind) -> str:
    """That all labels are one, in words; empty where they differ."""
    if len(np.unique(labels)) > 1:
        return ""
    outcome = kind.read_outcome(float(labels[0]))
    told = (
        str(outcome).lower()
        if isinstance(outcome, bool)
        else (outcome if isinstance(outcome, str) else f"{outcome:g}")
    )
    return f"every one of the {len(labels):,} outcomes is {told}"


def require_distinct_outcomes(frame: pd.DataFrame, spec: Spec, windows: Windows) -> None:
    """Refuse windows that no candidate can be fitted to, stopped by or judged on.

    Outcomes of the test window that are all the same are for the gates to refuse: a candidate is there then.

    Raises:
        TooFewOutcomes: saying which nights they are of, and what to do.
    """
    kind = find_kind(spec)
    for name, key, what in (
        ("train", "history_nights", "fitted to"),
        ("validation", "validation_nights", "chosen by"),
        ("test", "test_nights", "judged on"),
    ):
        window = getattr(windows, name)
        labels = make_examples(select_rows(frame, spec, window), spec).labels
        remedy = f"train on a later night, or raise `split.{key}` in the spec"
        nights = f"nights {window}, which candidates are {what}"
        if not len(labels):
            raise TooFewOutcomes(f"there is no outcome of {nights}: {remedy}")
        if name != "test" and (sameness := describe_sameness(labels, kind)):
            raise TooFewOutcomes(f"{sameness} on {nights}, and one at least must be another: {remedy}")
