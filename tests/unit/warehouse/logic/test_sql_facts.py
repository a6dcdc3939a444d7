"""What clauses say, on the smallest query that has each, and of nights nothing that does not follow."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from redeye.warehouse.logic.sql_facts import (
    DIALECT,
    Fact,
    Term,
    conditions,
    counts_up,
    facts,
    group_keys,
    looks_back,
    normalize,
    reach,
    strip_casts,
)


def parse(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect=DIALECT)


def pairs(condition: str | None) -> set[tuple[str, str]]:
    found = facts(None if condition is None else parse(condition))
    return {(fact.lower.text, fact.upper.text) for fact in found}


def test_casts_parentheses_comments_and_case_make_no_other_expression():
    assert normalize(parse("(CAST(A.Night AS date))")) == normalize(parse("a.night -- why")) == "a.night"
    assert normalize(parse("a.night + (b.days::int)")) == "a.night + b.days"
    assert isinstance(strip_casts(parse("try_cast((x) as date)")), exp.Column)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, set()),
        ("a = b", {("a", "b"), ("b", "a")}),
        ("a < b", {("a", "b")}),
        ("a <= b", {("a", "b")}),
        ("a > b", {("b", "a")}),
        ("a >= b", {("b", "a")}),
        ("x between a and b", {("a", "x"), ("x", "b")}),
        ("(a < b) and (c < d and e > f)", {("a", "b"), ("c", "d"), ("f", "e")}),
        ("a < b or c < d", set()),
        ("not a < b", set()),
        ("a <> b", set()),
    ],
)
def test_a_condition_says_what_is_at_most_what(condition: str | None, expected: set[tuple[str, str]]):
    assert pairs(condition) == expected


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ("night + CASE night WHEN DATE '2026-04-05' THEN 14 ELSE 7 END", True),
        ("night + CASE night WHEN DATE '2026-04-05' THEN 14 END", False),
        ("night + CASE night WHEN DATE '2026-04-05' THEN -14 ELSE 7 END", False),
        ("night", True),
        ("other", False),
        ("night + 7", True),
        ("7 + night", True),
        ("night + days", True),
        ("night + delay", False),
        ("night - 7", False),
        ("night + 'x'", False),
        ("greatest(other, night)", True),
        ("greatest(night, other)", True),
        ("greatest(other, another)", False),
        ("least(night, other)", False),
        ("max(night)", True),
        ("min(night)", False),
        ("days + 7", False),
    ],
)
def test_an_expression_is_never_before_a_known_one_only_where_that_follows(text: str, is_held: bool):
    assert Term.of(parse(text)).is_held({"night"}, {"days"}) is is_held


def test_what_is_reached_goes_on_through_facts_in_any_order():
    known = [
        *facts(parse("b <= c")),
        *facts(parse("a <= b")),
        *facts(parse("c + days <= d")),
        *facts(parse("x <= y")),
    ]
    assert reach({"a"}, known, {"days"}) == {"a", "b", "c", "d"}
    assert reach({"a"}, known, set()) == {"a", "b", "c"}
    assert reach(set(), known, set()) == frozenset()
    assert Fact(Term("a"), Term("b")) in list(facts(parse("a < b")))


def select(sql: str) -> exp.Select:
    found = sqlglot.parse_one(sql, dialect=DIALECT)
    assert isinstance(found, exp.Select)
    return found


def keys(sql: str) -> frozenset[str] | None:
    node = select(sql)
    return group_keys(node, [(each.alias_or_name, each.unalias()) for each in node.expressions])


def back(sql: str) -> str:
    window = select(sql).find(exp.Window)
    assert window is not None
    return looks_back(window, window, window.args["order"].expressions)


def test_whatever_chooses_rows_is_a_condition() -> None:
    sql = "SELECT a, sum(b) FROM t JOIN u ON t.k = u.k WHERE c > 1 GROUP BY a HAVING sum(b) > 2"
    found = {each.sql(DIALECT) for each in conditions(select(sql))}
    assert found == {"c > 1", "SUM(b) > 2", "t.k = u.k", "a"}


def test_an_order_chooses_rows_only_with_a_limit() -> None:
    assert [*conditions(select("SELECT a FROM t ORDER BY b"))] == []
    (found,) = conditions(select("SELECT a FROM t ORDER BY b LIMIT 1"))
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
    assert counts_up(sqlglot.parse_one("SELECT * FROM range(7) AS r(i)", dialect=DIALECT))
    assert not counts_up(sqlglot.parse_one("SELECT * FROM t", dialect=DIALECT))
