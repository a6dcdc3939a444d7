"""A digest changes with what a column means and with nothing else."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot.optimizer.qualify import qualify

from redeye.warehouse.logic.query_digests import Known, NotFollowedError, Queries, digest
from redeye.warehouse.logic.sql_facts import DIALECT

TABLES = {
    "raw.trips": Known({"id": "d1", "fare": "d2", "city": "d3"}, "rows of trips"),
    "raw.cities": Known({"city": "d4", "region": "d5"}, "rows of cities"),
}
SCHEMA = {
    "raw": {
        "trips": {"id": "int", "fare": "double", "city": "text"},
        "cities": {"city": "text", "region": "text"},
    }
}


def known(sql: str, *, is_keyed: bool = False) -> Known:
    node = qualify(
        sqlglot.parse_one(sql, dialect=DIALECT), dialect=DIALECT, schema=SCHEMA, quote_identifiers=False
    )
    return Queries(TABLES.get).query(node, {}, None, is_keyed=is_keyed)


BASE = "select id, sum(fare) as total from raw.trips where fare > 0 group by id"


def test_names_of_aliases_layout_and_order_of_projections_change_nothing():
    base = known(BASE)
    other = known("SELECT sum(t.fare) AS total, t.id FROM raw.trips t WHERE t.fare > 0 GROUP BY t.id -- why")
    assert base.columns == dict(sorted(other.columns.items()))
    assert base.rows == other.rows
    through = known(f"with x as ({BASE}), y as (select * from x) select id, total from x")
    assert known(f"with a as ({BASE}) select id, total from a").columns == through.columns


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("sum(fare)", "avg(fare)", {"total"}),
        ("fare > 0", "fare > 1", {"id", "total"}),
        ("where fare > 0", "", {"id", "total"}),
        ("group by id", "group by id having sum(fare) > 1", {"id", "total"}),
        ("group by id", "group by id limit 5", {"id", "total"}),
    ],
)
def test_only_what_is_made_otherwise_changes(old: str, new: str, changed: set[str]):
    before, after = known(BASE).columns, known(BASE.replace(old, new)).columns
    assert {name for name in before if before[name] != after[name]} == changed


def test_two_columns_of_the_same_table_joined_twice_are_told_apart():
    joined = "select a.fare as f, b.fare as g from raw.trips a join raw.trips b on a.id = b.id"
    columns = known(joined).columns
    assert columns["f"] != columns["g"]


def test_a_left_join_that_a_column_does_not_read_is_nothing_to_it_where_the_key_is_tested():
    plain = "select t.id, t.fare from raw.trips t"
    joined = "select t.id, t.fare, c.region from raw.trips t left join raw.cities c on c.city = t.city"
    assert known(plain, is_keyed=True).columns["fare"] == known(joined, is_keyed=True).columns["fare"]
    assert known(plain).columns["fare"] != known(joined).columns["fare"]
    inner = joined.replace("left join", "join")
    assert known(plain, is_keyed=True).columns["fare"] != known(inner, is_keyed=True).columns["fare"]


def test_a_union_is_by_place_and_distinct_is_not_all():
    all_ = known("select id, fare from raw.trips union all select id, 0 from raw.trips")
    by_name = known("select id, fare from raw.trips union all by name select 0 as fare, id from raw.trips")
    distinct = known("select id, fare from raw.trips union select id, 0 from raw.trips")
    assert all_.columns["fare"] != known("select id, fare from raw.trips").columns["fare"]
    assert all_.rows != distinct.rows
    assert set(by_name.columns) == {"id", "fare"}


@pytest.mark.parametrize(
    "sql",
    [
        "select id from raw.unknown",
        "with recursive x as (select 1 as n union all select n + 1 from x) select n from x",
        "select id from raw.trips using sample 10",
        "values (1)",
    ],
)
def test_what_is_not_understood_is_refused_rather_than_guessed(sql: str):
    node = sqlglot.parse_one(sql, dialect=DIALECT)
    with pytest.raises(NotFollowedError):
        Queries(TABLES.get).query(node, {}, None)


def test_a_digest_depends_on_the_order_and_the_borders_of_its_parts():
    assert digest("a", "b") == digest("a", "b") != digest("b", "a")
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a").isidentifier()
