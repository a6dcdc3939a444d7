"""A candidate release is judged by what its tables hold; each broken table is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from flights.release_frames import DELAY_KEYS, FEATURE_KEYS, WINDOWS
from redeye.audits.audit import audit_many
from redeye.warehouse.release_frames import list_null_shares, release_frames

NIGHT = date(2013, 3, 9)  # 23 hours
CUTOFF = "timezone('UTC', timezone('America/New_York', (night + 1)::TIMESTAMP + INTERVAL 3 HOUR))"

FLIGHTS = f"""
CREATE TABLE warehouse.marts.fct_flights AS
WITH planned AS (
    SELECT DATE '{NIGHT}' - n::INTEGER AS night, night + 1 AS flight_date, i + 1 AS flight_number, 'AA' AS carrier_id,
        ['EWR', 'JFK', 'LGA'][i % 3 + 1] AS origin_id, 'LAX' AS destination_id,
        800 + i AS scheduled_departure_time, i * 5 AS arrival_delay, i = 29 AS is_gone, n > 0 AS is_known
    FROM range(3) AS nights(n), range(30) AS flights(i)
)
SELECT concat_ws('_', flight_date, carrier_id, flight_number, origin_id, destination_id,
        lpad(scheduled_departure_time::VARCHAR, 4, '0')) AS flight_id,
    carrier_id, origin_id, destination_id, origin_id || '-' || destination_id AS route_id,
    carrier_id || '-' || flight_number AS flight_number_id, origin_id || '-08' AS origin_hour_id,
    carrier_id || '-' || origin_id || '-08' AS carrier_origin_hour_id, flight_date::VARCHAR AS flight_date_id,
    night, flight_date, flight_number::INTEGER AS flight_number, 2475 AS distance_miles,
    scheduled_departure_time::INTEGER AS scheduled_departure_time, 1200 AS scheduled_arrival_time,
    480 AS scheduled_departure_minute, 720 AS scheduled_arrival_minute,
    CASE WHEN is_known AND NOT is_gone THEN 5 END AS departure_delay_minutes,
    CASE WHEN is_known AND NOT is_gone THEN arrival_delay END AS arrival_delay_minutes,
    CASE WHEN is_known THEN 1 END AS outcome_version, CASE WHEN is_known THEN is_gone END AS is_cancelled,
    CASE WHEN is_known THEN false END AS is_diverted, arrival_delay_minutes >= 15 AS is_late,
    flight_date + INTERVAL 13 HOUR AS scheduled_departure_at, {CUTOFF} AS entity_at,
    {CUTOFF} - INTERVAL 6 HOUR AS known_at, CASE WHEN is_known THEN flight_date END AS outcome_night,
    CASE WHEN is_known THEN flight_date + INTERVAL 20 HOUR END AS outcome_known_at
FROM planned
"""
TIMES = f"{CUTOFF} AS event_at, {CUTOFF} - INTERVAL 6 HOUR AS created_at"
FEATURES = {
    "feat_origin__evening": "10 AS evening_flights, 0.2 AS evening_late_departure_rate, "
    "4.5 AS evening_mean_departure_delay_minutes, 0.0 AS evening_cancelled_rate",
    "feat_origin__weather": "23 AS weather_hours, 50.0 AS temperature_f, 60.0 AS humidity_percent, "
    "9.0 AS wind_speed_mph, 1015.0 AS pressure_mb, 0.1 AS precipitation_in, 10.0 AS visibility_min_miles, "
    "1.0 AS temperature_trend_f, 1.0 AS wind_speed_trend_mph, 1.0 AS pressure_trend_mb, "
    "0.0 AS visibility_trend_miles",
    "feat_origin_hour__congestion": "10 AS scheduled_departures, 10 AS scheduled_departures_nearby, "
    "10 AS scheduled_departures_origin, 1.0 AS scheduled_departures_ratio",
    "feat_date__calendar": "7 AS weekday, 3 AS month, 70 AS days_to_holiday, 20 AS days_from_holiday, "
    "true AS is_weekend, false AS is_us_holiday",
    "feat_flight_number__plane": "20 AS plane_flights, 150 AS usual_seats, 2 AS usual_engines, "
    "0.5 AS usual_plane_share, 9.0 AS usual_plane_age_years, 'Turbo-fan' AS usual_engine, "
    "'737' AS usual_plane_model",
}


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three nights of thirty flights, with every feature table."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute("ATTACH ':memory:' AS warehouse")
    for schema in ("raw", "marts", "staging", "intermediate", "features"):
        con.execute(f"CREATE SCHEMA warehouse.{schema}")
    con.execute(FLIGHTS)
    con.execute(
        "CREATE TABLE warehouse.staging.stg_nycflights13__schedule_in_time AS FROM warehouse.marts.fct_flights SELECT *"
    )
    con.execute(
        "CREATE TABLE warehouse.staging.stg_nycflights13__schedule_versions AS "
        "SELECT *, night AS arrival_night FROM warehouse.marts.fct_flights"
    )
    con.execute(
        "CREATE TABLE warehouse.intermediate.int_outcomes__versioned AS "
        "SELECT flight_id, outcome_night AS night, outcome_night AS first_known_night, arrival_delay_minutes, "
        "'N' || flight_number AS plane_id "
        "FROM warehouse.marts.fct_flights WHERE outcome_night IS NOT NULL"
    )
    con.execute(
        "CREATE TABLE warehouse.staging.stg_nycflights13__planes AS "
        "SELECT DISTINCT plane_id FROM warehouse.intermediate.int_outcomes__versioned"
    )
    con.execute(
        "CREATE TABLE warehouse.raw.nycflights13__outcomes AS "
        "SELECT outcome_night AS night, outcome_night AS arrival_night FROM warehouse.marts.fct_flights "
        "WHERE outcome_night IS NOT NULL"
    )
    con.execute("CREATE TABLE warehouse.raw.doubts (dataset VARCHAR, night DATE)")
    known = "count(arrival_delay_minutes)"
    delays = ", ".join(
        f"{known} AS flights_{w}, count(*) FILTER (WHERE is_late) AS late_flights_{w}, "
        f"late_flights_{w} / nullif(flights_{w}, 0) AS late_rate_{w}, "
        f"avg(arrival_delay_minutes) AS mean_delay_minutes_{w}, 0.0 AS cancelled_rate_{w}"
        for w in WINDOWS
    )
    for key in DELAY_KEYS:
        con.execute(
            f"CREATE TABLE warehouse.features.feat_{key}__delays AS "
            f"SELECT night + 1 AS known_night, {key}_id, {delays} "
            "FROM warehouse.marts.fct_flights GROUP BY ALL"
        )
        con.execute(
            f"CREATE OR REPLACE TABLE warehouse.features.feat_{key}__delays AS "
            f"SELECT known_night AS night, * EXCLUDE (known_night), {TIMES} FROM warehouse.features.feat_{key}__delays"
        )
    for table, columns in FEATURES.items():
        con.execute(
            f"CREATE TABLE warehouse.features.{table} AS SELECT DISTINCT night, {FEATURE_KEYS[table]}, {columns}, "
            f"{TIMES} FROM warehouse.marts.fct_flights"
        )
    yield con
    con.close()


def refusals(con: duckdb.DuckDBPyConnection, *suites: str) -> list[str]:
    """The columns that the audit of the newest night refuses, each with its suite."""
    frames = release_frames(con, NIGHT, NIGHT)
    kept = {
        name: frame
        for name, frame in frames.items()
        if not suites or name.removeprefix("releases/") in suites
    }
    results = audit_many(kept, subject=f"candidate of night {NIGHT}")
    return [f"{failure.suite} {failure.column}" for result in results.values() for failure in result.failures]


def test_a_sound_release_passes(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert refusals(warehouse) == []


FLIGHTS_TABLE, CARRIERS = "warehouse.marts.fct_flights", "warehouse.features.feat_carrier__delays"
BROKEN = [
    ("fct_flights", "contradicts_itself", f"UPDATE {FLIGHTS_TABLE} SET is_late = arrival_delay_minutes > 15"),
    ("fct_flights", "contradicts_itself", f"UPDATE {FLIGHTS_TABLE} SET is_late = NOT is_late"),
    ("fct_flights", "arrival_delay_minutes", f"UPDATE {FLIGHTS_TABLE} SET arrival_delay_minutes = 60 * 270"),
    ("fct_flights", "entity_minutes_after", f"UPDATE {FLIGHTS_TABLE} SET entity_at = scheduled_departure_at"),
    ("fct_flights", "flight_id", f"INSERT INTO {FLIGHTS_TABLE} FROM {FLIGHTS_TABLE}"),
    (
        "fct_flights",
        "has_a_wrong_key",
        f"UPDATE {FLIGHTS_TABLE} SET route_id = destination_id || '-' || origin_id",
    ),
    ("fct_flights", "is_from_the_future", f"UPDATE {FLIGHTS_TABLE} SET outcome_night = night + 2"),
    (
        "fct_flights_profile",
        "flights_beyond_schedule",
        f"DELETE FROM {FLIGHTS_TABLE} WHERE flight_number < 5",
    ),
    (
        "fct_flights_profile",
        "known_share",
        f"UPDATE {FLIGHTS_TABLE} SET outcome_night = NULL WHERE flight_number < 9",
    ),
    (
        "fct_flights_profile",
        "counted_in_features_share",
        "UPDATE warehouse.features.feat_origin__delays SET flights_1n = flights_1n * 2",
    ),
    ("feat_delays", "late_rate_7n", f"UPDATE {CARRIERS} SET late_rate_7n = 1.2"),
    ("feat_delays", "contradictions", f"UPDATE {CARRIERS} SET late_rate_28n = 0.99"),
    ("feat_delays", "is_shrinking", f"UPDATE {CARRIERS} SET flights_28n = 1, late_flights_28n = 0"),
    ("feat_delays", "mean_delay_minutes_1n", f"UPDATE {CARRIERS} SET mean_delay_minutes_1n = 60 * 140"),
    (
        "feat_delays",
        "event_minutes_after_cutoff",
        f"UPDATE {CARRIERS} SET event_at = event_at + INTERVAL 1 HOUR",
    ),
    (
        "feat_delays",
        "created_minutes_before",
        f"UPDATE {CARRIERS} SET created_at = event_at + INTERVAL 1 MINUTE",
    ),
    ("feat_delays", "entity_id", f"INSERT INTO {CARRIERS} FROM {CARRIERS}"),
    ("feat_delays", "late_rate_1n", f"UPDATE {CARRIERS} SET late_rate_1n = 'inf'::DOUBLE"),
    (
        "profile",
        "covered_share",
        "DELETE FROM warehouse.features.feat_route__delays WHERE route_id = 'JFK-LAX'",
    ),
    ("profile", "rows", "DELETE FROM warehouse.features.feat_origin__weather"),
    ("feat_origin__weather", "None", "DELETE FROM warehouse.features.feat_origin__weather"),
    (
        "feat_origin__weather",
        "humidity",
        "UPDATE warehouse.features.feat_origin__weather SET humidity_percent = 0.6",
    ),
    (
        "feat_date__calendar",
        "surprise",
        "ALTER TABLE warehouse.features.feat_date__calendar ADD COLUMN surprise INT",
    ),
    (
        "feat_date__calendar",
        "weekday",
        "ALTER TABLE warehouse.features.feat_date__calendar DROP COLUMN weekday",
    ),
]


@pytest.mark.parametrize(("suite", "column", "damage"), BROKEN, ids=[f"{s}: {d}"[:90] for s, _, d in BROKEN])
def test_a_broken_table_is_refused_by_name(
    suite: str, column: str, damage: str, warehouse: duckdb.DuckDBPyConnection
) -> None:
    warehouse.execute(damage)
    found = refusals(warehouse, suite)
    assert any(refusal.startswith(f"releases/{suite} ") and column in refusal for refusal in found), found


PLANES = "warehouse.features.feat_flight_number__plane"
OUTCOMES = "warehouse.intermediate.int_outcomes__versioned"


def test_planes_whose_keys_match_nothing_are_refused(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(
        f"INSERT INTO {OUTCOMES} BY NAME SELECT 'F' || i || '_' || n AS flight_id, "
        f"DATE '{NIGHT}' - n::INTEGER AS night, DATE '{NIGHT}' - n::INTEGER AS first_known_night, "
        "'N' || (i % 30 + 1) AS plane_id FROM range(10) AS nights(n), range(120) AS flights(i)"
    )
    assert refusals(warehouse, "fct_flights_profile") == []
    warehouse.execute(
        f"UPDATE {OUTCOMES} SET plane_id = lower(plane_id) WHERE night = '{NIGHT}' AND flight_id < 'F2'"
    )
    assert refusals(warehouse, "fct_flights_profile") == [
        "releases/fct_flights_profile plane_match_below_usual"
    ]


def test_a_feature_that_loses_its_values_is_refused_and_the_shares_are_kept(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        f"INSERT INTO {PLANES} SELECT * EXCLUDE (n) REPLACE (night - n::INTEGER AS night) "
        f"FROM {PLANES}, range(3, 12) AS back(n) "
        f"WHERE night = '{NIGHT}'"
    )
    assert refusals(warehouse, "null_shares") == []
    warehouse.execute(f"UPDATE {PLANES} SET usual_seats = NULL WHERE night = '{NIGHT}'")
    assert refusals(warehouse, "null_shares") == ["releases/null_shares nulls_beyond_usual"]
    kept = list_null_shares(release_frames(warehouse, NIGHT, NIGHT))[NIGHT.isoformat()]
    assert kept["feat_flight_number__plane.usual_seats"] == (1.0, 0.0)
    assert kept["feat_flight_number__plane.usual_engines"] == (0.0, 0.0)


def test_a_night_without_weather_is_no_reason_to_refuse_its_features(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    weather = "warehouse.features.feat_origin__weather"
    warehouse.execute(
        f"INSERT INTO {weather} SELECT * EXCLUDE (n) REPLACE (night - n::INTEGER AS night) "
        f"FROM {weather}, range(3, 12) AS back(n) "
        f"WHERE night = '{NIGHT}'"
    )
    warehouse.execute(f"UPDATE {weather} SET temperature_f = NULL WHERE night = '{NIGHT}'")
    assert refusals(warehouse, "null_shares") == []
