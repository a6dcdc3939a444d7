"""The verdict on a model after a night: `ok`, `warning`, `retrain` or `roll back`, with the reasons for it.

Matured quality decides: against the heuristic on the same rows, against the champion's first nights, and
against what the base rate alone would give. Every figure is held against a bound by its confidence
interval, which comes from whole nights: one stormy week widens it and is no alarm.

Age and drift are no warning: inputs drift with every season here, and most of it costs no quality. They ask for
a challenge, a training whose candidate has to pass the gates. A warning names the button that ends it. A training
that kept the champion has answered what was asked of it: for a window's length there is no warning on that
champion then, and no challenge.

`roll back` is said where a version to return to would have done significantly better on the champion's own rows:
there is something better at hand than waiting for a training.

Nothing acts on a verdict by itself: see `retraining`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from redeye.champions.logic.verdicts import QUALITY_NOT_JUDGED, Verdict
from redeye.declarations.spec_rules import Monitor, Threshold
from redeye.models.logic.evaluation import Interval
from redeye.monitoring.logic.quality import CONFIDENCE, Predecessor, Window, rise

AT_CONFIDENCE = f"at {CONFIDENCE:.0%} confidence"


class Button(StrEnum):
    """What a person can do about a model on the pages: the titles of the buttons."""

    RETRAIN = "Retrain a model"
    ROLL_BACK = "Roll back a model"


@dataclass(frozen=True)
class Judgement:
    """A verdict and every reason for it, the gravest first. A reason holds no `; `: that joins reasons.

    Attributes:
        returns_to: the version to roll back to; None with any other verdict.
        causes: what each reason that is graver than `ok` is about, in their order, as `<verdict>: <cause>`; unlike
            a reason the same from night to night.
        is_challenge_due: whether age or drift ask for a training.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    returns_to: int | None = None
    causes: tuple[str, ...] = ()
    is_challenge_due: bool = False


@dataclass(frozen=True)
class Reason:
    """One reason.

    Attributes:
        cause: what it is about, without figures.
        button: that ends it, if it is a warning.
    """

    verdict: Verdict
    cause: str
    text: str
    button: Button = Button.RETRAIN
    is_challenge: bool = False

    def __str__(self) -> str:
        """As the verdict's row has it."""
        if self.is_challenge:
            return f"{self.text} (asks for a challenge)"
        return f'{self.text} (ended by "{self.button}")' if self.verdict is Verdict.WARNING else self.text


def judge(
    window: Window, rules: Monitor, drift: Sequence[str] = (), *, label_changes: Sequence[str] = ()
) -> Judgement:
    """Judge a window by the spec's rules.

    Too few rows say nothing about quality, and the reasons say so. A metric that is missing where it is
    needed is a reason for a warning, never silence.

    Args:
        window: that is judged.
        rules: the spec's.
        drift: what drifted, in words.
        label_changes: what changed in the form of the label, in words: no season does that.
    """
    found: list[Reason] = []
    is_judged = is_judgeable(window, rules)
    better = _find_better_predecessor(window) if is_judged else None
    if better is not None:
        found.append(Reason(Verdict.ROLL_BACK, "predecessor", _describe_better(better, rules.quality.loss)))
    if is_judged:
        found += _compare_with_heuristic(window, rules)
        found += _check_quality(window, rules)
    if window.degraded_share > rules.maximum_degraded_share:
        text = f"{window.degraded_share:.0%} of the predictions on its nights were degraded"
        button = Button.RETRAIN if window.is_last_resort else Button.ROLL_BACK
        found.append(Reason(Verdict.WARNING, "degraded predictions", text, button))
    found += [Reason(Verdict.WARNING, "label schema", text) for text in label_changes]
    if window.age_nights is not None and window.age_nights > rules.maximum_age_nights:
        text = f"the champion was trained {window.age_nights} nights ago"
        found.append(Reason(Verdict.OK, "age", text, is_challenge=True))
    found += [Reason(Verdict.OK, "drift", text, is_challenge=True) for text in drift]
    if window.kept_nights_ago is not None and window.kept_nights_ago <= rules.window_nights:
        found = [_answer(each, window.kept_nights_ago) for each in found]
    found.sort(key=lambda each: list(Verdict).index(each.verdict), reverse=True)
    reasons = [str(each) for each in found]
    if not is_judged:
        reasons.append(
            f"{QUALITY_NOT_JUDGED}: {window.rows} matured rows of {window.nights} nights are the champion's own, "
            f"{rules.minimum_rows} are needed"
        )
    elif not found:
        reasons.append(f"within every bound on {window.rows} rows of {window.nights} nights")
    return Judgement(
        verdict=found[0].verdict if found else Verdict.OK,
        reasons=tuple(reasons),
        returns_to=better.version if better is not None else None,
        causes=tuple(f"{each.verdict}: {each.cause}" for each in found if each.verdict is not Verdict.OK),
        is_challenge_due=any(each.is_challenge for each in found),
    )


def _answer(reason: Reason, nights_ago: int) -> Reason:
    if reason.verdict not in (Verdict.OK, Verdict.WARNING):
        return reason
    text = f"{reason.text} (a training of {nights_ago} nights ago kept the champion)"
    return replace(reason, verdict=Verdict.OK, text=text, is_challenge=False)


def is_judgeable(window: Window, rules: Monitor) -> bool:
    """Whether a window has enough of the champion's own rows to say anything about quality."""
    return window.rows >= rules.minimum_rows and window.nights > 1


def _find_better_predecessor(window: Window) -> Predecessor | None:
    """The first of those that the model can return to that is significantly better."""
    return next((each for each in window.predecessors if each.evidence >= each.needed), None)


def _describe_better(one: Predecessor, loss: str) -> str:
    return (
        f"{one.name}, to which it can return, is better on the same rows: {loss} by {one.gain:.4f} over "
        f"{one.nights} nights, evidence {one.evidence:.3g} ({one.needed:.3g} is significant)"
    )


def _compare_with_heuristic(window: Window, rules: Monitor) -> list[Reason]:
    found = []
    for metric, name in rules.quality.compared.items():
        better = window.over_heuristic.get(metric)
        cause = f"{name} against the heuristic"
        if better is None:
            found.append(Reason(Verdict.WARNING, cause, f"{cause} could not be computed"))
        elif better.upper < 0:
            text = f"worse than the heuristic: {name} by {-better.value:.4f}, {AT_CONFIDENCE} by {-better.upper:.4f}"
            found.append(Reason(Verdict.RETRAIN, cause, text))
    return found


def _check_quality(window: Window, rules: Monitor) -> list[Reason]:
    found = []
    for bound in rules.quality.list_bounds():
        now = window.measured.get(bound.metric)
        if bound.is_since_first_nights:
            if not window.reference:
                continue
            then = window.reference.get(bound.metric)
            now = rise(then, now) if then and now else None
        found.append(_check_threshold(bound.title, now, bound.threshold))
    return [each for each in found if each is not None]


def _check_threshold(name: str, measured: Interval | None, threshold: Threshold) -> Reason | None:
    if measured is None:
        return Reason(Verdict.WARNING, name, f"{name} could not be computed")
    figures = f"{name} {measured.value:.3f}, {AT_CONFIDENCE} at least {measured.lower:.3f}"
    if measured.lower > threshold.critical:
        return Reason(Verdict.RETRAIN, name, f"{figures} (the bound is {threshold.critical:g})")
    if measured.lower > threshold.warning:
        return Reason(Verdict.WARNING, name, f"{figures} (worth a look above {threshold.warning:g})")
    if measured.value > threshold.critical:
        why = f"above {threshold.critical:g}, but nights differ too much to be sure"
        return Reason(Verdict.OK, name, f"{figures} ({why})")
    return None
