"""How predictions came out: each a hit or a miss once its outcome is known, and a night of them summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from redeye.models.kinds.interface import Kind, Outcome
from redeye.models.kinds.scored_probabilities import CalibrationBin, ScoredProbabilities
from redeye.models.logic.blocks import Block, Picture, Table

Row = dict[str, Any]

HALF = 0.5


def judge(row: Row, outcome: Outcome | None, kind: Kind) -> Row:
    """A row with its outcome, and whether that is what was said of it."""
    is_hit = None if outcome is None else kind.is_hit(row, outcome)
    result = None if is_hit is None else "hit" if is_hit else "miss"
    return {**row, "outcome": outcome, "result": result}


@dataclass(frozen=True)
class OutcomeSummary:
    """How the predictions of some nights came out, as far as it is known.

    Attributes:
        rows: predictions.
        counts: of those whose outcome is known, how many had a probability of at least one half, and the outcome:
            by these two.
        bins: of those, the mean prediction and observed share by tenths of the predictions, from the lowest up.
    """

    rows: int
    counts: Mapping[tuple[bool, bool], int]
    bins: tuple[CalibrationBin, ...]

    @property
    def known(self) -> int:
        """Predictions whose outcome is known."""
        return sum(self.counts.values())

    @property
    def hits(self) -> int:
        """Probabilities on their outcome's side of one half."""
        return sum(count for (said, was), count in self.counts.items() if said == was)

    @property
    def positives(self) -> int:
        """True outcomes."""
        return sum(count for (_, was), count in self.counts.items() if was)


def summarize_outcomes(rows: Sequence[Row]) -> OutcomeSummary:
    """Sum up rows of `judge`, of a kind that says probabilities."""
    known = [row for row in rows if row["outcome"] is not None]
    counts = Counter((row["probability"] >= HALF, bool(row["outcome"])) for row in known)
    bins: tuple[CalibrationBin, ...] = ()
    if known:
        labels, probabilities, nights = zip(
            *((row["outcome"], row["probability"], row["night"]) for row in known), strict=True
        )
        bins = ScoredProbabilities(labels, probabilities, nights).metrics().calibration
    return OutcomeSummary(len(rows), counts, tuple(sorted(bins, key=lambda each: each.mean_prediction)))


def show_outcomes(
    rows: Sequence[Row], labels: Mapping[Any, float], key: str, kind: Kind
) -> tuple[Block, ...]:
    """What the kind shows of one night's rows whose labels are known; what it draws by night says nothing of one.

    Args:
        rows: with `night`, the key and all columns of the kind.
        labels: by key.
        key: the subject's.
        kind: of the model.
    """
    known = [{**row, "label": labels[row[key]]} for row in rows if row[key] in labels]
    frame = pd.DataFrame(known)
    if not frame.empty:
        frame = frame.dropna(subset=[*kind.columns, *kind.baseline_columns])
    if frame.empty:
        return ()
    return tuple(
        block
        for block in kind.show_matured(frame, ())
        if not (isinstance(block, Picture) and isinstance(block.x[0], date))
        and not (isinstance(block, Table) and not block.rows)
    )
