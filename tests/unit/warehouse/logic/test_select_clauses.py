"""What the clauses of a SELECT say, seen on the smallest query that has each."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from redeye.warehouse.logic import select_clauses
from redeye.warehouse.logic.sql_facts import DIALECT


def select(sql: str) -> exp.Select:
    found = sqlglot.parse_one(sql, dialect=DIALECT)
    assert isinstance(found, exp.Select)
    return found


def keys(sql: str) -> frozenset[str] | None:
    node = select(sql)
    return select_clauses.group_keys(
        node, [(each.alias_or_name, each.unalias()) for each in node.expressions]
    )


def back(sql: str) -> str:
    window = select(sql).find(exp.Window)
    assert window is not None
    return select_clauses.looks_back(window, window, window.args["order"].expressions)


def test_whatever_chooses_rows_is_a_condition() -> None:
    sql = "SELECT a, sum(b) FROM t JOIN u ON t.k = u.k WHERE c > 1 GROUP BY a HAVING sum(b) > 2"
    found = {each.sql(DIALECT) for each in select_clauses.conditions(select(sql))}
    assert found == {"c > 1", "SUM(b) > 2", "t.k = u.k", "a"}


def test_an_order_chooses_rows_only_with_a_limit() -> None:
    assert [*select_clauses.conditions(select("SELECT a FROM t ORDER BY b"))] == []
    (found,) = select_clauses.conditions(select("SELECT a FROM t ORDER BY b LIMIT 1"))
    assert found.sql(DIALECT) == "b"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a, b FROM t", None),
        ("SELECT a AS x, sum(b) FROM t GROUP BY x", frozenset({"a"})),
        ("SELECT sum(b) FROM t", frozenset()),
        ("SELECT DISTINCT a FROM t", frozenset({"a"})),
        ("SELECT sum(b) OVER (PARTITION BY a) FROM t", None),
    ],
)
def test_what_is_one_in_each_row_of_an_aggregate(sql: str, expected: frozenset[str] | None) -> None:
    assert keys(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT lag(b) OVER (ORDER BY n) FROM t", "n"),
        ("SELECT lead(b) OVER (ORDER BY n) FROM t", ""),
        ("SELECT sum(b) OVER (ORDER BY n DESC) FROM t", ""),
        ("SELECT sum(b) OVER (ORDER BY n ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM t", "n"),
        ("SELECT sum(b) OVER (ORDER BY n ROWS BETWEEN 6 PRECEDING AND 1 PRECEDING) FROM t", "n"),
        ("SELECT sum(b) OVER (ORDER BY n ROWS BETWEEN 6 PRECEDING AND 1 FOLLOWING) FROM t", ""),
    ],
)
def test_which_windows_only_look_back(sql: str, expected: str) -> None:
    assert back(sql) == expected


def test_a_range_counts_up_and_a_column_does_not() -> None:
    assert select_clauses.counts_up(sqlglot.parse_one("SELECT * FROM range(7) AS r(i)", dialect=DIALECT))
    assert not select_clauses.counts_up(sqlglot.parse_one("SELECT * FROM t", dialect=DIALECT))
