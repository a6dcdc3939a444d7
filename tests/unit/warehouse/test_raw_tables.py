"""Landed rows say with which night they arrived, and from when they were known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from redeye.foundation.errors import DeliveryError
from redeye.sources import landing_store
from redeye.sources.logic.deliveries import Dataset, Delivery, DeliveryRef
from redeye.sources.marked_row_store import Doubt
from redeye.warehouse import raw_tables

NIGHT = date(2013, 4, 4)
SALES = Dataset("sales", ("shop", "known_at"), {"shop": "VARCHAR", "known_at": "TIMESTAMP"}, ("shop",))
SAID = datetime.fromisoformat("2013-04-04T20:00:00")


def after(nights: int) -> date:
    return NIGHT + timedelta(days=nights)


@pytest.mark.parametrize(
    ("arrival", "first", "arrives", "known"),
    [
        (0, 0, 0, SAID),
        (0, -3, 0, SAID),
        # In time, and its night was left out: when it was known does not change by that.
        (0, 2, 2, SAID),
        # Late: by the first cutoff whose release can hold it.
        (1, 1, 1, datetime.fromisoformat("2013-04-06T07:00:00")),
        (1, 3, 3, datetime.fromisoformat("2013-04-08T07:00:00")),
        (2, 0, 2, datetime.fromisoformat("2013-04-07T07:00:00")),
    ],
)
def test_rows_arrive_with_the_first_night_whose_release_can_hold_them(
    tmp_path: Path, arrival: int, first: int, arrives: int, known: datetime
) -> None:
    frame = pa.table({"shop": ["a"], "known_at": [f"{SAID.isoformat()}Z"]})
    landed = landing_store.land(tmp_path, Delivery("demo", "sales", NIGHT, frame))
    ref = replace(landed, arrival_night=after(arrival))
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    with raw_tables.open_files(con, [ref], first=after(first)) as files:
        (row,) = con.execute(raw_tables.select_typed_rows(SALES, files)).fetchall()
    con.close()
    assert row == ("a", known, NIGHT, after(arrives), ref.content_hash)


def test_what_is_loaded_is_what_was_audited_to_the_letter(tmp_path: Path) -> None:
    """By rows that would mislead whoever guesses the layout of a file from its beginning."""
    odd = [
        "plain",
        "",
        " a ",
        "a;b|c\td",
        'say "hi", twice',
        "two\nlines",
        "two\r\nends",
        "NA",
        "'",
        '"',
        "0010",
        "ü",
    ]
    shops = ["plain"] * 30_000 + odd
    frame = pa.table({"shop": shops, "known_at": [f"{SAID.isoformat()}Z"] * len(shops)})
    landed = landing_store.land(tmp_path, Delivery("demo", "sales", NIGHT, frame))
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    with raw_tables.open_files(con, [landed], first=NIGHT) as files:
        loaded = [row[0] for row in con.execute(raw_tables.select_typed_rows(SALES, files)).fetchall()]
    con.close()
    assert sorted(loaded, key=str) == sorted([None if each == "NA" else each for each in shops], key=str)
    assert landing_store.read(landed)["shop"].to_pylist() == shops


class Desk:
    """A source of one dataset."""

    name = layout = "desk"
    datasets = (
        replace(SALES, columns=("shop", "sold", "known_at"), types={**SALES.types, "sold": "INTEGER"}),
    )


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory, with the raw tables of `Desk`."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS warehouse")
    raw_tables.create_tables(con, Desk())  # type: ignore[arg-type]
    yield con
    con.close()


def land(root: Path, night: date, *sold: str) -> DeliveryRef:
    rows = [(f"S{n}", value, f"{SAID.isoformat()}Z") for n, value in enumerate(sold)]
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    frame = pa.table(dict(zip(("shop", "sold", "known_at"), columns, strict=True)))
    return landing_store.land(root, Delivery("desk", "sales", night, frame))


def test_rows_of_a_delivery_leave_and_the_nights_that_knew_of_them_are_built(
    lake: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    kept, gone = land(tmp_path, NIGHT, "1", "2"), land(tmp_path, after(1), "3")
    late = replace(land(tmp_path, NIGHT, "4"), arrival_night=after(2))
    raw_tables.load(lake, Desk(), [kept, gone], first=NIGHT)  # type: ignore[arg-type]
    raw_tables.load(lake, Desk(), [late], first=after(2))  # type: ignore[arg-type]
    assert raw_tables.remove(lake, Desk(), [], first=after(3)) == after(3)  # type: ignore[arg-type]
    assert raw_tables.remove(lake, Desk(), [late], first=after(3)) == after(-3)  # type: ignore[arg-type]
    assert raw_tables.remove(lake, Desk(), [gone], first=after(3)) == after(-2)  # type: ignore[arg-type]
    # Again there is nothing left.
    assert raw_tables.remove(lake, Desk(), [gone, late], first=after(3)) == after(3)  # type: ignore[arg-type]
    left = lake.execute("SELECT sold FROM warehouse.raw.desk__sales ORDER BY 1").fetchall()
    assert left == [(1,), (2,)]


def test_a_delivery_that_no_build_could_load_is_told_before_it_is_accepted(
    lake: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    raw_tables.check_loadable(lake, Desk(), land(tmp_path, NIGHT, "1", "NA"))  # type: ignore[arg-type]
    odd = land(tmp_path, NIGHT, "1", "many")
    with pytest.raises(DeliveryError, match=f"{odd.content_hash}.* cannot be loaded as sales: .*many"):
        raw_tables.check_loadable(lake, Desk(), odd)  # type: ignore[arg-type]


def test_doubts_are_those_of_the_build_at_hand(lake: duckdb.DuckDBPyConnection) -> None:
    for night in (NIGHT, after(1)):
        raw_tables.set_doubts(lake, [Doubt("desk", "sales", night, "returns", night, "they disagree")])
    assert lake.execute("SELECT * FROM warehouse.raw.doubts").fetchall() == [("sales", after(1))]


def test_where_labels_are_of_a_span_deliveries_are_known_also_if_they_are_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_tables, "_has_deliveries", lambda: True)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS warehouse")
    raw_tables.create_tables(con, Desk())  # type: ignore[arg-type]
    empty = landing_store.land(
        tmp_path,
        Delivery(
            "desk",
            "sales",
            after(1),
            pa.table({name: pa.array([], pa.string()) for name in ("shop", "sold", "known_at")}),
            is_stated_empty=True,
        ),
    )
    one = land(tmp_path, NIGHT, "1")
    raw_tables.load(con, Desk(), [one, empty], first=after(1))  # type: ignore[arg-type]
    told = "SELECT dataset, night, arrival_night FROM warehouse.raw.deliveries ORDER BY night"
    assert con.execute(told).fetchall() == [("sales", NIGHT, after(1)), ("sales", after(1), after(1))]
    raw_tables.remove(con, Desk(), [one], first=after(1))  # type: ignore[arg-type]
    assert con.execute(told).fetchall() == [("sales", after(1), after(1))]
    # Labels of earlier nights say that nothing was sold then: they are made again.
    earliest = raw_tables.remove(con, Desk(), [empty], first=after(5))  # type: ignore[arg-type]
    assert earliest < after(1)
    assert con.execute(told).fetchall() == []
    con.close()


def test_a_new_table_of_deliveries_begins_with_what_was_loaded_before(
    lake: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_tables, "_has_deliveries", lambda: True)
    before = [land(tmp_path, NIGHT, "1"), replace(land(tmp_path, after(1), "2"), arrival_night=after(3))]
    told = "SELECT dataset, night, arrival_night FROM warehouse.raw.deliveries ORDER BY night"
    for _ in range(2):  # and once only
        raw_tables.create_tables(lake, Desk(), loaded=lambda: before)  # type: ignore[arg-type]
        assert lake.execute(told).fetchall() == [("sales", NIGHT, NIGHT), ("sales", after(1), after(3))]


def test_other_projects_have_no_table_of_deliveries(lake: duckdb.DuckDBPyConnection) -> None:
    found = lake.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    assert ("deliveries",) not in found
