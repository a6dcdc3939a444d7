"""A day without a schedule is given that of a week before, moved to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from redeye.declarations.project import project
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import DeliveryError
from redeye.foundation.settings import SPECS
from redeye.scoring import schedule

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
    (row,) = schedule.copy_last_week(warehouse, SPEC, NIGHT).to_dict("records")
    assert row["flight_date"].date() == date(2013, 5, 1)
    assert row["night"].date() == NIGHT
    assert row["event_timestamp"] == KNOWN + timedelta(days=7)


def test_without_one_a_week_before_there_is_none(warehouse: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(DeliveryError, match="neither has the week before"):
        schedule.copy_last_week(warehouse, SPEC, NIGHT + timedelta(days=1))
