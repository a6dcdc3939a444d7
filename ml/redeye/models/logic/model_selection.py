"""The selection between fitted candidates: which of them faces the gates.

Two weeks of validation tell good candidates apart badly: the rows of a night share what happened on it, so fourteen
nights are fourteen observations rather than twelve thousand, and the best of several on them is often the luckiest.
Hence an order of preference that was declared before anything was measured is departed from only where validation is
sure: of all candidates that are not significantly behind the best one, the most preferred is taken. It is the
idea of the one-standard-error rule (Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees",
1984) with a paired bound, the gates' own, at their confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from redeye.models.logic.evaluation import Scored, estimate_improvement


class _Candidate(Protocol):
    """A candidate with its predictions on the validation window, and its name in the order of preference."""

    @property
    def name(self) -> str: ...
    @property
    def preferred_as(self) -> str: ...
    @property
    def judged(self) -> Scored: ...


@dataclass(frozen=True)
class Standing:
    """How far a candidate lies behind the best one on validation, and at least at the confidence asked for."""

    name: str
    value: float
    behind: float
    loss_bound: float


@dataclass(frozen=True)
class Selection:
    """What was chosen and why."""

    name: str
    reason: str
    standings: tuple[Standing, ...]


def select_model(
    candidates: Sequence[_Candidate], metric: str, preference: Sequence[str], *, confidence: float
) -> Selection:
    """The candidate to go on with, of those scored on the same rows, by the metric that counts.

    The preference names the most preferred first; what it does not name comes last, the better before the worse.
    Without one the best is taken, of equals the first. The confidence is one-sided, of being behind.

    Raises:
        ValueError: if there are none, or the metric is not defined for one.
    """
    if not candidates:
        raise ValueError("there are no candidates to choose from")
    sign = -1.0 if metric in candidates[0].judged.HIGHER_IS_BETTER else 1.0
    losses = {each.name: sign * each.judged.measure(metric) for each in candidates}
    if undefined := [name for name, loss in losses.items() if not np.isfinite(loss)]:
        raise ValueError(f"{metric} is not defined on the validation window for {', '.join(undefined)}")
    best = min(candidates, key=lambda each: losses[each.name])
    standings = []
    for each in candidates:
        behind = estimate_improvement(best.judged, each.judged, metric, confidence=confidence)
        standings.append(
            Standing(
                name=each.name,
                value=sign * losses[each.name],
                behind=losses[each.name] - losses[best.name],
                # What is not defined without some night is sure of nothing.
                loss_bound=behind.lower if behind else 0.0,
            )
        )
    if not preference:
        return Selection(best.name, f"{best.name} has the best {metric} on validation", tuple(standings))
    ranks = {name: rank for rank, name in enumerate(preference)}
    named = {each.name: ranks.get(each.preferred_as, len(ranks)) for each in candidates}
    # Validation cannot tell these from the best one.
    level = [each for each in standings if each.loss_bound <= 0]
    chosen = min(level, key=lambda each: (named[each.name], each.behind))
    if chosen.name == best.name:
        reason = f"{best.name} has the best {metric} on validation, and is preferred to those level with it"
    else:
        reason = (
            f"{chosen.name} is preferred, and {chosen.behind:.4f} behind {best.name} in {metric} on validation, "
            f"which is not sure at {confidence:.0%} confidence"
        )
    return Selection(chosen.name, reason, tuple(standings))
