"""The gates between a candidate and the place of the champion. They fail closed.

What cannot be computed, what is missing and what was seen before counts as failed; a report passes only
if every gate is in it and passed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from redeye.core.evaluation import Interval, Scored, paired_improvement
from redeye.core.spec_rules import Gates
from redeye.core.splits import Window


class Gate(StrEnum):
    """What a candidate must show."""

    UNSEEN = "unseen"
    SIZE = "size"
    IMPROVEMENT = "improvement"
    RANKING = "ranking"
    CALIBRATION = "calibration"
    SPREAD = "spread"


@dataclass(frozen=True)
class GateResult:
    """One gate's outcome.

    Attributes:
        value: what was measured, None if it could not be.
        bound: what it was held against.
    """

    gate: Gate
    is_passed: bool
    value: float | None
    bound: float | None
    reason: str


@dataclass(frozen=True)
class GateReport:
    """The outcome of all gates."""

    window: Window
    results: tuple[GateResult, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every gate there is was judged and passed."""
        return {result.gate for result in self.results} == set(Gate) and all(
            r.is_passed for r in self.results
        )

    def message(self) -> str:
        """One line for an operator: what failed and why, or that all passed."""
        failed = [f"{result.gate}: {result.reason}" for result in self.results if not result.is_passed]
        if self.is_passed:
            improvement = next(result for result in self.results if result.gate is Gate.IMPROVEMENT)
            return f"all {len(self.results)} gates passed on nights {self.window}; {improvement.reason}"
        return f"{len(failed)} of {len(Gate)} gates failed on nights {self.window}: " + "; ".join(failed)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the promotion ledger and the training run."""
        return {
            "window": str(self.window),
            "is_passed": self.is_passed,
            "results": [{**asdict(result), "gate": str(result.gate)} for result in self.results],
        }


@dataclass(frozen=True)
class Contender:
    """A model as the gates see it.

    Attributes:
        scored: its predictions on the test window; None if there are none.
        seen_until: the last night that it was fitted, stopped or chosen by.
    """

    name: str
    scored: Scored | None
    seen_until: date


def judge(
    candidate: Contender, champion: Contender, window: Window, gates: Gates, *, seed: int
) -> GateReport:
    """Whether the candidate may replace the champion, on a window that neither has seen."""
    judged: dict[Gate, Callable[[], GateResult]] = {
        Gate.UNSEEN: lambda: _unseen(candidate, champion, window),
        Gate.SIZE: lambda: _size(_scored(candidate), window, gates),
        Gate.IMPROVEMENT: lambda: _improvement(candidate, champion, gates, seed),
        Gate.RANKING: lambda: _ranking(candidate, champion, gates, seed),
        Gate.CALIBRATION: lambda: _calibration(_scored(candidate), gates),
        Gate.SPREAD: lambda: _spread(_scored(candidate), gates),
    }
    return GateReport(window, tuple(_closed(gate, decide) for gate, decide in judged.items()))


def _closed(gate: Gate, decide: Callable[[], GateResult]) -> GateResult:
    try:
        return decide()
    except (ValueError, ArithmeticError) as error:
        return GateResult(gate, False, None, None, f"could not be judged: {error}")


def _scored(contender: Contender) -> Scored:
    if contender.scored is None:
        raise ValueError(f"{contender.name} has no predictions")
    return contender.scored


def _unseen(candidate: Contender, champion: Contender, window: Window) -> GateResult:
    for contender in (candidate, champion):
        if contender.seen_until >= window.first:
            reason = (
                f"{contender.name} knows nights to {contender.seen_until}, the window starts {window.first}"
            )
            return GateResult(Gate.UNSEEN, False, None, None, reason)
    return GateResult(Gate.UNSEEN, True, None, None, f"neither saw a night from {window.first} on")


def _size(scored: Scored, window: Window, gates: Gates) -> GateResult:
    rows, nights = scored.labels.size, len(scored.nights)
    is_inside = bool(window.mask(scored.nights).all())
    is_passed = rows >= gates.minimum_rows and nights >= gates.minimum_nights and is_inside
    reason = (
        f"{rows} rows of {nights} nights; at least {gates.minimum_rows} of {gates.minimum_nights} are needed"
    )
    if not is_inside:
        reason += f"; some nights lie outside {window}"
    return GateResult(Gate.SIZE, is_passed, float(rows), float(gates.minimum_rows), reason)


def _improvement(candidate: Contender, champion: Contender, gates: Gates, seed: int) -> GateResult:
    metric = gates.primary_metric
    better = _compared(candidate, champion, metric, gates, seed)
    reason = (
        f"{metric} of {candidate.name} is better than {champion.name}'s by {better.value:.4f}, at "
        f"{gates.confidence:.0%} confidence by {better.lower:.4f}; {gates.minimum_improvement:g} must be beaten"
    )
    is_passed = better.lower > gates.minimum_improvement
    return GateResult(Gate.IMPROVEMENT, is_passed, better.lower, gates.minimum_improvement, reason)


def _ranking(candidate: Contender, champion: Contender, gates: Gates, seed: int) -> GateResult:
    better = _compared(candidate, champion, "auc", gates, seed)
    reason = (
        f"AUC against {champion.name} {better.value:+.4f}, at {gates.confidence:.0%} confidence at worst "
        f"{better.lower:+.4f}; {-gates.maximum_auc_drop:+.4f} is allowed"
    )
    is_passed = better.lower >= -gates.maximum_auc_drop
    return GateResult(Gate.RANKING, is_passed, better.lower, -gates.maximum_auc_drop, reason)


def _compared(candidate: Contender, champion: Contender, metric: str, gates: Gates, seed: int) -> Interval:
    better = paired_improvement(
        _scored(candidate),
        _scored(champion),
        metric,
        samples=gates.bootstrap_samples,
        confidence=gates.confidence,
        seed=seed,
    )
    if better is None:
        raise ValueError(f"{metric} is not defined on every resampling of the window")
    return better


def _calibration(scored: Scored, gates: Gates) -> GateResult:
    error = scored.metrics().calibration_error
    if error is None:
        raise ValueError("the calibration error is not defined")
    reason = f"calibration error {error:.3f}; at most {gates.maximum_calibration_error:g} is allowed"
    is_passed = error <= gates.maximum_calibration_error
    return GateResult(Gate.CALIBRATION, is_passed, error, gates.maximum_calibration_error, reason)


def _spread(scored: Scored, gates: Gates) -> GateResult:
    spread = scored.metrics().spread
    reason = f"predictions spread by {spread:.4f}; at least {gates.minimum_spread:g} tells flights apart"
    return GateResult(Gate.SPREAD, spread >= gates.minimum_spread, spread, gates.minimum_spread, reason)
