"""Every real night passes, one by one and in bulk; a bad night in a bulk is named and the others are not."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from flights.arrival_audits import ArrivalAudits
from redeye.audits.audit import audit_many

from .real_deliveries import NIGHT, Frames, delivered, of_nights  # noqa: TID252 - the tests are no package of their own

HARD_NIGHTS = [
    date(2012, 12, 31),  # the first: two hours of weather, no outcomes
    date(2013, 1, 1),
    date(2013, 2, 8),  # the blizzard
    date(2013, 2, 9),
    date(2013, 2, 12),  # 1,048 miles per hour of wind
    date(2013, 3, 8),  # 79 minutes of mean delay
    date(2013, 3, 9),  # 23 hours
    date(2013, 3, 10),
    date(2013, 5, 8),  # a broken thermometer
    date(2013, 7, 10),
    date(2013, 9, 12),
    date(2013, 10, 25),  # five hours of weather missing
    date(2013, 11, 2),  # 25 hours
    date(2013, 11, 28),  # Thanksgiving
    date(2013, 12, 25),
    date(2013, 12, 30),  # weather ends at 18:00
    date(2014, 1, 1),  # eleven late outcomes, nothing else
]


@pytest.fixture(scope="session")
def year() -> Frames:
    """All 367 nights."""
    return delivered(date(2012, 12, 31), date(2014, 1, 1))


@pytest.mark.parametrize("hard", HARD_NIGHTS, ids=str)
def test_a_hard_night_passes(hard: date, year: Frames) -> None:
    since = (hard - timedelta(days=ArrivalAudits.history_nights)).isoformat()
    judged = of_nights(year, lambda nights: nights == hard.isoformat())
    history = of_nights(year, lambda nights: (nights < hard.isoformat()) & (nights >= since))
    results = audit_many(judged, subject=f"night {hard}", history=history)
    assert {suite: result.message() for suite, result in results.items() if not result.is_success} == {}


def test_the_whole_year_passes_in_bulk(year: Frames) -> None:
    judged = of_nights(year, lambda nights: nights.notna())
    results = audit_many(judged, subject="the year")
    assert {suite: result.message() for suite, result in results.items() if not result.is_success} == {}


def test_a_bulk_names_the_bad_nights_only(month: Frames) -> None:
    judged = of_nights(month, lambda nights: nights.notna())
    outcomes = judged["arrivals/outcomes"]
    is_bad = outcomes["night"] == "2013-03-20"
    judged["arrivals/outcomes"] = outcomes.assign(dep_delay=outcomes["dep_delay"].mask(is_bad, "0"))

    results = audit_many(judged, subject=f"nights to {NIGHT}")

    assert results["arrivals/outcomes"].failed_nights == (date(2013, 3, 20),)
    assert results["arrivals/schedule"].is_success


def test_history_that_is_missing_or_later_changes_nothing(
    night: dict[str, pd.DataFrame], month: Frames
) -> None:
    without = audit_many(night, subject="alone")
    later = audit_many(night, subject="with itself", history=of_nights(month, lambda nights: nights.notna()))
    assert all(result.is_success for result in (*without.values(), *later.values()))
