"""Instants as text, on clocks that change by an hour, by half an hour, at midnight, and never."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from redeye.sources.declared.logic.instants import find_midnight, read_day, read_instant, translate_instants

NEW_YORK, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("text", "zone", "landed"),
    [
        ("2026-03-01T08:00:00+05:45", "UTC", "2026-03-01T02:15:00Z"),
        ("2026-03-01 08:00:00", "Asia/Kathmandu", "2026-03-01T02:15:00Z"),
        ("2026-03-01 08:00:00.500000+00", "UTC", "2026-03-01T08:00:00.500000Z"),
        ("2026-03-01 08:00:00.123456789Z", "UTC", "2026-03-01T08:00:00.123456Z"),
        ("2026-03-01 08:00:00 UTC", "Asia/Kathmandu", "2026-03-01T08:00:00Z"),
        ("2026-03-01", "America/New_York", "2026-03-01T05:00:00Z"),
        ("NA", "UTC", "NA"),
    ],
)
def test_an_instant_lands_in_utc(text, zone, landed):
    assert translate_instants([text], ZoneInfo(zone), None) == {text: landed}


@pytest.mark.parametrize("text", ["", "yesterday", "20260301", "1772352000", "2026-13-01T00:00:00"])
def test_what_is_no_instant_is_named(text):
    with pytest.raises(ValueError, match="is no instant"):
        read_instant(text, NEW_YORK, None)


def test_half_an_hour_that_comes_twice_is_named_or_chosen():
    text = "2026-04-05T01:45:00"
    with pytest.raises(ValueError, match="comes twice in Australia/Lord_Howe"):
        read_instant(text, LORD_HOWE, None)
    first, second = (read_instant(text, LORD_HOWE, which) for which in ("first", "second"))
    assert (second - first).seconds == 1800


def test_an_hour_that_is_skipped_is_named_or_read_by_the_clock_before():
    text = "2026-03-08T02:30:00"
    with pytest.raises(ValueError, match="does not exist in America/New_York"):
        read_instant(text, NEW_YORK, None)
    expected = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert {read_instant(text, NEW_YORK, which) for which in ("first", "second")} == {expected}


def test_days_are_those_of_the_zone_and_end_at_its_midnight():
    assert read_day("2026-03-01T03:00:00Z", NEW_YORK) == date(2026, 2, 28)
    assert read_day("2026-03-01", NEW_YORK) == date(2026, 3, 1)
    assert find_midnight(date(2026, 3, 8), NEW_YORK) == datetime(2026, 3, 9, 4, tzinfo=UTC)
    # São Paulo had no midnight then.
    assert find_midnight(date(2017, 10, 14), ZoneInfo("America/Sao_Paulo")) == datetime(
        2017, 10, 15, 3, tzinfo=UTC
    )
