"""Trials are counted by fault, by rule, and by whether a night helped to choose the bounds."""

from __future__ import annotations

from datetime import date

from redeye.studies.arrival_checks.logic.trials import Trial, list_refused, record_checks, sum_power

ROWS = ("weather_profile", "expect_column_values_to_be_between", "rows")
ZEROS = ("weather_profile", "expect_column_values_to_be_between", "zeros")
OTHER = ("weather", "types", "temp")
JUNE, JULY, AUGUST = date(2013, 6, 1), date(2013, 7, 1), date(2013, 8, 1)
TRIALS = [
    Trial(None, "", JUNE, (ROWS,)),
    Trial(None, "", JULY, ()),
    Trial(None, "", AUGUST, (ROWS, OTHER)),
    Trial("zero", "weather", JULY, (ZEROS, ROWS)),
    Trial("zero", "weather", AUGUST, ()),
    Trial("swap", "weather", AUGUST, (ROWS,)),
]


def test_each_fault_has_its_nights_and_the_rules_that_found_it() -> None:
    zero, swap = sum_power(TRIALS)
    assert (zero.fault, zero.tried, zero.refused, zero.missed) == ("zero", 2, 1, (AUGUST,))
    assert zero.by == (("zeros", 1), ("rows", 1))
    assert (swap.tried, swap.refused, swap.missed) == (1, 1, ())


def test_only_clean_nights_are_false_alarms() -> None:
    assert [trial.night for trial in list_refused(TRIALS)] == [JUNE, AUGUST]


def test_each_rule_is_counted_apart_on_the_nights_that_chose_it() -> None:
    records = record_checks([ZEROS, ROWS], TRIALS, chosen_until=JUNE)
    counted = {record.check: (record.alarms_before, record.alarms_after, record.found) for record in records}
    assert counted == {ZEROS: (0, 0, 1), ROWS: (1, 1, 2), OTHER: (0, 1, 0)}
    assert [record.check for record in records] == [ZEROS, ROWS, OTHER]
