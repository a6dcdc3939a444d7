"""The point-in-time join: nothing from the future, no row lost, ties decided, TTLs exact."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from redeye.features.point_in_time import ViewQuery, join

NOON = datetime(2013, 4, 4, 12)  # noqa: DTZ001 -- naive UTC, as in the lake
HOUR = timedelta(hours=1)


def _view(**changes: object) -> ViewQuery:
    view = {
        "name": "carrier_delays",
        "relation": "source",
        "keys": {"carrier_id": "carrier_id"},
        "event": "event_at",
        "created": "created_at",
        "features": {"rate": "rate"},
        "tie_breakers": ("rate",),
        "ttl": 24 * HOUR,
    }
    return ViewQuery(**{**view, **changes})  # type: ignore[arg-type]


def _source(
    con: duckdb.DuckDBPyConnection, *rows: tuple[str | None, datetime, datetime | None, float | None]
) -> None:
    con.execute(
        "CREATE OR REPLACE TABLE source"
        " (carrier_id VARCHAR, event_at TIMESTAMP, created_at TIMESTAMP, rate DOUBLE)"
    )
    con.executemany("INSERT INTO source VALUES (?, ?, ?, ?)", rows)


def _entities(*rows: tuple[str | None, datetime | None]) -> pa.Table:
    return pa.table(
        {
            "carrier_id": pa.array([key for key, _ in rows], pa.string()),
            "event_timestamp": pa.array([time for _, time in rows], pa.timestamp("us")),
        }
    )


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _rates(con: duckdb.DuckDBPyConnection, entities: pa.Table, **changes: object) -> list[float | None]:
    only_known = bool(changes.pop("only_known", False))
    return join(con, entities, "event_timestamp", [_view(**changes)], only_known=only_known)[
        "rate"
    ].to_pylist()


def test_future_value_never_leaks(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON - HOUR, NOON - HOUR, 1.0), ("AA", NOON + timedelta(microseconds=1), NOON, 666.0))
    assert _rates(con, _entities(("AA", NOON))) == [1.0]


def test_value_at_the_very_instant_is_known(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON, NOON, 1.0))
    assert _rates(con, _entities(("AA", NOON)), only_known=True) == [1.0]


def test_late_value_is_served_only_from_its_created_instant(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON - 2 * HOUR, NOON - 2 * HOUR, 1.0), ("AA", NOON - HOUR, NOON + HOUR, 666.0))
    entities = _entities(("AA", NOON), ("AA", NOON + HOUR))
    assert _rates(con, entities, only_known=True) == [1.0, 666.0]


def test_late_row_for_an_older_event_never_replaces_a_newer_event(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON - 3 * HOUR, NOON, 666.0), ("AA", NOON - 2 * HOUR, NOON - 2 * HOUR, 1.0))
    assert _rates(con, _entities(("AA", NOON + HOUR)), only_known=True) == [1.0]


def test_row_without_created_is_not_known(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON - HOUR, None, 666.0))
    assert _rates(con, _entities(("AA", NOON)), only_known=True) == [None]
    assert _rates(con, _entities(("AA", NOON))) == [666.0]


def test_tie_goes_to_the_last_created_whatever_the_order_of_rows(con: duckdb.DuckDBPyConnection) -> None:
    old, new = ("AA", NOON - HOUR, NOON - HOUR, 9.0), ("AA", NOON - HOUR, NOON, 1.0)
    for rows in ((old, new), (new, old)):
        _source(con, *rows)
        assert _rates(con, _entities(("AA", NOON))) == [1.0]


def test_tie_in_both_times_goes_to_the_greatest_value(con: duckdb.DuckDBPyConnection) -> None:
    rows = [("AA", NOON - HOUR, NOON - HOUR, value) for value in (3.0, None, 7.0, 5.0)]
    for order in (rows, rows[::-1]):
        _source(con, *order)
        assert _rates(con, _entities(("AA", NOON))) == [7.0]
        assert _rates(con, _entities(("AA", NOON)), created=None) == [7.0]


def test_ttl_holds_to_its_last_instant(
    con: duckdb.DuckDBPyConnection,
) -> None:
    _source(con, ("AA", NOON, NOON, 1.0))
    last = NOON + 24 * HOUR
    assert _rates(con, _entities(("AA", last), ("AA", last + timedelta(microseconds=1)))) == [1.0, None]
    assert _rates(con, _entities(("AA", last + 1000 * HOUR)), ttl=None) == [1.0]


def test_no_entity_row_is_dropped_merged_or_moved(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON - HOUR, NOON - HOUR, 1.0), (None, NOON - HOUR, NOON - HOUR, 666.0))
    rows = [("ZZ", NOON), ("AA", NOON), (None, NOON), ("AA", None), ("AA", NOON), ("AA", NOON - 2 * HOUR)]
    entities = _entities(*rows)
    result = join(con, entities, "event_timestamp", [_view()])
    assert result.select(entities.column_names).equals(entities)
    assert result["rate"].to_pylist() == [None, 1.0, None, None, 1.0, None]


def test_order_is_kept_for_many_rows(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE source AS SELECT (i % 100)::VARCHAR AS carrier_id, TIMESTAMP '2013-04-04' AS event_at,"
        " TIMESTAMP '2013-04-04' AS created_at, (i % 100)::DOUBLE AS rate FROM range(100) t(i)"
    )
    keys = [str((i * 7919) % 130) for i in range(20_000)]
    entities = pa.table({"carrier_id": keys, "event_timestamp": [NOON] * len(keys)})
    result = join(con, entities, "event_timestamp", [_view()])
    assert result["rate"].to_pylist() == [float(key) if int(key) < 100 else None for key in keys]


def test_times_with_a_zone_are_compared_as_instants(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON, NOON, 1.0))
    instants = pa.array([NOON - timedelta(seconds=1), NOON], pa.timestamp("ns", tz="UTC"))
    entities = pa.table(
        {"carrier_id": ["AA", "AA"], "event_timestamp": instants.cast(pa.timestamp("ns", "America/New_York"))}
    )
    result = join(con, entities, "event_timestamp", [_view()])
    assert result["rate"].to_pylist() == [None, 1.0]


def test_several_keys_and_renamed_ones(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE two AS SELECT 'AA' AS carrier_id, 'JFK' AS airport_id,"
        " TIMESTAMP '2013-04-04 11:00' AS event_at, 4.0 AS rate"
    )
    view = _view(relation="two", keys={"carrier_id": "carrier_id", "airport_id": "origin_id"}, created=None)
    entities = _entities(("AA", NOON), ("AA", NOON)).append_column("origin_id", pa.array(["JFK", "LGA"]))
    assert join(con, entities, "event_timestamp", [view])["rate"].to_pylist() == [4.0, None]


def test_no_entity_rows_give_no_rows_with_all_columns(con: duckdb.DuckDBPyConnection) -> None:
    _source(con, ("AA", NOON, NOON, 1.0))
    result = join(con, _entities(), "event_timestamp", [_view()])
    assert (result.num_rows, result.column_names) == (0, ["carrier_id", "event_timestamp", "rate"])


def test_the_plan_joins_in_order_and_not_by_a_nested_loop() -> None:
    plans = []

    class Explaining:
        """A connection that keeps the plan of the join."""

        def __init__(self) -> None:
            self.con = duckdb.connect()

        def __getattr__(self, name: str) -> object:
            return getattr(self.con, name)

        def execute(self, sql: str, *rest: object) -> object:
            if "ASOF" in sql:
                plans.append(str(self.con.execute(f"EXPLAIN {sql}").fetchall()))
            return self.con.execute(sql, *rest)

    con = Explaining()
    _source(con.con, ("AA", NOON, NOON, 1.0))
    join(con, _entities(("AA", NOON)), "event_timestamp", [_view()])  # type: ignore[arg-type]
    assert len(plans) == 1
    assert "ASOF_JOIN" in plans[0]
    assert "NESTED_LOOP_JOIN" not in plans[0]
