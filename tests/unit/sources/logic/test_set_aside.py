"""Rows to set aside: those that fail, named with the reason, and no more than the contract allows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from redeye.audits.logic.audit_result import AuditFailure, Treatment
from redeye.audits.logic.contract_terms import SetAside
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.sources.logic.set_aside import UNIQUE, Choice, choose_rows

NIGHTS = [date(2015, 4, 1), date(2015, 4, 2)]
REFS = [DeliveryRef("desk", "readings", n, f"{n.day}", Path("x"), 100, False, n) for n in NIGHTS]
FIFTIETH = SetAside(at_most=0.02, because="a broken gauge is one of fifty")


def frame(night: date) -> pd.DataFrame:
    return pd.DataFrame({"gauge": [f"G{n}" for n in range(100)], "degrees": "7", "night": night.isoformat()})


ARRIVED = [(ref, pa.Table.from_pandas(frame(ref.night))) for ref in REFS]


def failure(rows: list[int], column: str = "degrees", expectation: str = "not_null") -> AuditFailure:
    return AuditFailure(
        "arrivals/readings", expectation, column, "bad", because="Water is liquid.", rows=np.array(rows)
    )


def choose(
    failures: list[AuditFailure], allowed: SetAside = FIFTIETH, **frames: pd.DataFrame
) -> list[Choice]:
    return choose_rows(ARRIVED, failures, allowed, ["gauge"])


def test_rows_that_fail_are_named_by_their_place_in_their_own_delivery_and_the_others_stay() -> None:
    first, second = choose([failure([3, 107]), failure([107], "gauge")])
    assert [(mark.position, mark.row, mark.treatment) for mark in first.marks] == [
        (3, {"gauge": "G3", "degrees": "7"}, Treatment.SET_ASIDE)
    ]
    assert "Water is liquid." in first.marks[0].reason
    assert "degrees" in first.marks[0].reason
    assert [mark.position for mark in second.marks] == [7]
    assert "G7" not in second.frame["gauge"].to_pylist()
    assert (len(first.frame), len(second.frame)) == (99, 99)
    assert second.marks[0].night == NIGHTS[1]


def test_beyond_the_share_nothing_is_set_aside_and_the_reason_says_how_many() -> None:
    first, second = choose([failure([1, 2, 101, 102, 103])])
    assert (len(first.marks), first.excess) == (2, "")
    assert second.marks == ()
    assert len(second.frame) == 100
    assert "3 of its 100 rows" in second.excess
    assert "2.00%" in second.excess
    assert "a broken gauge is one of fifty" in second.excess


def test_what_is_not_of_single_rows_sets_nothing_aside() -> None:
    assert choose([failure([])]) == []


def test_only_rules_of_the_columns_that_the_contract_names() -> None:
    only = SetAside(at_most=0.02, columns=("degrees",), because="the others are sound")
    first, _ = choose([failure([3]), failure([4], "gauge")], only)
    assert [mark.position for mark in first.marks] == [3]


def test_a_copy_is_set_aside_and_the_row_itself_stays() -> None:
    rows = pd.concat([frame(NIGHTS[0]), frame(NIGHTS[0]).iloc[[5]]], ignore_index=True)
    (found,) = choose_rows(
        [(REFS[0], pa.Table.from_pandas(rows))], [failure([5, 100], "gauge", UNIQUE)], FIFTIETH, ["gauge"]
    )
    assert [mark.position for mark in found.marks] == [100]
    assert found.frame["gauge"].to_pylist().count("G5") == 1


def test_rows_that_contradict_each_other_are_all_set_aside() -> None:
    rows = pd.concat([frame(NIGHTS[0]), frame(NIGHTS[0]).iloc[[5]].assign(degrees="8")], ignore_index=True)
    (found,) = choose_rows(
        [(REFS[0], pa.Table.from_pandas(rows))], [failure([5, 100], "gauge", UNIQUE)], FIFTIETH, ["gauge"]
    )
    assert [mark.position for mark in found.marks] == [5, 100]


def test_a_key_that_holds_the_night_is_twice_within_one_night_only() -> None:
    whole = [pa.Table.from_pandas(frame(night)).drop_columns(["night"]) for night in NIGHTS[:2]]
    again = [pa.concat_tables([whole[0], whole[0].slice(5, 1)]), whole[1]]
    first, second = choose_rows(
        list(zip(REFS[:2], again, strict=True)),
        [failure([5, 100, 106], "gauge, night", UNIQUE)],
        FIFTIETH,
        ["gauge"],
    )
    assert [mark.position for mark in first.marks] == [100]
    assert second.marks == ()
