"""References are held against what the installation is used to, on both sides."""

from __future__ import annotations

import pandas as pd
import pytest

from redeye.audits.logic.contract import Contract
from redeye.audits.logic.reference_rates import ReferenceRate, add_rates, list_rates, measure_rates

NIGHT = {"name": "night", "logicalType": "date", "required": True}
WHY = "Gauges are in the register."


def make_contract(name: str, *relationships: dict[str, object]) -> Contract:
    lack = [
        {"property": f"redeye.mayBe{how}", "value": False, "description": "Said for a test."}
        for how in ("Absent", "Empty")
    ]
    table = {
        "name": name,
        "description": "Rows of a test.",
        "dataGranularityDescription": "One row per code.",
        "properties": [
            {"name": "code", "logicalType": "string", "required": True, "primaryKey": True},
            NIGHT,
        ],
        "relationships": list(relationships),
    }
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": name, "name": name, "version": "1"}
    return Contract.model_validate(head | {"status": "active", "customProperties": lack, "schema": [table]})


RATE = {"property": "redeye.matchRate", "value": 0.9, "description": WHY}
READINGS = make_contract(
    "readings", {"from": "readings.code", "to": "gauges.code", "customProperties": [RATE]}
)
GAUGES = make_contract("gauges")


def test_one_line_is_judged_on_both_sides() -> None:
    (ours,) = list_rates("readings", [READINGS, GAUGES])
    (theirs,) = list_rates("gauges", [READINGS, GAUGES])
    assert (ours.column, ours.is_referring, ours.at_least, ours.because) == (
        "matched_in_gauges",
        True,
        0.9,
        WHY,
    )
    assert (theirs.column, theirs.is_referring, theirs.at_least) == ("matched_by_readings", False, 0.9)
    assert list_rates("others", [READINGS, GAUGES]) == []


def test_the_rates_are_rules_of_the_nights() -> None:
    rates = list_rates("gauges", [READINGS, GAUGES])
    suite = add_rates("gauges", None, rates)
    assert suite is not None
    assert suite.types == {"night": "date", "matched_by_readings": "float"}
    assert suite.expectations[0].arguments == {
        "column": "matched_by_readings",
        "min_value": 0.9,
        "max_value": 1,
    }
    more = ReferenceRate("more", "x", ("a",), ("b",), is_referring=True, at_least=0.5, because=WHY)
    again = add_rates("gauges", suite, [more])
    assert again is not None
    assert list(again.types) == ["night", "matched_by_readings", "more"]
    assert add_rates("gauges", None, []) is None


def make_nights(*codes: str, first: str = "2013-04-01") -> pd.DataFrame:
    """A night for each text, with a row for each of its letters; `.` is missing."""
    nights = pd.date_range(first, periods=len(codes))
    rows = [
        (night, None if code == "." else code) for night, of in zip(nights, codes, strict=True) for code in of
    ]
    return pd.DataFrame(rows, columns=["night", "code"])


def measure(now: str, before: int, others: str, *, referring: bool, usual: str = "abcz") -> float:
    (rate,) = list_rates("readings" if referring else "gauges", [READINGS, GAUGES])
    earlier = make_nights(*[usual] * before, first="2013-03-01") if before else None
    found = measure_rates(make_nights(now), earlier, [rate], lambda _: make_nights(others), nights_back=28)
    return float(found[rate.column].iloc[0])


@pytest.mark.parametrize(
    ("now", "share"),
    [("abcz", 1), ("abczz", 0.8), ("zzzz", 0), ("abc.", 1), ("abca", 1), ("....", 1)],
)
def test_rows_are_held_against_the_usual_share(now: str, share: float) -> None:
    assert measure(now, 10, "abc", referring=True) == pytest.approx(share)


@pytest.mark.parametrize(("now", "share"), [("z", 0), ("az", 1)])
def test_without_earlier_nights_only_no_match_at_all_tells(now: str, share: float) -> None:
    assert measure(now, 3, "abc", referring=True) == share


@pytest.mark.parametrize(("now", "share"), [("abcd", 1), ("abc", 1), ("ayy", 1 / 3), ("xyz", 0)])
def test_what_is_referred_to_is_held_against_what_it_replaces(now: str, share: float) -> None:
    assert measure(now, 1, "aabbcc", referring=False, usual="abcd") == pytest.approx(share)


def test_where_the_other_side_is_not_known_nothing_is_compared() -> None:
    (rate,) = list_rates("readings", [READINGS, GAUGES])
    found = measure_rates(make_nights("zz", "a"), None, [rate], lambda _: None, nights_back=28)
    assert found["matched_in_gauges"].tolist() == [1.0, 1.0]


def test_a_key_of_several_columns_matches_whole() -> None:
    rate = ReferenceRate("both", "x", ("a", "b"), ("c", "d"), is_referring=True, at_least=1.0, because=WHY)
    rows = pd.DataFrame({"night": pd.Timestamp("2013-04-01"), "a": [1, 1], "b": ["x", None]})
    others = pd.DataFrame({"c": [1, 2], "d": ["y", "x"]})
    assert measure_rates(rows, None, [rate], lambda _: others, nights_back=28)["both"].tolist() == [0.0]


def test_where_nothing_came_before_the_contract_says_what_is_usual() -> None:
    usual = {"property": "redeye.usualMatch", "value": 0.8, "description": "Four of five are listed."}
    said = make_contract(
        "readings", {"from": "readings.code", "to": "gauges.code", "customProperties": [RATE, usual]}
    )
    night = pd.Timestamp("2013-01-01")
    rows = pd.DataFrame({"night": night, "code": ["a", "b", "c", "d", "e"]})

    def measure(contracts: list[Contract], known: list[str]) -> float:
        rates = list_rates("readings", contracts)
        gauges = pd.DataFrame({"night": night, "code": known})
        return float(
            measure_rates(rows, None, rates, lambda _: gauges, nights_back=28)["matched_in_gauges"].iloc[0]
        )

    assert measure([said, GAUGES], ["a", "b", "c", "d"]) == 1
    assert measure([said, GAUGES], ["a", "b"]) == pytest.approx(0.5)
    assert measure([READINGS, GAUGES], ["a", "b"]) == 1  # without it only no match at all tells
