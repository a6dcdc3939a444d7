"""A day without a schedule is given that of a week before, moved to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from flights.nycflights13 import NycFlights13
from redeye.declarations.project import Project, project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import DeliveryError
from redeye.foundation.settings import SPECS
from redeye.scoring import coming_rows
from redeye.sources import delivery_store, landing_store
from redeye.sources.logic.deliveries import Delivery, DeliveryRef, find_dataset

SPEC = load_spec(SPECS / "flight_delay.yaml")
NIGHT = date(2013, 4, 30)
BEFORE = NIGHT - timedelta(days=7)
KNOWN = pd.Timestamp("2013-04-23 20:00")


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """A release with the schedule of one night, and a view that takes the day from the raw columns."""
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS warehouse")
    con.execute("CREATE SCHEMA warehouse.raw")
    con.execute("CREATE SCHEMA warehouse.staging")
    con.execute(
        "CREATE TABLE warehouse.raw.nycflights13__schedule "
        "(night DATE, arrival_night DATE, known_at TIMESTAMP, year INTEGER, month INTEGER, day INTEGER)"
    )
    con.execute(
        "INSERT INTO warehouse.raw.nycflights13__schedule VALUES (?, ?, ?, 2013, 4, 24)",
        [BEFORE, BEFORE, KNOWN],
    )
    made = {
        "flight_date": "make_date(year, month, day)",
        SPEC.population.night: "night",
        SPEC.population.entity_time: "known_at",
    }
    names = [each.split(" AS ")[0].strip() for each in SPEC.schedule_select().split(",")]
    names += list(project().subject.columns)
    columns = ", ".join(f"{made.get(name, repr(name))} AS {name}" for name in dict.fromkeys(names))
    con.execute(
        f"CREATE VIEW warehouse.{SPEC.schedule} AS SELECT {columns} FROM warehouse.raw.nycflights13__schedule"
    )
    yield con
    con.close()


def test_the_schedule_of_a_week_before_is_moved_to_the_coming_day(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    (row,) = coming_rows.assume_schedule(warehouse, SPEC, NIGHT).to_dict("records")
    assert row["flight_date"].date() == date(2013, 5, 1)
    assert row["night"].date() == NIGHT
    assert row["event_timestamp"] == KNOWN + timedelta(days=7)


def test_without_one_a_week_before_there_is_none(warehouse: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(DeliveryError, match="neither has the week before"):
        coming_rows.assume_schedule(warehouse, SPEC, NIGHT + timedelta(days=1))


def test_where_no_dataset_announces_rows_those_of_the_last_released_night_are_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared = project().model_dump()
    declared["subject"] |= {
        "schedule": None,
        "of_day": {"flight_id": "replace(flight_id, flight_date::DATE::VARCHAR, {day}::VARCHAR)"},
    }
    alone = Project.model_validate(declared)
    for module in ("redeye.scoring.coming_rows", "redeye.declarations.project"):
        monkeypatch.setattr(f"{module}.project", lambda: alone)
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS warehouse")
    con.execute("CREATE SCHEMA warehouse.staging")
    con.execute(
        f"CREATE TABLE warehouse.{SPEC.schedule} AS SELECT night, night + 1 AS flight_date, origin_id, "
        "(night + 1)::VARCHAR || '_' || origin_id AS flight_id, night::TIMESTAMP AS entity_at, "
        "(night + 1) + INTERVAL 20 HOUR AS scheduled_departure_at "
        "FROM (VALUES (DATE '2013-04-27', 'JFK'), (DATE '2013-04-28', 'LGA')) AS t(night, origin_id)"
    )
    (row,) = coming_rows.assume_schedule(con, SPEC, NIGHT).to_dict("records")
    assert (row["flight_id"], row["origin_id"]) == ("2013-05-01_LGA", "LGA")
    assert (row["night"].date(), row["flight_date"].date()) == (NIGHT, date(2013, 5, 1))
    assert row["scheduled_departure_at"] == pd.Timestamp("2013-05-01 20:00")
    assert row["event_timestamp"] == pd.Timestamp("2013-05-01 07:00")
    with pytest.raises(DeliveryError, match="no night before 2013-04-27"):
        coming_rows.assume_schedule(con, SPEC, date(2013, 4, 27))


def landed_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *flights: int) -> DeliveryRef:
    """An accepted schedule of the night with some flights, of which the ledger knows."""
    dataset = find_dataset(NycFlights13(), "schedule")
    row = dict.fromkeys(dataset.columns, "1") | {
        "year": "2013",
        "month": "5",
        "day": "1",
        "known_at": "2013-04-30T20:00:00Z",
    }
    rows = [row | {"flight": str(flight)} for flight in flights]
    frame = pa.table({name: pa.array([each[name] for each in rows], pa.string()) for name in dataset.columns})
    ref = landing_store.land(tmp_path, Delivery("nycflights13", "schedule", NIGHT, frame))
    monkeypatch.setattr(delivery_store, "find_accepted_schedule", lambda night: ref)
    return ref


@pytest.fixture
def released(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Two flights of the coming day, in a release whose view names them by their numbers."""
    con = warehouse
    con.execute("ALTER TABLE warehouse.raw.nycflights13__schedule ADD COLUMN flight INTEGER")
    view = con.execute(
        "SELECT sql FROM duckdb_views() WHERE database_name = 'warehouse' AND NOT internal"
    ).fetchone()
    assert view is not None
    key = SPEC.population.key
    con.execute(f"DROP VIEW warehouse.{SPEC.schedule}")
    con.execute(
        view[0]
        .replace(f"'{key}' AS {key}", f"flight::VARCHAR AS {key}")
        .replace("CREATE VIEW ", "CREATE VIEW warehouse.", 1)
    )
    con.execute("DELETE FROM warehouse.raw.nycflights13__schedule")
    for flight in (1, 2):
        con.execute(
            "INSERT INTO warehouse.raw.nycflights13__schedule VALUES (?, ?, ?, 2013, 5, 1, ?)",
            [NIGHT, NIGHT, KNOWN, flight],
        )
    return coming_rows.read_released(con, SPEC, NIGHT)


def test_a_release_with_half_of_the_accepted_schedule_is_told_from_one_with_all(
    warehouse: duckdb.DuckDBPyConnection,
    released: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    landed_schedule(tmp_path, monkeypatch, 1, 2)
    assert coming_rows.read_accepted(warehouse, SPEC, NIGHT, released) is None
    landed_schedule(tmp_path, monkeypatch, 1, 2, 3, 4)
    accepted = coming_rows.read_accepted(warehouse, SPEC, NIGHT, released)
    assert accepted is not None
    assert sorted(accepted[SPEC.population.key]) == ["1", "2", "3", "4"]


def test_a_schedule_whose_file_is_damaged_does_not_keep_out_what_is_released(
    warehouse: duckdb.DuckDBPyConnection,
    released: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ref = landed_schedule(tmp_path, monkeypatch, 1, 2, 3)
    assert isinstance(ref.path, Path)
    ref.path.chmod(0o644)
    ref.path.write_text("gone")
    assert coming_rows.read_accepted(warehouse, SPEC, NIGHT, released) is None
