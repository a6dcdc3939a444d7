"""Decisions in the ledger: forwards, once, the same in any order, and open until they are trained."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import psycopg2
import pytest

from redeye.champions import promotion_store
from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import ledger_transaction
from redeye.promotion import decision_store
from redeye.promotion.decide import decide_night
from redeye.promotion.decision_store import RecordedTraining
from redeye.promotion.logic.decision import Decision
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import LIVE

pytestmark = pytest.mark.integration

MODEL = "flight_delay"
FIRST = date(2013, 4, 1)
NIGHTS = [FIRST + timedelta(days=number) for number in range(20)]
BAD = set(NIGHTS[6:])
ASKING = NIGHTS[8]


def write(table: str, night: date, **values: Any) -> None:
    row = {"model": MODEL, "lane": LIVE, "night": night, **values}
    outputs_store.write_once({table: pd.DataFrame([row])}, model=MODEL, night=night, run_id="test")


@pytest.fixture(scope="module")
def judged(stack_env: object) -> Iterator[None]:
    """Twenty scored nights, judged; from the seventh on the verdict is to retrain."""
    for night in NIGHTS:
        write("predictions", night, flight_id=str(night))
        verdict = "retrain" if night in BAD else "ok"
        write("verdicts", night, verdict=verdict, reasons=f"the reason of {night}")
    return


def test_nights_are_decided_the_same_in_any_order_and_however_often(judged: None) -> None:
    order = [*NIGHTS, *NIGHTS]
    random.Random(7).shuffle(order)
    for night in order:
        decide_night(MODEL, night, f"run of {night}")
    rows = decision_store.decisions(MODEL)
    assert [row.decision.night for row in rows] == NIGHTS
    assert [row.decision.night for row in decision_store.requests(MODEL)] == [ASKING]
    (request,) = decision_store.requests(MODEL)
    assert request.decision.reason == f"the reason of {ASKING}"
    assert request.evidence["recent_verdicts"] == {
        str(night): "retrain" if night in BAD else "ok" for night in NIGHTS[4:9]
    }
    assert "cooldown" not in request.decision.reason
    assert "the next one may be after" in rows[-1].decision.reason


def test_a_request_is_handed_on_again_until_it_is_trained(judged: None) -> None:
    # As after a kill between the record and the run: the next attempt finds it, and so does the next night.
    decide_night(MODEL, NIGHTS[-1], "run")
    for night in (ASKING, NIGHTS[-1]):
        (asked,) = decide_night(MODEL, night, "another attempt")["requests"]
        assert (asked["night"], asked["verdict"]) == (str(ASKING), "retrain")
        assert asked["reason"] == f"the reason of {ASKING}"
    assert decide_night(MODEL, NIGHTS[7], "an earlier night")["requests"] == []

    training = RecordedTraining(
        MODEL,
        ASKING,
        "key",
        False,
        2,
        3,
        "xgboost",
        None,
        "asked",
        "kept",
        "verdict",
        "requested",
        "mlflow",
        {
            "is_passed": False,
            "results": [{"gate": "ranking", "is_passed": False, "value": 0.6, "bound": 0.65}],
        },
    )
    for _ in range(2):
        decision_store.record_training(training)
    assert decision_store.trainings(MODEL) == [training]
    again = replace(training, run_id="by hand", reason="promoted", is_promoted=True)
    decision_store.record_training(again)
    assert decision_store.trainings(MODEL) == [training, again]
    assert decide_night(MODEL, NIGHTS[-1], "run")["requests"] == []
    assert decide_night(MODEL, ASKING, "run")["is_requested"]


@pytest.mark.parametrize("table", ["retraining_decisions", "trainings"])
@pytest.mark.parametrize("act", ["UPDATE ledger.{} SET reason = 'other'", "DELETE FROM ledger.{}"])
def test_the_ledgers_can_only_grow(judged: None, table: str, act: str) -> None:
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as cursor,
    ):
        cursor.execute(act.format(table))


def test_a_challenge_may_ask_whatever_the_verdict_and_nothing_else_may(judged: None) -> None:
    challenge = Decision(FIRST, Verdict.OK, True, "challenge: 41 nights old", is_challenge=True)

    def record(model: str, decision: Decision) -> None:
        decision_store.decide_forwards(model, lambda *_: iter([(decision, {}, None)]), run_id="test")

    record("old", challenge)
    assert [row.decision for row in decision_store.requests("old")] == [challenge]
    with pytest.raises(psycopg2.errors.CheckViolation):
        record("young", replace(challenge, is_challenge=False))


def test_an_old_champion_is_challenged_by_an_ordinary_request(judged: None) -> None:
    may = [date(2013, 5, number) for number in (1, 2, 3)]
    for night in may:
        write("predictions", night, flight_id=str(night))
        write("verdicts", night, verdict="ok", reasons="41 nights old", causes="", is_challenge_due=True)
    decided = decide_night(MODEL, may[-1], "run")
    assert decided["is_requested"]
    asked = decided["requests"][-1]
    assert (asked["night"], asked["verdict"]) == (str(may[-1]), "ok")
    assert asked["reason"] == "challenge: 41 nights old"
    assert [row.decision.is_challenge for row in decision_store.decisions(MODEL)[-3:]] == [True] * 3


def test_of_trainings_that_kept_a_version_the_last_one_counts(judged: None) -> None:
    def record(number: int, **changes: Any) -> None:
        plain = RecordedTraining(
            "kept",
            NIGHTS[number],
            "key",
            False,
            2,
            3,
            "xgboost",
            None,
            "asked",
            "kept",
            "test",
            "run",
            "mlflow",
        )
        decision_store.record_training(replace(plain, **changes))

    record(1)
    record(3)
    record(5, champion_version=4)
    record(6, candidate_version=None, reason="too few nights")
    record(7, is_promoted=True)
    assert promotion_store.find_last_kept("kept", 2, NIGHTS[-1]) == NIGHTS[3]
    assert promotion_store.find_last_kept("kept", 2, NIGHTS[2]) == NIGHTS[1]
    assert promotion_store.find_last_kept("kept", 2, NIGHTS[0]) is None
