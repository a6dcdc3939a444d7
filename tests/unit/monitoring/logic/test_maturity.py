"""When labels are final, and what has to be measured."""

from __future__ import annotations

from datetime import date, timedelta

from redeye.monitoring.logic.maturity import RECHECK_NIGHTS, Labels, Maturity, assess_maturity

NIGHT = date(2013, 4, 10)


def ago(nights: int) -> date:
    return NIGHT - timedelta(days=nights)


def at(labels: list[Labels], *, before: int = 1) -> Maturity:
    return assess_maturity(labels, night=NIGHT, before=ago(before), maturity_nights=2, completeness=0.95)


def whole(nights: int, *, fresh: int = 0) -> Labels:
    return Labels(ago(nights), 100, 100, 100, fresh)


def test_labels_younger_than_the_maturity_are_not_final():
    found = at([whole(3), whole(2), whole(1)])
    assert found.final == {ago(3), ago(2)}
    assert found.watermark == ago(2)


def test_only_the_newest_mature_night_is_measured_where_nothing_changed():
    assert at([whole(4), whole(3), whole(2)]).to_measure == (ago(2),)


def test_a_night_that_lacks_outcomes_holds_the_watermark_back():
    found = at([whole(4), Labels(ago(3), 100, 94, 94, 0), whole(2)])
    assert found.watermark == ago(4)
    assert found.final == {ago(4), ago(2)}


def test_a_night_is_measured_when_its_outcomes_have_come():
    assert at([Labels(ago(6), 100, 100, 90, 10), whole(2)]).to_measure == (ago(6), ago(2))


def test_labels_are_final_from_the_declared_share_on():
    assert at([Labels(ago(2), 100, 95, 95, 0)]).final == {ago(2)}
    assert at([Labels(ago(2), 100, 94, 94, 0)]).final == set()


def test_a_night_that_was_not_final_before_is_measured_and_one_that_was_is_not():
    # Whether it was: the night before its outcomes fell short of the share by one, or reached it.
    short, reached = (Labels(ago(6), 100, 95, before, 0) for before in (94, 95))
    assert at([short]).to_measure == (ago(6),)
    assert at([reached]).to_measure == ()


def test_a_night_whose_labels_were_restated_is_measured_anew():
    assert at([whole(9, fresh=3), whole(2)]).to_measure == (ago(9), ago(2))


def test_a_label_that_comes_however_late_is_measured_and_holds_nothing_back():
    whole_now, lacking = RECHECK_NIGHTS + 30, RECHECK_NIGHTS + 40
    found = at([Labels(ago(lacking), 100, 90, 80, 10), whole(whole_now, fresh=100), whole(2)])
    assert found.to_measure == (ago(whole_now), ago(2))
    assert found.watermark == ago(2)
    # Within the nights that are looked at one that lacks outcomes does.
    assert at([Labels(ago(RECHECK_NIGHTS), 100, 90, 80, 10), whole(2)]).watermark is None


def test_after_a_gap_each_night_that_matured_meanwhile_is_measured():
    assert at([whole(5), whole(4), whole(3), whole(2)], before=3).to_measure == (ago(4), ago(3), ago(2))


def test_nights_without_flights_hold_nothing_back():
    found = at([whole(4), Labels(ago(3), 0, 0, 0, 0), whole(2)])
    assert (found.watermark, ago(3) in found.final) == (ago(2), False)
