"""Rolling back by verdict: with the night's decision, once, whatever the order, and whenever it is killed."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from waiting import PATIENCE_SECONDS

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import PromotionKind
from redeye.foundation.errors import TooLate
from redeye.promotion import decision_store
from redeye.promotion.decide import decide_night
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import LIVE
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

MODEL = "flight_delay"
DECIDES = 16
"""The third night in a row whose verdict is to roll back."""


@pytest.fixture(scope="module")
def bad(stack_env: object) -> Iterator[Champions]:
    """Version 3 serves since night 12; from night 14 on the verdict is to go back to version 2."""
    made = Champions(MODEL)
    made.promote(1, 0, lag=1)
    made.promote(2, 0)
    made.promote(3, 10)
    for number in range(1, DECIDES + 2):
        made.score(number)
        is_bad = number >= DECIDES - 2
        row = {
            "model": MODEL,
            "lane": LIVE,
            "night": night(number),
            "verdict": "roll back" if is_bad else "ok",
            "reasons": "version 2 is better" if is_bad else "within every bound",
            "champion_version": 3 if number >= 12 else 2,
            "returns_to": 2 if is_bad else None,
        }
        frame = pd.DataFrame([row]).astype({"returns_to": "Int64"})
        outputs_store.write_once({"verdicts": frame}, model=MODEL, night=night(number), run_id="test")
    return made


@pytest.mark.parametrize(
    ("moment", "is_after"),
    [
        pytest.param("redeye.champions.promotion_store.roll_back", False, marks=pytest.mark.long),
        pytest.param("redeye.champions.block_store.insert_block", False, marks=pytest.mark.long),
        ("redeye.champions.block_store.insert_block", True),
        ("redeye.champions.promotion_store.roll_back", True),
    ],
)
def test_killed_before_its_commit_neither_decision_nor_rollback_is_there(
    bad: Champions, run: Callable[..., Any], moment: str, is_after: bool
) -> None:
    call = (
        "from redeye.promotion.decide import decide_night; "
        f"decide_night({MODEL!r}, date.fromisoformat('{night(DECIDES)}'), 'the same run')"
    )
    process = run(call, moment, is_after=is_after)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGKILL, errors[-3000:]
    assert len(bad.rows()) == 3
    assert bad.blocked() == []
    assert decision_store.decisions(MODEL) == []


def test_the_third_verdict_of_five_rolls_back_once_in_any_order(bad: Champions) -> None:
    order = [night(number) for number in range(1, DECIDES + 2)] * 2
    random.Random(3).shuffle(order)
    for each in order:
        decide_night(MODEL, each, "the same run")
    assert bad.rows()[3:] == [(2, "rollback")]
    assert bad.blocked() == [(3, True)]
    row = promotion_store.read_promotions(MODEL)[-1]
    assert (row.decided_night, row.effective_night) == (night(DECIDES), night(DECIDES + 2))
    assert row.evidence["rollback"]["from_version"] == 3
    assert row.evidence["rollback"]["verdict_reasons"] == ["version 2 is better"]
    assert "rolled back from version 3 to version 2" in row.reason
    decided = {each.decision.night: each.decision for each in decision_store.decisions(MODEL)}
    assert [each for each, one in decided.items() if one.returns_to] == [night(DECIDES)]
    assert "version 2 was decided on already" in decided[night(DECIDES + 1)].reason


def test_while_the_stopgap_serves_successors_are_asked_for_with_a_cooldown_between(bad: Champions) -> None:
    # Version 3 was decided on night 10: its cooldown kept the nights that said so from asking.
    assert decision_store.requests(MODEL) == []
    for number in range(DECIDES + 2, 40):
        bad.score(number)
        row = {"model": MODEL, "lane": LIVE, "night": night(number), "verdict": "ok", "reasons": "fine"}
        outputs_store.write_once(
            {"verdicts": pd.DataFrame([row])}, model=MODEL, night=night(number), run_id="test"
        )
    decide_night(MODEL, night(39), "run")
    asked = [each.decision for each in decision_store.requests(MODEL)]
    # From the night on which it serves; then after the cooldown, in a month with a budget of its own.
    assert [each.night for each in asked] == [night(18), night(33)]
    assert all(each.is_successor_due for each in asked)
    assert "version 2 serves since a rollback and a successor is due" in asked[0].reason
    serving = promotion_store.read_champion(MODEL, night(39))
    assert serving is not None
    assert serving.kind is PromotionKind.ROLLBACK


def test_evidence_lifts_the_block_that_evidence_made_and_the_stopgap_goes(bad: Champions) -> None:
    for number in range(40, 43):
        bad.score(number)
        row = {
            "model": MODEL,
            "lane": LIVE,
            "night": night(number),
            "verdict": "roll back",
            "reasons": "version 3 is better",
            "champion_version": 2,
            "returns_to": 3,
        }
        outputs_store.write_once(
            {"verdicts": pd.DataFrame([row])}, model=MODEL, night=night(number), run_id="test"
        )
    decide_night(MODEL, night(42), "run")
    assert bad.rows()[4:] == [(3, "rollback")]
    assert bad.blocked() == [(3, True), (3, False), (2, True)]
    assert promotion_store.read_promotions(MODEL)[-1].effective_night == night(44)


def test_a_decision_that_comes_late_withdraws_no_champion_decided_since(bad: Champions) -> None:
    newest = promotion_store.read_promotions(MODEL)[-1]
    with pytest.raises(TooLate, match=r"version 9 was decided for night .* it would withdraw that one"):
        promotion_store.promote(
            MODEL,
            version=9,
            algorithm="xgboost",
            feature_service="m_v1",
            artifact_uri="there",
            artifact_sha256="hash",
            decided_night=night(41),
            effective_night=night(45),
            reason="late",
            evidence={},
            actor="test",
            run_id="late",
            follows=newest,
            last_scored_night=lambda model: night(42),
        )
    assert promotion_store.read_promotions(MODEL)[-1] == newest
