"""From verdicts to a training: persistence, cooldown and a budget stand between them.

A decision follows from what is recorded of the nights before it, and from nothing else: not from the
order in which nights were judged, how often, or when. What is recorded of later nights is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from redeye.core.spec_rules import Retraining
from redeye.core.verdict import Verdict


@dataclass(frozen=True)
class NightVerdict:
    """What was said about a model after a night."""

    night: date
    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Whether a night asks for a training, and why or why not."""

    night: date
    verdict: Verdict
    is_requested: bool
    reason: str


def decide(
    verdicts: Iterable[NightVerdict],
    requests: Iterable[date],
    promotions: Iterable[date],
    rules: Retraining,
    night: date,
) -> Decision:
    """Whether `night` asks for a training.

    Args:
        verdicts: of `night` and the nights before it, in any order.
        requests: nights that asked.
        promotions: nights on which a champion was decided, however it came about.
        rules: the spec's.
        night: that is decided.

    Raises:
        LookupError: if the night has no verdict.
    """
    by_night = {each.night: each for each in verdicts}
    if night not in by_night:
        raise LookupError(f"night {night} has no verdict")
    tonight = by_night[night]
    if tonight.verdict is not Verdict.RETRAIN:
        return Decision(night, tonight.verdict, False, f"the verdict is {tonight.verdict}")
    refusal = (
        _not_persistent(by_night, rules, night)
        or _too_soon("a training was asked for", requests, rules, night)
        or _too_soon("a champion was decided", promotions, rules, night)
        or _budget_spent(requests, rules, night)
    )
    if refusal:
        return Decision(night, tonight.verdict, False, refusal)
    return Decision(night, tonight.verdict, True, "; ".join(tonight.reasons) or "the verdict is retrain")


def _not_persistent(by_night: dict[date, NightVerdict], rules: Retraining, night: date) -> str | None:
    first = night - timedelta(days=rules.of_nights - 1)
    asking = sum(
        each.verdict is Verdict.RETRAIN for each in by_night.values() if first <= each.night <= night
    )
    if asking >= rules.persistence_nights:
        return None
    return (
        f"retrain on {asking} of the last {rules.of_nights} nights, it takes {rules.persistence_nights} "
        "before a training is asked for"
    )


def _too_soon(what: str, acts: Iterable[date], rules: Retraining, night: date) -> str | None:
    last = max((act for act in acts if act < night), default=None)
    if last is None or (night - last).days > rules.cooldown_nights:
        return None
    until = last + timedelta(days=rules.cooldown_nights)
    return f"{what} on night {last}: the next one may be after night {until}"


def _budget_spent(requests: Iterable[date], rules: Retraining, night: date) -> str | None:
    month = (night.year, night.month)
    spent = sum((each.year, each.month) == month for each in set(requests) if each < night)
    if spent < rules.budget_per_month:
        return None
    return f"{spent} of {rules.budget_per_month} trainings of {night:%B %Y} were asked for already"
