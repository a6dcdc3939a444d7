"""From verdicts to requests: rare, never out of the blue, and the same in whatever order nights are run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redeye.champions.logic.verdicts import ASKING, Verdict
from redeye.declarations.spec_rules import Retraining, Rollback
from redeye.promotion.logic.decision import Decision, NightVerdict, Succession, decide

FIRST = date(2013, 4, 1)
RULES = Retraining(persistence_nights=3, of_nights=5, cooldown_nights=14, budget_per_month=1)

series = st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=150)
rules_of_any_kind = st.builds(
    lambda k, more, cooldown, budget: Retraining(
        persistence_nights=k, of_nights=k + more, cooldown_nights=cooldown, budget_per_month=budget
    ),
    st.integers(1, 5),
    st.integers(0, 5),
    st.integers(0, 20),
    st.integers(1, 3),
)


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


def named(verdicts: Sequence[Verdict]) -> list[NightVerdict]:
    return [NightVerdict(night(number), verdict) for number, verdict in enumerate(verdicts)]


def requests_of(
    verdicts: list[NightVerdict], rules: Retraining, promotions: Sequence[date] = ()
) -> list[date]:
    asked: list[date] = []
    for each in verdicts:
        if decide(verdicts, asked, promotions, rules, each.night).is_requested:
            asked.append(each.night)
    return asked


def test_the_third_of_five_nights_asks_and_says_why() -> None:
    verdicts = named([Verdict.RETRAIN, Verdict.OK, Verdict.RETRAIN, Verdict.WARNING])
    verdicts.append(NightVerdict(night(4), Verdict.RETRAIN, ("worse than the heuristic", "AUC fell")))
    assert requests_of(verdicts, RULES) == [night(4)]
    assert decide(verdicts, [], [], RULES, night(4)).reason == "worse than the heuristic; AUC fell"
    assert "retrain on 2 of the last 5" in decide(verdicts, [], [], RULES, night(2)).reason


def test_one_bad_night_asks_for_nothing() -> None:
    for step in range(3, 30):
        assert requests_of(named(([Verdict.RETRAIN] + [Verdict.OK] * (step - 1)) * 4), RULES) == []


@pytest.mark.parametrize(("promoted", "is_requested"), [(14, False), (15, True)])
def test_a_new_champion_is_left_alone_for_the_cooldown(promoted: int, is_requested: bool) -> None:
    verdicts = named([Verdict.RETRAIN] * 40)
    decision = decide(verdicts, [], [night(30 - promoted)], RULES, night(30))
    assert decision.is_requested is is_requested
    assert is_requested or f"a champion was decided on night {night(16)}" in decision.reason


def test_a_month_has_a_budget() -> None:
    verdicts = named([Verdict.RETRAIN] * 91)
    often = RULES.model_copy(update={"cooldown_nights": 0, "budget_per_month": 2})
    assert requests_of(verdicts, often) == [
        *(date(2013, 4, d) for d in (3, 4)),
        *(date(2013, 5, d) for d in (1, 2)),
        *(date(2013, 6, d) for d in (1, 2)),
    ]


def test_a_night_without_verdict_cannot_be_decided() -> None:
    with pytest.raises(LookupError):
        decide([], [], [], RULES, FIRST)


@given(series, rules_of_any_kind)
def test_requests_keep_their_distance_and_the_budget(verdicts: list[Verdict], rules: Retraining) -> None:
    asked = requests_of(named(verdicts), rules)
    assert all((b - a).days > rules.cooldown_nights for a, b in pairwise(asked))
    assert (
        max(Counter((each.year, each.month) for each in asked).values(), default=0) <= rules.budget_per_month
    )
    for each in asked:
        number = (each - FIRST).days
        assert verdicts[number] in ASKING
        recent = verdicts[max(0, number - rules.of_nights + 1) : number + 1]
        assert sum(each in ASKING for each in recent) >= rules.persistence_nights


@given(series, rules_of_any_kind, st.randoms())
def test_neither_order_nor_repetition_nor_the_future_changes_a_decision(
    verdicts: list[Verdict], rules: Retraining, random: object
) -> None:
    whole = named(verdicts)
    asked = requests_of(whole, rules)
    shuffled = whole * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for number, each in enumerate(whole):
        then = decide(whole[: number + 1], [a for a in asked if a < each.night], [], rules, each.night)
        assert decide(shuffled, [*reversed(asked), *asked], [], rules, each.night) == then
        assert then.is_requested is (each.night in asked)


@given(st.lists(st.sampled_from([Verdict.OK, Verdict.WARNING]), min_size=1, max_size=150), rules_of_any_kind)
def test_without_a_verdict_to_retrain_nothing_is_asked_for(
    verdicts: list[Verdict], rules: Retraining
) -> None:
    assert requests_of(named(verdicts), rules) == []


def due(count: int, *, sound: int = 0) -> list[NightVerdict]:
    """Nights whose verdict is ok, of which the last `count` ask for a challenge."""
    return [
        NightVerdict(night(number), Verdict.OK, ("41 nights old",), is_challenge_due=number >= sound)
        for number in range(sound + count)
    ]


def test_a_challenge_that_persists_asks_for_a_training_and_is_called_one() -> None:
    verdicts = due(3, sound=2)
    decision = decide(verdicts, [], [], RULES, night(4))
    assert (decision.is_requested, decision.is_challenge) == (True, True)
    assert decision.reason == "challenge: 41 nights old"
    early = decide(verdicts, [], [], RULES, night(3))
    assert (early.is_requested, early.is_challenge) == (False, True)
    assert "challenge: due on 2 of the last 5 nights, it takes 3" in early.reason
    assert not decide(verdicts, [], [], RULES, night(1)).is_challenge


def test_a_champion_that_stays_old_is_challenged_within_budget_and_cooldown() -> None:
    asked = requests_of(due(100), RULES)
    assert asked == [date(2013, 4, 3), date(2013, 5, 1), date(2013, 6, 1), date(2013, 7, 1)]
    assert all((b - a).days > RULES.cooldown_nights for a, b in pairwise(asked))


def test_a_challenge_waits_after_a_promotion_and_counts_for_no_verdict() -> None:
    assert "a champion was decided" in decide(due(9), [], [night(1)], RULES, night(8)).reason
    verdicts = [*due(4), NightVerdict(night(4), Verdict.RETRAIN, ("bad",))]
    assert "retrain on 1 of the last 5" in decide(verdicts, [], [], RULES, night(4)).reason


@given(st.integers(0, 60), rules_of_any_kind)
def test_what_persists_is_asked_for_after_so_many_nights(sound: int, rules: Retraining) -> None:
    verdicts = named([Verdict.OK] * sound + [Verdict.RETRAIN] * 10)
    assert requests_of(verdicts, rules)[0] == night(sound + rules.persistence_nights - 1)


SERVING = Succession(serving=3, latest=3, effective_night=night(6), last_scored=night(4))


def rolled(verdicts: list[NightVerdict], standing: Succession = SERVING) -> Decision:
    rules = Rollback(persistence_nights=3, of_nights=5)
    return decide(verdicts, [], [], RULES, night(4), rollback=rules, succession=standing)


def said(count: int, *, version: int = 3) -> list[NightVerdict]:
    """Five nights, of which the last `count` say that version 2 is better."""
    better = [
        NightVerdict(night(number), Verdict.ROLL_BACK, ("2 is better",), version, 2)
        for number in range(5 - count, 5)
    ]
    return [NightVerdict(night(number), Verdict.OK, (), version) for number in range(5 - count)] + better


def test_the_third_of_five_nights_rolls_back_and_asks_for_a_successor() -> None:
    decision = rolled(said(3))
    assert (decision.returns_to, decision.is_requested) == (2, True)
    assert decision.reason == "rolled back from version 3 to version 2; 2 is better"


@pytest.mark.parametrize(
    ("verdicts", "standing", "why"),
    [
        (said(2), SERVING, "roll back on 2 of the last 5 nights, it takes 3"),
        (said(5), replace(SERVING, latest=4), "version 4 was decided on already"),
        (said(5), replace(SERVING, serving=4, latest=4), "version 4 was decided on already"),
        (said(5), replace(SERVING, blocked=frozenset({2})), "version 2 was blocked since"),
        (said(5), replace(SERVING, last_scored=night(6)), "it would be in effect from night 2013-04-07"),
        # Two nights on the champion before this one do not count.
        (said(4, version=2)[:3] + said(2)[3:], SERVING, "roll back on 2 of the last 5 nights"),
    ],
)
def test_what_keeps_a_champion_that_should_go(
    verdicts: list[NightVerdict], standing: Succession, why: str
) -> None:
    decision = rolled(verdicts, standing)
    assert decision.returns_to is None
    assert f"not rolled back: {why}" in decision.reason


def test_evidence_lets_the_version_come_back_that_a_rollback_left_and_no_other() -> None:
    standing = replace(SERVING, is_restored=True, blocked=frozenset({2, 4}), left=2)
    assert rolled(said(3), standing).returns_to == 2
    assert rolled(said(3), replace(standing, left=4)).returns_to is None
    assert rolled(said(3), replace(standing, left=None)).returns_to is None


def test_a_retrain_verdict_rolls_nothing_back() -> None:
    assert rolled(named([Verdict.RETRAIN] * 5)).returns_to is None


def test_while_a_stopgap_serves_a_successor_is_asked_for_whatever_the_verdict() -> None:
    standing = replace(SERVING, serving=2, latest=2, is_restored=True)
    fine = named([Verdict.OK] * 41)
    asked: list[date] = []
    for each in fine:
        decision = decide(fine, asked, [FIRST], RULES, each.night, succession=standing)
        assert decision.is_successor_due
        if decision.is_requested:
            asked.append(each.night)
    assert asked == [FIRST, date(2013, 5, 1)]
    found = decide(fine, [], [FIRST], RULES, night(40), succession=replace(standing, latest=4))
    assert not found.is_requested
