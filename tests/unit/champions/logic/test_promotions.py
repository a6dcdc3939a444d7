"""A promotion is a row of its ledger: it cannot be changed, and the ledger knows its kinds."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from datetime import date

import pytest

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.foundation.settings import PROJECT_ROOT

LEDGER = PROJECT_ROOT / "ml" / "redeye" / "foundation" / "schema" / "outputs" / "sql" / "r0003_rollback.sql"
NIGHT = date(2013, 4, 1)


def promotion(**evidence: object) -> Promotion:
    return Promotion(1, "m", 1, "heuristic", "m_v1", "there", "hash", NIGHT, NIGHT, "", evidence, "ann", "r")


def test_the_ledger_takes_these_kinds_and_no_others():
    (listed,) = re.findall(r"CHECK \(kind IN \(([^)]*)\)", LEDGER.read_text(encoding="utf-8"))
    assert {kind.strip(" '") for kind in listed.split(",")} == set(PromotionKind)


def test_a_promotion_follows_none_and_is_no_rollback_unless_that_is_said():
    assert (promotion().kind, promotion().previous_id) == (PromotionKind.PROMOTION, None)


def test_a_promotion_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        promotion().version = 2  # type: ignore[misc]


def test_evidence_makes_another_promotion_though_it_cannot_be_hashed():
    assert promotion(auc=0.7) != promotion(auc=0.8)
    assert hash(promotion(auc=[0.7])) == hash(promotion(auc=[0.8]))


@pytest.mark.parametrize(
    ("algorithm", "is_heuristic"),
    [
        ("heuristic", True),
        ("regression_heuristic", True),
        ("multiclass_heuristic", True),
        ("xgboost", False),
        ("regression_xgboost", False),
        ("average", False),
    ],
)
def test_the_heuristic_of_every_kind_is_one(algorithm: str, is_heuristic: bool) -> None:
    assert replace(promotion(), algorithm=algorithm).is_heuristic is is_heuristic
