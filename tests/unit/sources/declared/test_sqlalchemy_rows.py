"""Rows of declared datasets from a database: what is read, from when on, and what is late or gone behind the cursor."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from redeye.declarations.datasets import Sql
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.declared.sqlalchemy_rows import read_extremes, read_rows

N1, N2, N3, N4 = (date(2013, 11, day) for day in (5, 6, 7, 8))
PRICES = """  prices:
    sql: {url_env: SHOP_DB, table: prices, cursor: updated_at, overlap: PT12H}
    known_at: {column: updated_at}
    changes: {mode: upsert, deletes: {compare_keys: P2D}}
"""
CLOCK = "  history_from: 2013-11-05\n  live_from: 2013-11-05\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/shop.db"
    monkeypatch.setenv("SHOP_DB", url)
    engine = sa.create_engine(url)

    def run(sql: str) -> None:
        with engine.begin() as con:
            con.exec_driver_sql(sql)

    run("CREATE TABLE prices (item TEXT, price INTEGER, updated_at DATETIME)")
    yield run
    engine.dispose()


def put(shop, item: str, price: float, at: str) -> None:
    shop(f"DELETE FROM prices WHERE item = '{item}'")
    shop(f"INSERT INTO prices VALUES ('{item}', {price}, '{at}.000000')")


def test_rows_after_an_instant_are_read_and_those_without_one(shop):
    for item, at in (("a", "2013-11-05 11:00:00"), ("b", "2013-11-05 12:00:01")):
        put(shop, item, 1, at)
    shop("INSERT INTO prices VALUES ('c', NULL, NULL)")
    declared = Sql(url_env="SHOP_DB", table="prices", cursor="updated_at")
    since = datetime(2013, 11, 5, 17, tzinfo=UTC)
    columns = ["item", "price", "updated_at"]
    rows = read_rows(declared, columns, since=since, zone=ZoneInfo("America/New_York"))
    assert rows.column("item").to_pylist() == ["b", "c"]
    assert read_rows(declared, columns).num_rows == 3
    query = Sql(url_env="SHOP_DB", query="SELECT item AS id FROM prices WHERE price IS NULL")
    assert read_rows(query, ["id"]).to_pydict() == {"id": ["c"]}
    assert read_extremes(declared, "updated_at") == ["2013-11-05T11:00:00", "2013-11-05T12:00:01"]


@pytest.mark.parametrize(
    ("said", "columns", "message"),
    [
        ({"table": "price"}, ["item"], "there is no table price; there are prices"),
        ({"table": "prices"}, ["itme"], "the table prices has no column itme; is 'item' meant"),
        ({"query": "SELECT item FROM prices"}, ["price"], "the query has no column price; it has item"),
    ],
)
def test_what_is_not_there_is_named(shop, said, columns, message):
    with pytest.raises(DeliveryError, match=message):
        read_rows(Sql(url_env="SHOP_DB", **said), columns)


@pytest.mark.parametrize("url", ["", "geheim", "nosuch://me:geheim@127.0.0.1/db"])
def test_a_variable_without_a_url_is_named_and_its_value_is_not_repeated(monkeypatch, url):
    monkeypatch.setenv("SHOP_DB", url)
    with pytest.raises(ConfigError, match=r"^SHOP_DB is ") as error:
        read_rows(Sql(url_env="SHOP_DB", table="prices"), ["item"])
    assert "geheim" not in str(error.value)


def test_a_row_committed_behind_the_cursor_arrives_once_and_one_that_is_gone_is_marked(shop, made, rows):
    made.promise("prices", item="string", price="number", updated_at="timestamp", is_deleted="boolean")
    source = made.declare(PRICES, CLOCK)
    for item in "ab":
        put(shop, item, 1, "2013-11-05 12:00:00")
    put(shop, "old", 1, "2013-10-01 12:00:00")
    assert [row[0] for row in rows(made.take_in(source, N1, N1))[N1]] == ["a", "b", "old"]
    put(shop, "a", 2, "2013-11-06 12:00:00")
    put(shop, "late", 1, "2013-11-05 23:00:00")
    put(shop, "too_late", 1, "2013-11-05 14:00:00")  # More than the overlap behind the cursor.
    shop("DELETE FROM prices WHERE item IN ('b', 'old')")  # The second one is older than keys are compared.
    second = rows(made.take_in(source, N2, N2))[N2]
    assert [(row[0], row[1], row[3], row[4]) for row in second] == [
        ("a", "2", "false", "2013-11-06T17:00:00Z"),
        ("b", "1", "true", "2013-11-07T08:00:00Z"),
        ("late", "1", "false", "2013-11-07T08:00:00Z"),
    ]
    assert made.take_in(source, N1, N2) == []
    assert rows(made.take_in(source, N3, N4)) == {}


def test_a_database_that_does_not_answer_may_do_so_later(made, monkeypatch):
    made.promise("prices", item="string", price="number", updated_at="timestamp", is_deleted="boolean")
    monkeypatch.setenv("SHOP_DB", "postgresql+psycopg2://me:geheim@127.0.0.1:1/shop")
    (fault,) = made.declare(PRICES, CLOCK).fetch(N1, N1)
    assert fault.is_passing
    assert "OperationalError" in fault.message
    assert "geheim" not in fault.message


def test_a_row_without_a_cursor_is_refused(shop, made):
    made.promise("prices", item="string", price="number", updated_at="timestamp", is_deleted="boolean")
    shop("INSERT INTO prices VALUES ('c', 1, NULL)")
    (fault,) = made.declare(PRICES, CLOCK).fetch(N1, N1)
    assert "prices: column updated_at is missing in a row" in fault.message
    assert not fault.is_passing
