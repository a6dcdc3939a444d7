"""The gates between a candidate and the place of the champion. They fail closed.

What cannot be computed, what is missing and what was seen before counts as failed, and so does whatever a model
raises; a report passes only if every gate is in it and passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from redeye.declarations.spec_rules import Gates
from redeye.models.algorithms.base import Floats
from redeye.models.kinds.interface import Check, GateCase, Kind, Reliability
from redeye.models.logic.distinct_outcomes import describe_sameness
from redeye.models.logic.evaluation import Interval, Scored, estimate_improvement
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gate_report import Gate, GateReport, GateResult
from redeye.promotion.logic.robustness_probes import RobustnessProbes
from redeye.promotion.logic.slices import compare_by_slice

# Two equal models may differ by so much in the mean of their losses, which is no improvement.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class GateInput:
    """A model as the gates see it.

    Attributes:
        scored: its predictions on the test window; None if there are none.
        seen_until: the last night that it was fitted, stopped or chosen by.
        probes: the model itself, to be tried; only a candidate's is.
        trouble: why there are no predictions.
        before: its predictions on the nights that the candidate was chosen by; None if there are none.
        base: what can be said of every row alike by the labels that it was fitted to; only a candidate's is known.
    """

    name: str
    scored: Scored | None
    seen_until: date
    probes: RobustnessProbes | None = None
    trouble: str = ""
    before: Scored | None = None
    base: Floats | None = None


@dataclass(frozen=True)
class Case:
    """All that a decision rests on: what `judge` was given. To the kind's own gates it is a `GateCase`."""

    candidate: GateInput
    champion: GateInput
    window: Window
    kind: Kind
    groups: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    many: str = "rows"

    @property
    def gates(self) -> Gates:
        """The spec's bounds."""
        return self.kind.spec.gates

    @property
    def ours(self) -> Scored:
        """The candidate's predictions."""
        return _require_scored(self.candidate)

    @property
    def theirs(self) -> Scored:
        """The champion's predictions."""
        return _require_scored(self.champion)

    @property
    def champion_name(self) -> str:
        """What the champion is called."""
        return self.champion.name

    @property
    def confidence(self) -> float:
        """Of what decides on the replacement, which need not be the one of what is called significant."""
        gates = self.gates
        return gates.confidence if gates.improvement_confidence is None else gates.improvement_confidence

    def compare(self, metric: str) -> Interval:
        """By how much the candidate is better, at that confidence."""
        return _estimate_difference(self.ours, self.theirs, metric, self.confidence)


def judge(
    candidate: GateInput,
    champion: GateInput,
    window: Window,
    kind: Kind,
    *,
    groups: Mapping[str, npt.ArrayLike] | None = None,
    artifact_sha256: str = "",
    many: str = "rows",
) -> GateReport:
    """Whether the candidate may replace the champion, on a window that neither has seen.

    Args:
        candidate: with its probes.
        champion: scored on the same rows.
        window: of nights.
        kind: of the target, bound to the spec whose bounds count.
        groups: by slice column, the value of each row, in the order in which the rows were scored.
        artifact_sha256: of the candidate as it is registered.
        many: the noun for the rows.
    """
    case = Case(candidate, champion, window, kind, groups or {}, many)
    decisions = _list_decisions(kind)
    results = tuple(_fail_closed(gate, decide, case) for gate, decide in decisions.items())
    return GateReport(window, results, artifact_sha256, frozenset(decisions))


def _list_decisions(kind: Kind) -> dict[str, Callable[[Case], GateResult]]:
    """The gates that hold for every kind and those of its own, in the order in which they are reported."""
    own = {name: _adopt(name, check) for name, check in kind.own_gates.items()}
    found = {gate: decide for gate, decide in _DECISIONS.items() if gate not in own}
    if kind.reliability is None:
        del found[Gate.CALIBRATION]
    found |= own
    order = [str(each) for each in Gate]
    return dict(
        sorted(found.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order))
    )


def _adopt(name: str, check: Callable[[GateCase], Check]) -> Callable[[Case], GateResult]:
    gate = next((each for each in Gate if each == name), name)
    return lambda case: GateResult(gate, *check(case))


def _fail_closed(gate: str, decide: Callable[[Case], GateResult], case: Case) -> GateResult:
    try:
        return decide(case)
    # Models are called in here: whatever goes wrong in one is no reason to trust it.
    except Exception as error:  # noqa: BLE001
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        return GateResult(gate, False, None, None, f"could not be judged: {kind}{error}")


def _require_scored(gate_input: GateInput) -> Scored:
    if gate_input.scored is None:
        why = f": {gate_input.trouble}" if gate_input.trouble else ""
        raise ValueError(f"{gate_input.name} has no predictions{why}")
    return gate_input.scored


def _require_probes(case: Case) -> RobustnessProbes:
    if case.candidate.probes is None:
        raise ValueError(f"{case.candidate.name} was not tried")
    return case.candidate.probes


def _check_unseen(case: Case) -> GateResult:
    first = case.window.first
    for one in (case.candidate, case.champion):
        if one.seen_until >= first:
            reason = f"{one.name} knows nights to {one.seen_until}, the window starts {first}"
            return GateResult(Gate.UNSEEN, False, None, None, reason)
    return GateResult(Gate.UNSEEN, True, None, None, f"neither saw a night from {first} on")


def _check_sample(case: Case) -> GateResult:
    scored, gates = case.ours, case.gates
    rows, nights = scored.labels.size, len(scored.nights)
    is_inside = bool(case.window.mask(scored.nights).all())
    sameness = describe_sameness(scored.labels, case.kind)
    is_passed = rows >= gates.minimum_rows and nights >= gates.minimum_nights and is_inside and not sameness
    reason = (
        f"{rows} rows of {nights} nights; at least {gates.minimum_rows} of {gates.minimum_nights} are needed"
    )
    if not is_inside:
        reason += f"; some nights lie outside {case.window}"
    if sameness:
        reason += f"; {sameness}, so that no model can be told from another"
    return GateResult(Gate.SAMPLE, is_passed, float(rows), float(gates.minimum_rows), reason)


def _check_base_rate(case: Case) -> GateResult:
    ours, base, metrics = case.ours, case.candidate.base, case.kind.base_metrics
    if base is None:
        raise ValueError("what can be said of every row by the labels of its training is not known")
    alone = ours.answer_alike(base)
    losses = {metric: [_require_metric(one, metric) for one in (ours, alone)] for metric in metrics}
    gained = {metric: theirs - own for metric, (own, theirs) in losses.items()}
    told = " and ".join(
        f"{metric} {own:.4f} against {theirs:.4f}" for metric, (own, theirs) in losses.items()
    )
    which = "in neither may it be worse" if len(metrics) > 1 else "it may not be worse"
    reason = f"{told} of {case.kind.describe_base(base)}, said of every row; {which}"
    return GateResult(Gate.BASE_RATE, min(gained.values()) >= 0, gained[metrics[0]], 0.0, reason)


def _check_improvement(case: Case) -> GateResult:
    metric, bound = case.gates.primary_metric, case.gates.minimum_improvement
    better = case.compare(metric)
    reason = (
        f"{metric} of {case.candidate.name} is better than {case.champion.name}'s by {better.value:.4f}, at "
        f"{case.confidence:.0%} confidence by {better.lower:.4f}; {bound:g} must be beaten"
    )
    return GateResult(Gate.IMPROVEMENT, better.lower > bound + _ROUNDING, better.lower, bound, reason)


def _check_consistency(case: Case) -> GateResult:
    ours, theirs = case.candidate.before, case.champion.before
    if ours is None or theirs is None:
        raise ValueError("there are no predictions of the nights that the candidate was chosen by")
    better = _estimate_difference(ours, theirs, case.gates.primary_metric, case.gates.confidence)
    reason = (
        f"on nights {ours.nights[0]}..{ours.nights[-1]}, which {case.candidate.name} was chosen by, it is better by "
        f"{better.value:+.4f}; at least as good as {case.champion.name} it must be there."
    )
    is_passed = better.value >= 0
    if (rule := case.kind.reliability) is not None:
        error, bound = _require_metric(ours, rule.metric), _find_reliability_bound(case, rule, ours, theirs)
        reason += f" Its {rule.title} there is {error:.3f}; at most {bound:.3f} is allowed"
        is_passed = is_passed and error <= bound
    return GateResult(Gate.CONSISTENCY, is_passed, better.value, 0.0, reason)


def _check_calibration(case: Case) -> GateResult:
    rule, ours = case.kind.reliability, case.ours
    if rule is None:
        raise ValueError(f"a target of kind {case.kind.name} has no such measure")
    error, own = _require_metric(ours, rule.metric), rule.bound
    reason = f"{rule.title} {error:.3f}; at most {own:g} is allowed"
    if error <= own:
        return GateResult(Gate.CALIBRATION, True, error, own, reason)
    theirs = case.theirs
    bound = _find_reliability_bound(case, rule, ours, theirs)
    reason += (
        f", or significantly no more than {case.champion.name}'s {_require_metric(theirs, rule.metric):.3f} "
        "on the same rows: at "
        f"{case.gates.confidence:.0%} confidence that allows {bound:.3f}"
    )
    return GateResult(Gate.CALIBRATION, error <= bound, error, bound, reason)


def _require_metric(scored: Scored, metric: str) -> float:
    value = scored.measure(metric)
    if not np.isfinite(value):
        raise ValueError(f"{metric} is not defined")
    return value


def _find_reliability_bound(case: Case, rule: Reliability, ours: Scored, theirs: Scored) -> float:
    """The spec's bound, or the champion's error less what chance may account for, if that is more.

    A champion that is off as well would go on serving: refusing the lesser error would make nothing better.
    """
    better = _estimate_difference(ours, theirs, rule.metric, case.gates.confidence)
    return max(rule.bound, _require_metric(ours, rule.metric) + better.lower)


def _check_spread(case: Case) -> GateResult:
    spread, bound = case.ours.metrics().spread, case.gates.minimum_spread
    reason = f"predictions spread by {spread:.4f}; at least {bound:g} tells {case.many} apart"
    return GateResult(Gate.SPREAD, spread >= bound, spread, bound, reason)


def _check_slices(case: Case) -> GateResult:
    rules, bound = case.gates.slices, -case.gates.slices.maximum_loss
    if not rules.columns:
        return GateResult(Gate.SLICES, True, None, None, "the spec declares no slices")
    parts = compare_by_slice(
        case.ours,
        case.theirs,
        {column: case.groups[column] for column in rules.columns},
        minimum_rows=rules.minimum_rows,
        confidence=case.gates.confidence,
    )
    if undefined := [part.name for part in parts if part.upper is None]:
        raise ValueError(f"{', '.join(undefined)} cannot be compared: too few nights hold such rows")
    worst = min(parts, key=lambda part: part.upper if part.upper is not None else float("-inf"))
    bad = [part.name for part in parts if part.upper is not None and part.upper < bound]
    reason = (
        f"of {len(parts)} slices {worst.name} ({worst.rows} rows) stands worst against {case.champion.name}: "
        f"{case.ours.TITLES[case.ours.LOSS]} better by {worst.value:+.4f}, at best {worst.upper:+.4f}, "
        f"at {case.gates.confidence:.0%} "
        f"confidence over all slices; significantly below {bound:+.4f} is refused"
    )
    if len(bad) > 1:
        reason += f", as {', '.join(bad)} are"
    return GateResult(Gate.SLICES, not bad, worst.upper, bound, reason, parts)


def _check_robustness(case: Case) -> GateResult:
    failures = _require_probes(case).find_failures()
    reason = "; ".join(failures) or f"missing, unknown and extreme inputs all get {_name_answer(case)}"
    return GateResult(Gate.ROBUSTNESS, not failures, float(len(failures)), 0.0, reason)


def _check_batch_invariance(case: Case) -> GateResult:
    widest = _require_probes(case).measure_batch_variance()
    reason = f"the same row differs by up to {widest:.2g} when predicted again, in other company, alone or reloaded"
    # NaN is not invariant: the comparison must be true, not just not false.
    return GateResult(Gate.BATCH_INVARIANCE, widest <= 0, widest, 0.0, reason)


def _check_latency(case: Case) -> GateResult:
    seconds, bound = _require_probes(case).seconds(), case.gates.maximum_seconds
    reason = f"{seconds:.3f} s per 1,000 rows here; at most {bound:g} s is allowed"
    return GateResult(Gate.LATENCY, seconds <= bound, seconds, bound, reason)


def _check_size(case: Case) -> GateResult:
    size, bound = _require_probes(case).megabytes(), case.gates.maximum_megabytes
    reason = f"its files hold {size:.2f} MB; at most {bound:g} MB is allowed"
    return GateResult(Gate.SIZE, size <= bound, size, bound, reason)


def _name_answer(case: Case) -> str:
    answer = _require_probes(case).model.answer
    return f"an {answer}" if answer[0] in "aeiou" else f"a {answer}"


def _estimate_difference(ours: Scored, theirs: Scored, metric: str, confidence: float) -> Interval:
    better = estimate_improvement(ours, theirs, metric, confidence=confidence)
    if better is None:
        raise ValueError(f"{metric} is not defined on the window without each one of its nights")
    return better


_DECISIONS: dict[str, Callable[[Case], GateResult]] = {
    Gate.UNSEEN: _check_unseen,
    Gate.SAMPLE: _check_sample,
    Gate.BASE_RATE: _check_base_rate,
    Gate.IMPROVEMENT: _check_improvement,
    Gate.CONSISTENCY: _check_consistency,
    Gate.CALIBRATION: _check_calibration,
    Gate.SPREAD: _check_spread,
    Gate.SLICES: _check_slices,
    Gate.ROBUSTNESS: _check_robustness,
    Gate.BATCH_INVARIANCE: _check_batch_invariance,
    Gate.LATENCY: _check_latency,
    Gate.SIZE: _check_size,
}
