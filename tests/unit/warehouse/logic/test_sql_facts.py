"""What conditions say about nights: what is never after what, and nothing that does not follow."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from redeye.warehouse.logic.sql_facts import DIALECT, Fact, Term, facts, normalize, reach, strip_casts


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
