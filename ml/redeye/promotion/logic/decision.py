"""From verdicts to acts, a training or a rollback: persistence, cooldown and a budget stand between them.

A decision follows from what is recorded of the nights before it, and from nothing else: not from the
order in which nights were judged, how often, or when. What is recorded of later nights is not looked at.

A rollback needs persistence only. Each one blocks the version that it leaves, so there are never more of them
than versions, and a bad champion need not wait for a cooldown. It leaves a stopgap in service, so a successor
is asked for until one is found; cooldown and budget hold for that as for any training.

A champion that has become old, or whose inputs drifted, is challenged: a training is asked for although the verdict
does not. Persistence, cooldown and budget are those of every training.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from redeye.champions.logic.verdicts import ASKING, Verdict
from redeye.declarations.calendar import count_nights_since, shift_nights
from redeye.declarations.spec_rules import Retraining, Rollback

# Of a training that no verdict asked for, but the calendar: what Airflow's scheduled runs give as theirs.
CALENDAR_REASON = "scheduled run"


@dataclass(frozen=True)
class NightVerdict:
    """What was said about a model after a night.

    Attributes:
        version: the champion that was judged; None if that was not recorded.
        returns_to: the version that a verdict to roll back names.
        is_challenge_due: whether age or drift ask for a training.
    """

    night: date
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    version: int | None = None
    returns_to: int | None = None
    is_challenge_due: bool = False

    @property
    def is_asking(self) -> bool:
        """Whether the verdict asks for a training."""
        return self.verdict in ASKING


@dataclass(frozen=True)
class Succession:
    """How the champion stands when a night is decided.

    Attributes:
        serving: the version in effect on the night.
        latest: the version decided last, in effect yet or not.
        is_restored: whether a rollback put the serving one there.
        blocked: versions that may not come back.
        left: the version that the rollback to the serving one left, which evidence may let come back.
        effective_night: from which a rollback that the night decides would be in effect.
        last_scored: the last night that is scored.
    """

    serving: int | None = None
    latest: int | None = None
    is_restored: bool = False
    blocked: frozenset[int] = frozenset()
    left: int | None = None
    effective_night: date | None = None
    last_scored: date | None = None

    @property
    def is_successor_due(self) -> bool:
        """Whether a version that was returned to serves, and no other is decided yet."""
        return self.is_restored and self.latest == self.serving


@dataclass(frozen=True)
class Decision:
    """Whether a night asks for a training or rolls the model back, and why or why not.

    Attributes:
        returns_to: the version that the night rolls back to; None if it does not.
        is_successor_due: whether a version that was returned to serves, for which a successor is asked.
        is_challenge: whether age or drift are all that asks.
    """

    night: date
    verdict: Verdict
    is_requested: bool
    reason: str
    returns_to: int | None = None
    is_successor_due: bool = False
    is_challenge: bool = False


def decide(
    verdicts: Iterable[NightVerdict],
    requests: Iterable[date],
    promotions: Iterable[date],
    rules: Retraining,
    night: date,
    *,
    rollback: Rollback | None = None,
    succession: Succession | None = None,
) -> Decision:
    """Whether `night` asks for a training, and whether it rolls the model back.

    Args:
        verdicts: of `night` and the nights before it, in any order.
        requests: nights that asked.
        promotions: nights on which a champion was decided, however it came about.
        rules: the spec's, for a training.
        night: that is decided.
        rollback: the spec's rules for a rollback.
        succession: how the champion stands; without it nothing is rolled back.

    Raises:
        LookupError: if the night has no verdict.
    """
    by_night = {each.night: each for each in verdicts}
    if night not in by_night:
        raise LookupError(f"night {night} has no verdict")
    tonight, standing = by_night[night], succession or Succession()
    returns_to, reported = None, ""
    if tonight.verdict is Verdict.ROLL_BACK:
        refusal = _stays(by_night, rollback or Rollback(), standing, night)
        returns_to = None if refusal else tonight.returns_to
        reported = (
            f"not rolled back: {refusal}; "
            if refusal
            else f"rolled back from version {tonight.version} to version {returns_to}; "
        )
    is_requested, why = _decide_training(by_night, requests, promotions, rules, night, standing)
    return Decision(
        night,
        tonight.verdict,
        is_requested,
        reported + why,
        returns_to,
        standing.is_successor_due,
        tonight.is_challenge_due and not tonight.is_asking and not standing.is_successor_due,
    )


def _decide_training(
    by_night: dict[date, NightVerdict],
    requests: Iterable[date],
    promotions: Iterable[date],
    rules: Retraining,
    night: date,
    standing: Succession,
) -> tuple[bool, str]:
    tonight, asked = by_night[night], list(requests)
    if standing.is_successor_due:
        # The stopgap's own window is not waited for: it is known to be one.
        refusal = _too_soon("a training was asked for", asked, rules, night) or _budget_spent(
            asked, rules, night
        )
        due = f"version {standing.serving} serves since a rollback and a successor is due"
        return (False, f"{due}, but {refusal}") if refusal else (True, due)
    if not tonight.is_asking and not tonight.is_challenge_due:
        return False, f"the verdict is {tonight.verdict}"
    refusal = (
        _not_persistent(by_night, rules, night)
        or _too_soon("a training was asked for", asked, rules, night)
        or _too_soon("a champion was decided", promotions, rules, night)
        or _budget_spent(asked, rules, night)
    )
    asks = "" if tonight.is_asking else "challenge: "
    if refusal:
        return False, asks + refusal
    return True, asks + ("; ".join(tonight.reasons) or f"the verdict is {tonight.verdict}")


def _stays(
    by_night: dict[date, NightVerdict], rules: Rollback, standing: Succession, night: date
) -> str | None:
    """Why the model is not rolled back on a night whose verdict is to do so; None if it is."""
    tonight = by_night[night]
    if tonight.returns_to is None or tonight.version is None or standing.effective_night is None:
        return "the verdict does not say from which version to which"
    if tonight.version != standing.serving or standing.latest != standing.serving:
        return f"version {standing.latest} was decided on already"
    if tonight.returns_to != standing.left and tonight.returns_to in standing.blocked:
        return f"version {tonight.returns_to} was blocked since"
    first = shift_nights(night, 1 - rules.of_nights)
    saying = sum(
        each.verdict is Verdict.ROLL_BACK and each.version == tonight.version
        for each in by_night.values()
        if first <= each.night <= night
    )
    if saying < rules.persistence_nights:
        return (
            f"roll back on {saying} of the last {rules.of_nights} nights, it takes {rules.persistence_nights}"
        )
    if standing.last_scored is not None and standing.last_scored >= standing.effective_night:
        return (
            f"it would be in effect from night {standing.effective_night}, and nights up to "
            f"{standing.last_scored} are scored already"
        )
    return None


def _not_persistent(by_night: dict[date, NightVerdict], rules: Retraining, night: date) -> str | None:
    first = shift_nights(night, 1 - rules.of_nights)
    is_challenge = not by_night[night].is_asking
    asking = sum(
        each.is_asking or (is_challenge and each.is_challenge_due)
        for each in by_night.values()
        if first <= each.night <= night
    )
    if asking >= rules.persistence_nights:
        return None
    what = "due" if is_challenge else "retrain"
    return (
        f"{what} on {asking} of the last {rules.of_nights} nights, it takes {rules.persistence_nights} "
        "before a training is asked for"
    )


def _too_soon(what: str, acts: Iterable[date], rules: Retraining, night: date) -> str | None:
    last = max((act for act in acts if act < night), default=None)
    if last is None or count_nights_since(last, night) > rules.cooldown_nights:
        return None
    until = shift_nights(last, rules.cooldown_nights)
    return f"{what} on night {last}: the next one may be after night {until}"


def _budget_spent(requests: Iterable[date], rules: Retraining, night: date) -> str | None:
    month = (night.year, night.month)
    spent = sum((each.year, each.month) == month for each in set(requests) if each < night)
    if spent < rules.budget_per_month:
        return None
    return f"{spent} of {rules.budget_per_month} trainings of {night:%B %Y} were asked for already"
