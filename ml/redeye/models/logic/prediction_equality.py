"""How near a prediction that is made again must come to the one that was made, by processor and libraries.

Torch rounds by the instructions of the processor and by its version: on another machine the last bits of its
probabilities differ. Every other algorithm here gives the same bits wherever it predicts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Averages may hold a network. Measured between the instruction sets of one processor, 20,000 rows differ by at most
# 2e-7; what a reader of probabilities acts on is a thousand times that.
ROUNDED = frozenset({"torch", "average"})
TOLERANCE = 1e-5
UNKNOWN = "a version from before fingerprints were recorded"


@dataclass(frozen=True)
class Equality:
    """What counts as the same probability: a difference of at most `tolerance`, 0 for the very bits; and why."""

    tolerance: float
    reason: str

    def is_equal(self, then: npt.ArrayLike, now: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether probabilities are the same, by row; one that is missing is equal to none."""
        return np.asarray(np.abs(np.subtract(then, now, dtype=np.float64)) <= self.tolerance)


def choose_equality(algorithm: str, recorded: str, read_current: Callable[[], str]) -> Equality:
    """What counts as the same for predictions of a version.

    Args:
        algorithm: that made them.
        recorded: the fingerprint that the version carries; empty for one that carries none.
        read_current: the fingerprint of here, asked for only if it matters.
    """
    if algorithm not in ROUNDED:
        return Equality(0.0, f"exact: {algorithm} gives the same bits on every machine")
    current = read_current()
    if recorded == current:
        return Equality(0.0, f"exact: trained on this processor and with these libraries ({current})")
    return Equality(
        TOLERANCE, f"within {TOLERANCE:g}: {algorithm} of {recorded or UNKNOWN}, predicted again on {current}"
    )
