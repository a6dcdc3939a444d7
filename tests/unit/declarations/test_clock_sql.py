"""DuckDB has the nights and cutoffs of the calendar, where weeks, skipped nights and changes of the clock are too."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from redeye.declarations import calendar
from redeye.declarations.clock import Clock
from redeye.declarations.clock_sql import has_repeated_cutoff, write_cutoff, write_next_night
from redeye.declarations.project import project

HOLIDAYS = {"from": date(2017, 12, 24), "to": date(2018, 1, 6)}
CLOCKS = [
    {"zone": "America/New_York", "cutoff": "03:00"},
    {"zone": "America/New_York", "cutoff": "01:30"},
    {"zone": "America/Sao_Paulo", "cutoff": "00:00"},
    {"zone": "America/Sao_Paulo", "cutoff": "23:30"},
    {"zone": "Australia/Lord_Howe", "cutoff": "02:15"},
    {"zone": "Australia/Lord_Howe", "cutoff": "01:45"},
    {"zone": "Australia/Lord_Howe", "cutoff": "SUN 01:45", "every": "week"},
    {"zone": "Asia/Kathmandu", "cutoff": "MON 04:00", "every": "week", "skip": [date(2017, 10, 16)]},
    {
        "zone": "Europe/Madrid",
        "cutoff": "06:00",
        "skip": [date(2017, 5, 1), {"from": "2017-12-24", "to": "2018-01-06"}],
    },
]


@pytest.mark.parametrize("declared", CLOCKS, ids=lambda declared: " ".join(map(str, declared.values())))
def test_sql_and_calendar_agree_about_every_night(monkeypatch, declared):
    clock = Clock.model_validate(declared)
    shown = project().model_copy(update={"clock": clock})
    monkeypatch.setattr(calendar, "project", lambda: shown)
    nights = list(calendar.list_nights(date(2017, 1, 1), date(2019, 6, 1)))
    shown_by_sql = f"{write_next_night(clock, 'night')}, {write_cutoff(clock, 'night')}"
    found = duckdb.execute(
        f"SELECT {shown_by_sql} FROM (SELECT unnest(?::DATE[]) AS night)", [nights]
    ).fetchall()
    for night, (following, end) in zip(nights, found, strict=True):
        assert following == calendar.find_next_night(night)
        assert end == calendar.cutoff(night).replace(tzinfo=None), night


def test_a_cutoff_that_never_comes_twice_is_written_plainly():
    clock = Clock(zone="America/New_York", cutoff="03:00")
    assert not has_repeated_cutoff(clock)
    assert has_repeated_cutoff(clock.model_copy(update={"cutoff": "01:30"}))
    assert write_cutoff(clock, "night") == (
        "timezone('UTC', timezone('America/New_York', (night + 1)::TIMESTAMP + INTERVAL 3 HOUR + INTERVAL 0 MINUTE))"
    )
