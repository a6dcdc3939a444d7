"""The whole year through dbt: counts, cutoffs, and a single night built over a long history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from flights.nycflights13 import NycFlights13
from redeye.declarations.calendar import cutoff, list_nights

pytestmark = [pytest.mark.integration, pytest.mark.long]
Warehouse = Any  # the class in conftest.py
SOURCE = NycFlights13()
QUARTER_ENDS = date(2013, 3, 31)


@pytest.fixture(scope="module")
def year(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """All deliveries of the source; the first quarter is built in one go."""
    made = new_warehouse("year")
    made.load(SOURCE.fetch(SOURCE.first_night, SOURCE.final_night))
    made.build(SOURCE.first_night, QUARTER_ENDS)
    return made


def test_a_night_built_alone_over_a_quarter_is_the_night_of_the_bulk_build(year: Warehouse) -> None:
    recent = f"night > DATE '{QUARTER_ENDS}' - 3"
    before = year.frames(recent)
    year.build(QUARTER_ENDS, QUARTER_ENDS)
    now = year.frames(recent)
    assert [name for name, rows in before.items() if not now[name].equals(rows)] == []


def test_sums_over_28_nights_are_those_counted_from_the_flights(year: Warehouse) -> None:
    differing = year.rows(
        f"""
        WITH counted AS (
            SELECT flight_number_id, count(arrival_delay_minutes) AS flights, count(*) FILTER (is_late) AS late,
                sum(arrival_delay_minutes) AS minutes
            FROM warehouse.marts.fct_flights
            WHERE outcome_night > DATE '{QUARTER_ENDS}' - 28 AND outcome_night <= DATE '{QUARTER_ENDS}'
            GROUP BY ALL
        )
        SELECT f.flight_number_id, f.flights_28n, c.flights
        FROM warehouse.features.feat_flight_number__delays AS f
        LEFT JOIN counted AS c USING (flight_number_id)
        WHERE f.night = DATE '{QUARTER_ENDS}' AND (
            f.flights_28n <> coalesce(c.flights, 0) OR f.late_flights_28n <> coalesce(c.late, 0)
            OR f.late_rate_28n IS DISTINCT FROM c.late / nullif(c.flights, 0)
            OR f.mean_delay_minutes_28n IS DISTINCT FROM c.minutes / nullif(c.flights, 0))
        """
    )
    assert differing == []


def test_the_cutoff_in_sql_is_that_of_the_calendar(year: Warehouse) -> None:
    found = year.rows(
        "SELECT DISTINCT night, entity_at FROM warehouse.staging.stg_nycflights13__schedule ORDER BY night"
    )
    expected = [
        (night, cutoff(night).replace(tzinfo=None))
        for night in list_nights(SOURCE.first_night, SOURCE.last_night)
    ]
    assert found == expected


def test_the_year_has_every_flight(year: Warehouse) -> None:
    year.build(date(2013, 4, 1), SOURCE.final_night, select=["+fct_flights"])
    counts = year.rows(
        "SELECT count(*), count(DISTINCT flight_id), count(outcome_night), count(*) FILTER (is_cancelled), "
        "count(*) FILTER (is_diverted), count(DISTINCT carrier_id), count(*) FILTER (destination_id = 'ORD') "
        "FROM warehouse.marts.fct_flights"
    )
    assert counts == [(336_776, 336_776, 336_776, 8_255, 1_175, 16, 17_283)]
