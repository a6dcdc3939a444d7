"""A dataset that lacks makes of its night what its contract says, by weekday and holiday."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from redeye.audits.logic.contract_terms import DeliveryTerms, ExpectedOn, Lack, Tolerance
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.sources.logic.lacks import Consequence, find_lacks, is_expected_on, judge_lack

MON, TUE, SAT = date(2013, 4, 1), date(2013, 4, 2), date(2013, 4, 6)
WHY = "The gauge is often down; nobody minds."


def terms(value: object) -> DeliveryTerms:
    tolerance = Tolerance.model_validate({"value": value, "because": WHY})
    return DeliveryTerms(may_be_absent=tolerance, may_be_empty=tolerance)


@pytest.mark.parametrize("lack", Lack)
@pytest.mark.parametrize(
    ("value", "consequence"),
    [(False, Consequence.REFUSED), ("degraded", Consequence.DEGRADED), (True, Consequence.SOUND)],
)
def test_the_night_is_what_the_contract_says(value: object, consequence: Consequence, lack: Lack) -> None:
    verdict = judge_lack("readings", TUE, lack, terms(value), is_expected=True)
    assert verdict.consequence is consequence
    assert verdict.because == WHY


def test_each_kind_of_lack_has_its_own_word() -> None:
    both = DeliveryTerms(
        may_be_absent=Tolerance(value=True, because=WHY), may_be_empty=Tolerance(value=False, because=WHY)
    )
    found = [judge_lack("readings", TUE, lack, both, is_expected=True).consequence for lack in Lack]
    assert found == [Consequence.SOUND, Consequence.REFUSED]


@pytest.mark.parametrize("lack", Lack)
def test_on_a_day_on_which_nothing_is_expected_a_lack_is_sound(lack: Lack) -> None:
    assert judge_lack("readings", TUE, lack, terms(False), is_expected=False).consequence is Consequence.SOUND


def test_a_reason_is_one_clause_that_names_dataset_night_and_why() -> None:
    said = judge_lack("readings", TUE, Lack.EMPTY, terms("degraded"), is_expected=True).describe()
    assert said == "readings of night 2013-04-02 is stated to be empty: The gauge is often down, nobody minds"


@pytest.mark.parametrize(
    ("expected", "night", "is_expected"),
    [
        (None, SAT, True),
        ({"weekdays": ["mon", "tue"]}, MON, True),
        ({"weekdays": ["mon", "tue"]}, SAT, False),
        ({"weekdays": ["tue"], "of": "coming_day"}, MON, True),
        ({"weekdays": ["mon"], "of": "coming_day"}, MON, False),
        ({"holidays": False}, MON, False),
        ({"holidays": False, "of": "coming_day"}, MON, True),
        ({"holidays": True}, MON, True),
    ],
)
def test_days_are_expected_by_weekday_and_holiday(
    expected: dict[str, object] | None, night: date, is_expected: bool
) -> None:
    said = ExpectedOn.model_validate({**expected, "because": WHY}) if expected else None
    assert is_expected_on(said, night, {MON}) is is_expected


def test_only_rows_that_came_in_time_count() -> None:
    def ref(dataset: str, *, rows: int, arrival: date = TUE) -> DeliveryRef:
        return DeliveryRef("demo", dataset, TUE, "0" * 16, Path(dataset), rows, not rows, arrival)

    came = [ref("full", rows=3), ref("empty", rows=0), ref("late", rows=3, arrival=SAT)]
    places = [(name, TUE) for name in ("full", "empty", "late", "none")]
    assert list(find_lacks(places, came)) == [
        ("empty", TUE, Lack.EMPTY),
        ("late", TUE, Lack.ABSENT),
        ("none", TUE, Lack.ABSENT),
    ]
