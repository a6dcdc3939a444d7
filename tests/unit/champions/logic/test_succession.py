"""To whom a model returns: who was last serving well, never who is blocked, and at last the first champion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import (
    Standing,
    Stint,
    VersionBlock,
    find_blocked_versions,
    find_champion,
    find_left_version,
    find_position,
    find_return_targets,
    list_stints,
    list_turns,
    list_withdrawn,
)
from redeye.champions.logic.verdicts import Verdict

FIRST = date(2013, 4, 1)


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


def promotion(number: int, version: int, decided: int, *, lag: int = 2) -> Promotion:
    return Promotion(
        promotion_id=number,
        model="m",
        version=version,
        algorithm="xgboost" if version > 1 else "heuristic",
        feature_service="m_v1",
        artifact_uri="there",
        artifact_sha256="hash",
        decided_night=night(decided),
        effective_night=night(decided + lag),
        reason="a test",
        evidence={},
        actor="test",
        run_id="test",
        kind=PromotionKind.PROMOTION if number > 1 else PromotionKind.FIRST,
        previous_id=number - 1 or None,
    )


ROWS = [promotion(1, 1, 0, lag=1), promotion(2, 2, 10), promotion(3, 3, 40), promotion(4, 4, 70)]


def returns(
    bad: int, said: dict[int, Verdict], *, rows: list[Promotion] = ROWS, shut_out: tuple[int, ...] = ()
) -> list[int]:
    found = find_return_targets(
        rows, frozenset(shut_out), bad, night(100), lambda stint: said.get(stint.promotion.version)
    )
    return [row.version for row in found]


def test_each_night_has_the_champion_that_was_decided_last_and_is_in_effect() -> None:
    spans = [(each.promotion.version, each.first, each.last) for each in list_stints(ROWS)]
    assert spans == [
        (1, night(1), night(11)),
        (2, night(12), night(41)),
        (3, night(42), night(71)),
        (4, night(72), None),
    ]
    for each in list_stints(ROWS):
        last = each.last or night(100)
        assert {find_champion(ROWS, each.first), find_champion(ROWS, last)} == {each.promotion}


def test_a_promotion_that_was_withdrawn_before_its_night_has_no_stint() -> None:
    back = replace(promotion(5, 3, 70), effective_night=night(71), kind=PromotionKind.ROLLBACK)
    assert [each.promotion.version for each in list_stints([*ROWS, back])] == [1, 2, 3, 3]
    assert find_champion([*ROWS, back], night(90)) == back


def test_every_promotion_says_how_it_stands_on_a_night() -> None:
    turns = [
        (each.promotion.version, each.standing, each.first, each.last) for each in list_turns(ROWS, night(50))
    ]
    assert turns == [
        (1, Standing.SERVED, night(1), night(11)),
        (2, Standing.SERVED, night(12), night(41)),
        (3, Standing.SERVES, night(42), night(71)),
        (4, Standing.COMING, night(72), None),
    ]
    on_its_last, after = (list_turns(ROWS, night(number))[2].standing for number in (71, 72))
    assert (on_its_last, after) == (Standing.SERVES, Standing.SERVED)


def test_a_turn_that_is_withdrawn_says_by_what_and_never_serves() -> None:
    back = replace(promotion(5, 2, 50), effective_night=night(51), kind=PromotionKind.ROLLBACK)
    assert [row.promotion_id for row in list_withdrawn(ROWS, back, night(51))] == [4]
    turns = list_turns([*ROWS, back], night(51))
    assert [each.standing for each in turns] == [*["served"] * 3, "withdrawn", "serves"]
    assert (turns[3].withdrawn_by, turns[3].first) == (back, night(72))
    assert (turns[2].last, turns[4].first, turns[4].last) == (night(50), night(51), None)
    # As long as it has no night of its own, whoever takes the night of a later one as well withdraws that too.
    late = replace(promotion(6, 3, 100), effective_night=night(101))
    assert list_withdrawn([*ROWS, back], late, night(101)) == []


def test_whoever_serves_by_the_turns_scores_the_night() -> None:
    back = replace(promotion(5, 2, 50), effective_night=night(51), kind=PromotionKind.ROLLBACK)
    for rows in (ROWS, [*ROWS, back]):
        for number in range(1, 100):
            serving = [
                each.promotion for each in list_turns(rows, night(number)) if each.standing == "serves"
            ]
            assert serving == [find_champion(rows, night(number))]


def test_the_position_is_that_of_the_newest_rows() -> None:
    block = VersionBlock(9, 3, is_blocked=True, night=night(80), reason="a leak", actor="me")
    assert find_position(ROWS, [block]) == (4, 9)
    assert find_position([], []) == (0, 0)


def test_it_returns_to_the_last_one_that_served_well_and_then_to_the_last_resort() -> None:
    assert returns(4, {2: Verdict.OK, 3: Verdict.WARNING}) == [3, 1]


@pytest.mark.parametrize("bad_end", [Verdict.RETRAIN, Verdict.ROLL_BACK, None])
def test_not_to_version_n_minus_1_if_that_ended_badly_or_was_never_judged(bad_end: Verdict | None) -> None:
    said = {2: Verdict.OK} | ({3: bad_end} if bad_end else {})
    assert returns(4, said) == [2, 1]


def test_where_none_served_well_only_the_first_champion_is_left() -> None:
    assert returns(4, {2: Verdict.RETRAIN, 3: Verdict.RETRAIN}) == [1]


def test_never_to_a_barred_version() -> None:
    well = {2: Verdict.OK, 3: Verdict.OK}
    assert returns(4, well, shut_out=(3,)) == [2, 1]
    assert returns(4, well, shut_out=(1, 2, 3)) == []


def test_of_a_version_with_two_stints_the_last_one_counts() -> None:
    rows = [*ROWS[:3], promotion(4, 2, 60), promotion(5, 5, 80)]
    asked: list[Stint] = []

    def last_verdict(stint: Stint) -> Verdict:
        asked.append(stint)
        return Verdict.RETRAIN if stint.promotion.promotion_id == 4 else Verdict.OK

    found = [row.version for row in find_return_targets(rows, frozenset(), 5, night(100), last_verdict)]
    assert found == [3, 1]
    assert [stint.promotion.promotion_id for stint in asked] == [4, 3]


@pytest.mark.parametrize(("decided", "expected"), [(71, [2, 1]), (72, [3, 1])])
def test_a_stint_that_has_not_ended_before_the_decision_does_not_count(
    decided: int, expected: list[int]
) -> None:
    found = find_return_targets(ROWS, frozenset(), 4, night(decided), lambda _: Verdict.OK)
    assert [row.version for row in found] == expected


def test_the_first_champion_has_nothing_to_return_to_but_what_served_since() -> None:
    assert returns(1, {}, rows=ROWS[:1]) == []
    assert returns(1, {2: Verdict.OK}, rows=[*ROWS[:2], promotion(3, 1, 40)]) == [2]


def test_the_last_bar_of_a_version_counts_as_of_its_night() -> None:
    blocks = [
        VersionBlock(1, 3, True, night(50), "bad", "verdict"),
        VersionBlock(2, 3, False, night(60), "mended", "person"),
        VersionBlock(3, 4, True, night(80), "bad", "person"),
    ]
    assert find_blocked_versions(blocks, night(49)) == frozenset()
    assert find_blocked_versions(blocks, night(50)) == {3}
    assert find_blocked_versions(blocks, night(59)) == {3}
    assert find_blocked_versions(blocks, night(60)) == frozenset()
    assert find_blocked_versions(blocks, night(70)) == frozenset()
    assert find_blocked_versions(list(reversed(blocks)), date.max) == {4}


def block(
    number: int, version: int, on: int, *, is_blocked: bool = True, actor: str = "verdict"
) -> VersionBlock:
    return VersionBlock(number, version, is_blocked, night(on), "a test", actor)


RESTORED = replace(
    promotion(5, 3, 80), kind=PromotionKind.ROLLBACK, evidence={"rollback": {"from_version": 4}}
)


@pytest.mark.parametrize(
    ("champion", "blocks", "left"),
    [
        (RESTORED, [block(1, 4, 80)], 4),
        # Nothing was left, nothing is blocked, another one is, or it is not known yet.
        (ROWS[-1], [block(1, 4, 80)], None),
        (RESTORED, [], None),
        (RESTORED, [block(1, 2, 80)], None),
        (RESTORED, [block(1, 4, 95)], None),
        # What a person blocked, or decided since, a person lifts.
        (RESTORED, [block(1, 4, 80, actor="someone")], None),
        (RESTORED, [block(1, 4, 80), block(2, 4, 85, actor="someone")], None),
        (RESTORED, [block(1, 4, 80), block(2, 4, 85, is_blocked=False, actor="someone")], None),
    ],
)
def test_evidence_may_lift_only_the_block_that_evidence_made(
    champion: Promotion, blocks: list[VersionBlock], left: int | None
) -> None:
    assert find_left_version(champion, blocks, night(90)) == left
