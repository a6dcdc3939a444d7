"""The verdict on a model after a night: `ok`, `warning`, `retrain` or `roll back`, with the reasons for it.

Matured quality decides: against the heuristic on the same rows, against the champion's own test, and
against what the base rate alone would give. Every figure is held against a bound by its confidence
interval, which comes from whole nights: one stormy week widens it and is no alarm. What was measured
without labels (drift, degraded rows, age) makes a person look and never asks for a training: inputs drift
with every season here, and most of it costs no quality.

`roll back` is said where a version to return to would have done significantly better on the champion's own rows:
there is something better at hand than waiting for a training.

Nothing acts on a verdict by itself: see `retraining`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.spec_rules import Monitor, Threshold
from redeye.models.logic.evaluation import Interval
from redeye.monitoring.logic.quality import COMPARED, CONFIDENCE, Predecessor, Window, rise

AT_CONFIDENCE = f"at {CONFIDENCE:.0%} confidence"


@dataclass(frozen=True)
class Judgement:
    """A verdict and every reason for it, the gravest first. A reason holds no `; `: that joins reasons.

    Attributes:
        returns_to: the version to roll back to; None with any other verdict.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    returns_to: int | None = None


Found = list[tuple[Verdict, str]]


def judge(window: Window, rules: Monitor, drift: Sequence[str] = ()) -> Judgement:
    """Judge a window by the spec's rules.

    Too few rows say nothing about quality, and the reasons say so. A metric that is missing where it is
    needed is a reason for a warning, never silence. `drift` says what drifted, in words.
    """
    found: Found = []
    is_judged = is_judgeable(window, rules)
    better = _find_better_predecessor(window) if is_judged else None
    if better is not None:
        found.append((Verdict.ROLL_BACK, _describe_better(better)))
    if is_judged:
        found += _compare_with_heuristic(window)
        found += _compare_with_own_test(window, rules)
    if window.degraded_share > rules.maximum_degraded_share:
        found.append((Verdict.WARNING, f"{window.degraded_share:.0%} of its predictions were degraded"))
    if window.age_nights is not None and window.age_nights > rules.maximum_age_nights:
        found.append((Verdict.WARNING, f"the champion was decided {window.age_nights} nights ago"))
    found += [(Verdict.WARNING, reason) for reason in drift]
    found.sort(key=lambda item: list(Verdict).index(item[0]), reverse=True)
    reasons = [reason for _, reason in found]
    if not is_judged:
        reasons.append(
            f"quality not judged: {window.rows} matured rows of {window.nights} nights are the champion's own, "
            f"{rules.minimum_rows} are needed"
        )
    elif not found:
        reasons.append(f"within every bound on {window.rows} rows of {window.nights} nights")
    return Judgement(
        found[0][0] if found else Verdict.OK, tuple(reasons), better.version if better is not None else None
    )


def is_judgeable(window: Window, rules: Monitor) -> bool:
    """Whether a window has enough of the champion's own rows to say anything about quality."""
    return window.rows >= rules.minimum_rows and window.nights > 1


def _find_better_predecessor(window: Window) -> Predecessor | None:
    """The first of those that the model can return to that is significantly better, at `CONFIDENCE`."""
    return next((each for each in window.predecessors if each.gain is not None and each.gain.lower > 0), None)


def _describe_better(one: Predecessor) -> str:
    gain = one.gain or Interval(0.0, 0.0, 0.0)
    return (
        f"{one.name}, to which it can return, is better on the same rows: log loss by {gain.value:.4f}, "
        f"{AT_CONFIDENCE} by {gain.lower:.4f}"
    )


def _compare_with_heuristic(window: Window) -> Found:
    found: Found = []
    for metric in COMPARED:
        better = window.over_heuristic.get(metric)
        name = metric.replace("_", " ") if metric != "auc" else "AUC"
        if better is None:
            found.append((Verdict.WARNING, f"{name} against the heuristic could not be computed"))
        elif better.upper < 0:
            reason = f"worse than the heuristic: {name} by {-better.value:.4f}, {AT_CONFIDENCE} by {-better.upper:.4f}"
            found.append((Verdict.RETRAIN, reason))
    return found


def _compare_with_own_test(window: Window, rules: Monitor) -> Found:
    quality, now = rules.quality, window.measured
    found = _check_threshold(
        "log loss over the base rate's", now.get("relative_log_loss"), quality.relative_log_loss
    )
    found += _check_threshold("calibration error", now.get("calibration_error"), quality.calibration_error)
    if window.reference:
        then, auc = window.reference.get("auc"), now.get("auc")
        fell = rise(then, auc) if then and auc else None
        found += _check_threshold("AUC drop since its test", fell, quality.auc_drop)
    return found


def _check_threshold(name: str, measured: Interval | None, threshold: Threshold) -> Found:
    if measured is None:
        return [(Verdict.WARNING, f"{name} could not be computed")]
    figures = f"{name} {measured.value:.3f}, {AT_CONFIDENCE} at least {measured.lower:.3f}"
    if measured.lower > threshold.critical:
        return [(Verdict.RETRAIN, f"{figures} (the bound is {threshold.critical:g})")]
    if measured.lower > threshold.warning:
        return [(Verdict.WARNING, f"{figures} (worth a look above {threshold.warning:g})")]
    if measured.value > threshold.critical:
        return [
            (
                Verdict.WARNING,
                f"{figures} (above {threshold.critical:g}, but nights differ too much to be sure)",
            )
        ]
    return []
