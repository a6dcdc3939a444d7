"""The outcome of the gates: which there are, what each came to, and whether a candidate passed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from redeye.models.logic.splits import Window
from redeye.promotion.logic.slices import Part


class Gate(StrEnum):
    """What a candidate must show, in this order; a kind may leave some out, or have others of its own."""

    UNSEEN = "unseen"
    SAMPLE = "sample"
    BASE_RATE = "base_rate"
    IMPROVEMENT = "improvement"
    CONSISTENCY = "consistency"
    RANKING = "ranking"
    CALIBRATION = "calibration"
    SPREAD = "spread"
    SLICES = "slices"
    PLAUSIBILITY = "plausibility"
    ROBUSTNESS = "robustness"
    BATCH_INVARIANCE = "batch_invariance"
    LATENCY = "latency"
    SIZE = "size"


@dataclass(frozen=True)
class GateResult:
    """One gate's outcome.

    Attributes:
        value: what was measured, None if it could not be.
        bound: what it was held against.
        parts: the slices it was measured on, where it was.
    """

    gate: str
    is_passed: bool
    value: float | None
    bound: float | None
    reason: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class GateReport:
    """The outcome of all gates.

    Attributes:
        artifact_sha256: of the model that was judged, as the registry has it; empty if it is in none.
        expected: the gates that have to be in it.
    """

    window: Window
    results: tuple[GateResult, ...]
    artifact_sha256: str = ""
    expected: frozenset[str] = frozenset(Gate)

    @property
    def is_passed(self) -> bool:
        """Whether every gate there is was judged and passed."""
        return {result.gate for result in self.results} == self.expected and not self.failed

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """Those that did not pass."""
        return tuple(result for result in self.results if not result.is_passed)

    def message(self) -> str:
        """One line for an operator: what failed and why, or that all passed."""
        if self.is_passed:
            improvement = next(result for result in self.results if result.gate is Gate.IMPROVEMENT)
            return f"all {len(self.results)} gates passed on nights {self.window}; {improvement.reason}"
        reported = [f"{result.gate}: {result.reason}" for result in self.failed]
        return f"{len(reported)} of {len(self.expected)} gates failed on nights {self.window}: " + "; ".join(
            reported
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the ledgers and the training run."""
        return {
            "window": str(self.window),
            "is_passed": self.is_passed,
            "artifact_sha256": self.artifact_sha256,
            "results": [{**asdict(result), "gate": str(result.gate)} for result in self.results],
        }
