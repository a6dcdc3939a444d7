"""Landed rows say with which night they arrived, and from when they were known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from redeye.sources import landing_store
from redeye.sources.logic.deliveries import Dataset, Delivery
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
