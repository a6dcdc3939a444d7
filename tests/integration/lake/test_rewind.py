"""What a refused build left at the head is gone after a rewind, whatever it did."""

from __future__ import annotations

import duckdb
import pytest

from redeye.foundation.catalogs import Catalog
from redeye.warehouse import lake

pytestmark = pytest.mark.integration
Writer = tuple[duckdb.DuckDBPyConnection, int]


@pytest.fixture
def released(writer: Writer) -> tuple[duckdb.DuckDBPyConnection, int]:
    """A table, a view and an empty table, and the snapshot at which they were released."""
    con, _ = writer
    con.execute("CREATE TABLE warehouse.scratch.t AS SELECT i AS a, i % 10 AS b FROM range(1000) AS r(i)")
    con.execute("CREATE VIEW warehouse.scratch.v AS SELECT a FROM warehouse.scratch.t")
    con.execute("CREATE TABLE warehouse.scratch.empty (a INTEGER)")
    return con, lake.head(con, Catalog.WAREHOUSE)


@pytest.mark.parametrize(
    "build",
    [
        "INSERT INTO warehouse.scratch.t VALUES (7000, 1)",
        "DELETE FROM warehouse.scratch.t WHERE a < 100",
        "UPDATE warehouse.scratch.t SET b = 99 WHERE a BETWEEN 10 AND 20",
        "DELETE FROM warehouse.scratch.t WHERE a < 5; INSERT INTO warehouse.scratch.t VALUES (1, 1)",
        "CREATE OR REPLACE TABLE warehouse.scratch.t AS SELECT 1 AS a, 2 AS b",
        "ALTER TABLE warehouse.scratch.t ADD COLUMN c INTEGER",
        "ALTER TABLE warehouse.scratch.t DROP COLUMN b",
        "DROP VIEW warehouse.scratch.v; DROP TABLE warehouse.scratch.t",
        "CREATE OR REPLACE VIEW warehouse.scratch.v AS SELECT b AS a FROM warehouse.scratch.t",
        "CREATE TABLE warehouse.scratch.extra (a INTEGER)",
        "DROP TABLE warehouse.scratch.empty; CREATE VIEW warehouse.scratch.empty AS SELECT 1 AS a",
    ],
)
def test_everything_is_as_it_was(released: tuple[duckdb.DuckDBPyConnection, int], build: str) -> None:
    con, snapshot = released
    before = _contents(con)
    con.execute(build)
    assert _contents(con) != before
    assert lake.rewind(con, to_snapshot=snapshot)
    assert _contents(con) == before


def test_a_head_that_did_not_move_is_left_alone(released: tuple[duckdb.DuckDBPyConnection, int]) -> None:
    con, snapshot = released
    assert lake.rewind(con, to_snapshot=snapshot) == []
    assert lake.head(con, Catalog.WAREHOUSE) == snapshot


def test_a_reader_at_the_release_never_saw_the_build(released: tuple[duckdb.DuckDBPyConnection, int]) -> None:
    con, snapshot = released
    con.execute("DELETE FROM warehouse.scratch.t")
    with lake.connect_at(snapshot) as reader:
        assert reader.execute("SELECT count(*) FROM warehouse.scratch.v").fetchone() == (1000,)
    lake.rewind(con, to_snapshot=snapshot)


def _contents(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    names = con.execute(
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_catalog = 'warehouse' AND table_schema = 'scratch' ORDER BY ALL"
    ).fetchall()
    return {
        f"{kind} {name}": (
            con.execute(f"DESCRIBE warehouse.scratch.{name}").fetchall(),
            con.execute(f"SELECT * FROM warehouse.scratch.{name} ORDER BY ALL").fetchall(),
        )
        for name, kind in names
    }
