"""Whether predictions keep what they promise, as a whole and in every part of the rows.

A part is said to be off only where the bounds of its share exclude the promise, and all parts and promises share the
error among them (Bonferroni), as slices do before the gates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from redeye.models.logic.evaluation import Interval, Promise, Scored, interval
from redeye.models.logic.night_statistics import estimate_effective_nights

# Fewer nights do not show how skewed they are: what they give is no bound.
FEWEST_NIGHTS = 5

Rows = npt.NDArray[np.bool_]


class CheckedPromise(NamedTuple):
    """A promise and what came of it: the share with those on the edge, and bounds that leave out no share of either.

    `found` is None, and `is_off` too, where too few nights have such rows.
    """

    promise: Promise
    share: float
    found: Interval | None
    is_off: bool | None

    def describe(self) -> str:
        """The share with its bounds, and whether they exclude what is promised."""
        if self.found is None:
            return f"{self.share:.1%}, too few nights"
        off = ": off" if self.is_off else ""
        return f"{self.share:.1%} ({max(self.found.lower, 0):.1%} to {min(self.found.upper, 1):.1%}){off}"


@dataclass(frozen=True)
class Part:
    """Some of the rows: metrics by name, and what became of each promise."""

    name: str
    rows: int
    metrics: Mapping[str, float]
    held: tuple[CheckedPromise, ...]


def measure_parts(
    scored: Scored,
    parts: Mapping[str, Rows],
    promises: Sequence[Promise],
    *,
    metrics: Sequence[str],
    confidence: float,
) -> tuple[Part, ...]:
    """Each part of the rows, which are given in the order in which they were scored.

    With `confidence` no part of which all promises are kept is said to be off.
    """
    # A share may be off to either side, so that each bound has half of the error.
    each = 1 - (1 - confidence) / max(2 * len(parts) * len(promises), 1)
    found = []
    for name, rows in parts.items():
        own = scored.where(rows)
        measured = {metric: own.measure(metric) for metric in metrics}
        held = tuple(check_promise(own, promise, each) for promise in promises)
        found.append(Part(name, own.labels.size, measured, held))
    return tuple(found)


def check_promise(scored: Scored, promise: Promise, confidence: float) -> CheckedPromise:
    """What became of a promise; `confidence` is that of each bound."""
    share = scored.measure(promise.within)
    if len(scored.nights) < FEWEST_NIGHTS:
        return CheckedPromise(promise, share, None, None)
    inside, within = (
        interval(scored, metric, confidence=confidence) for metric in (promise.inside, promise.within)
    )
    if inside is None or within is None:
        return CheckedPromise(promise, share, None, None)
    lower, upper = inside.lower, within.upper
    # Nights without a single exception have no spread to tell by. What as many independent ones would still leave open
    # is exact (Clopper and Pearson 1934), a night counted as one row, since its rows may go together.
    left_open = (1 - confidence) ** (1 / float(estimate_effective_nights(len(scored.nights))))
    if within.value == 1:
        lower = min(lower, left_open)
    if inside.value == 0:
        upper = max(upper, 1 - left_open)
    return CheckedPromise(
        promise, share, Interval(within.value, lower, upper), not lower <= promise.share <= upper
    )
