"""The choice between fitted candidates: which of them faces the gates.

Two weeks of validation tell good candidates apart badly: the flights of a night share its weather, so fourteen
nights are fourteen observations rather than twelve thousand. The one-standard-error rule (Breiman, Friedman, Olshen
and Stone, "Classification and Regression Trees", 1984) takes that into account: of all candidates that lie no more
than one standard error behind the best one, it takes the one that was preferred before anything was measured. The
error is that of the paired difference, from resampling whole nights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from redeye.core.evaluation import HIGHER_IS_BETTER, Scored, resampled_nights

SAMPLES = 1000


class Candidate(Protocol):
    """What the choice needs to know of a candidate."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def preferred_as(self) -> str:
        """Its name in the order of preference."""

    @property
    def judged(self) -> Scored:
        """Its predictions on the validation window."""


@dataclass(frozen=True)
class Standing:
    """How far a candidate lies behind the best one on validation.

    Attributes:
        value: its metric.
        behind: what it lacks to the best one; 0 for that one itself.
        error: one standard error of `behind`.
    """

    name: str
    value: float
    behind: float
    error: float

    @property
    def is_level(self) -> bool:
        """Whether validation cannot tell it from the best one."""
        return self.behind <= self.error


@dataclass(frozen=True)
class Choice:
    """What was chosen and why.

    Attributes:
        name: of the candidate.
        reason: for an operator.
        standings: of all candidates, in their order.
    """

    name: str
    reason: str
    standings: tuple[Standing, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def choose(candidates: Sequence[Candidate], metric: str, preference: Sequence[str], *, seed: int) -> Choice:
    """The candidate to go on with.

    Args:
        candidates: all scored on the same rows.
        metric: that counts.
        preference: names, the most preferred first; what is not named comes last, the better before the worse.
            Empty: the best one is taken, of equals the first.
        seed: of the resampling.

    Raises:
        ValueError: if there are none, or the metric is not defined for one.
    """
    if not candidates:
        raise ValueError("there are no candidates to choose from")
    nights = len(candidates[0].judged.nights)
    weights = np.vstack([np.ones((1, nights)), resampled_nights(nights, SAMPLES, seed)])
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    losses = {each.name: sign * each.judged.resampled(metric, weights) for each in candidates}
    if undefined := [name for name, loss in losses.items() if not np.isfinite(loss[0])]:
        raise ValueError(f"{metric} is not defined on the validation window for {', '.join(undefined)}")
    best = min(losses, key=lambda name: losses[name][0])
    standings = tuple(
        Standing(
            name, sign * float(loss[0]), float(loss[0] - losses[best][0]), _error(loss[1:] - losses[best][1:])
        )
        for name, loss in losses.items()
    )
    if not preference:
        return Choice(best, f"{best} has the best {metric} on validation", standings)
    ranks = {name: rank for rank, name in enumerate(preference)}
    named = {each.name: ranks.get(each.preferred_as, len(ranks)) for each in candidates}
    level = [each for each in standings if each.is_level]
    chosen = min(level, key=lambda each: (named[each.name], each.behind))
    if chosen.name == best:
        reason = f"{best} has the best {metric} on validation, and is preferred to those level with it"
    else:
        reason = (
            f"{chosen.name} is preferred, and {chosen.behind:.4f} behind {best} in {metric} on validation, "
            f"which is within one standard error ({chosen.error:.4f})"
        )
    return Choice(chosen.name, reason, standings)


def _error(differences: np.ndarray) -> float:
    """The standard deviation of a difference over the resamplings in which it is defined."""
    defined = differences[np.isfinite(differences)]
    return float(defined.std(ddof=1)) if defined.size > 1 else 0.0
