"""Queries as trees: what their clauses say, and which expression is never before which other one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

DIALECT = "duckdb"
_FORWARD = (exp.Lead, exp.LastValue, exp.NthValue)


def make_schema(columns: Mapping[str, Iterable[str]], catalog: str) -> MappingSchema:
    """Relations by `schema.table` with the names of their columns, as queries over a catalog find them."""
    schemas: dict[str, dict[str, dict[str, str]]] = {}
    for name, known in columns.items():
        schema, _, table = name.partition(".")
        schemas.setdefault(schema, {})[table] = dict.fromkeys(known, "unknown")
    return MappingSchema({catalog: schemas}, dialect=DIALECT)


def qualify_query(sql: str, schema: MappingSchema, catalog: str) -> exp.Expr:
    """A query as a tree in which every column names its source.

    Raises:
        SqlglotError: if it cannot be read, or names a relation or a column that is not in the schema.
    """
    tree = sqlglot.parse_one(sql, dialect=DIALECT)
    return qualify(tree, schema=schema, dialect=DIALECT, catalog=catalog, quote_identifiers=False)


def strip_casts(node: exp.Expr) -> exp.Expr:
    """An expression without casts and parentheses around it."""
    while isinstance(node, exp.Paren | exp.Cast | exp.TryCast):
        node = node.this
    return node


def normalize(expression: exp.Expr) -> str:
    """An expression as text, without casts, parentheses and comments: equal for equal values."""
    bare = strip_casts(expression)
    if not isinstance(bare, exp.Column | exp.Literal):
        bare = bare.copy().transform(strip_casts)
    return bare.sql(DIALECT, comments=False).lower()


def _is_written_number(expression: exp.Expr) -> bool:
    bare = strip_casts(expression)
    if isinstance(bare, exp.Case):
        results = [*(each.args["true"] for each in bare.args["ifs"]), bare.args.get("default")]
        return all(each is not None and _is_written_number(each) for each in results)
    return isinstance(bare, exp.Literal) and not bare.is_string


@dataclass(frozen=True)
class Term:
    """An expression as the rules on nights see it, as normal text.

    A number is one that is written down, or each of a CASE, and never negative; each part of a `greatest(…)` or
    `max(…)` is never after the whole.
    """

    text: str
    is_number: bool = False
    summands: tuple[Term, ...] = ()
    greatest_of: tuple[Term, ...] = ()

    @classmethod
    def of(cls, expression: exp.Expr) -> Term:
        """The term of an expression."""
        bare = strip_casts(expression)
        summands = (bare.this, bare.expression) if isinstance(bare, exp.Add) else ()
        greatest: tuple[exp.Expr, ...] = ()
        if isinstance(bare, exp.Greatest):
            greatest = (bare.this, *bare.expressions)
        elif isinstance(bare, exp.Max):
            greatest = (bare.this,)
        return cls(
            normalize(bare),
            _is_written_number(bare),
            tuple(cls.of(each) for each in summands),
            tuple(cls.of(each) for each in greatest),
        )

    def is_held(self, known: Collection[str], counts: Collection[str]) -> bool:
        """Whether this is one of the `known` expressions or never before one; `counts` are never negative."""
        if self.text in known:
            return True
        if self.summands:
            left, right = self.summands
            return (left.is_held(known, counts) and right._is_count(counts)) or (
                right.is_held(known, counts) and left._is_count(counts)
            )
        return any(each.is_held(known, counts) for each in self.greatest_of)

    def _is_count(self, counts: Collection[str]) -> bool:
        return self.is_number or self.text in counts


@dataclass(frozen=True)
class Fact:
    """In every row of the query `lower` is at most `upper`."""

    lower: Term
    upper: Term


def facts(condition: exp.Expr | None) -> Iterator[Fact]:
    """What each of the conditions that all must hold says."""
    if condition is None:
        return
    condition = strip_casts(condition)
    if isinstance(condition, exp.And):
        yield from facts(condition.this)
        yield from facts(condition.expression)
        return
    pairs: list[tuple[exp.Expr, exp.Expr]] = []
    if isinstance(condition, exp.EQ):
        pairs = [(condition.this, condition.expression), (condition.expression, condition.this)]
    elif isinstance(condition, exp.LT | exp.LTE):
        pairs = [(condition.this, condition.expression)]
    elif isinstance(condition, exp.GT | exp.GTE):
        pairs = [(condition.expression, condition.this)]
    elif isinstance(condition, exp.Between):
        pairs = [(condition.args["low"], condition.this), (condition.this, condition.args["high"])]
    for lower, upper in pairs:
        yield Fact(Term.of(lower), Term.of(upper))


def reach(start: Collection[str], known: Collection[Fact], counts: Collection[str]) -> frozenset[str]:
    """Every expression, normal, that is never before one of `start`."""
    found = set(start)
    is_growing = bool(found)
    while is_growing:
        is_growing = False
        for fact in known:
            if fact.upper.text not in found and fact.lower.is_held(found, counts):
                found.add(fact.upper.text)
                is_growing = True
    return frozenset(found)


def counts_up(node: exp.Expr) -> bool:
    """Whether it makes numbers from zero or more on, as range(7) does."""
    series = node.find(exp.GenerateSeries)
    start = series.args.get("start") if series else None
    return isinstance(start, exp.Literal) and not start.is_string


def conditions(node: exp.Select) -> Iterator[exp.Expr]:
    """Everything that decides which rows there are."""
    for clause in ("where", "having", "qualify"):
        if condition := node.args.get(clause):
            yield condition.this
    for join in node.args.get("joins") or ():
        if on := join.args.get("on"):
            yield on
    if group := node.args.get("group"):
        yield from group.expressions
    if node.args.get("limit") and (order := node.args.get("order")):
        yield from (each.this for each in order.expressions)


def group_keys(node: exp.Select, projections: list[tuple[str, exp.Expr]]) -> frozenset[str] | None:
    """The expressions, as text, that are one in each row of an aggregating query; None if it is none."""
    group = node.args.get("group")
    if group is not None and group.expressions:
        by_name = {name.lower(): expression for name, expression in projections}
        return frozenset(normalize(by_name.get(normalize(each), each)) for each in group.expressions)
    if group is not None or node.args.get("distinct"):
        return frozenset(normalize(each) for _, each in projections if not _aggregates(each))
    return frozenset() if any(_aggregates(each) for _, each in projections) else None


def _aggregates(expression: exp.Expr) -> bool:
    return any(
        (
            not isinstance(each.parent, exp.Window)
            and not isinstance(each.parent, exp.Filter | exp.IgnoreNulls)
        )
        or (isinstance(each.parent, exp.Filter) and not isinstance(each.parent.parent, exp.Window))
        for each in expression.find_all(exp.AggFunc)
    )


def looks_back(window: exp.Window, over: exp.Window, order: list[exp.Expr]) -> str:
    """The expression by which a window's rows never lie after the current one; "" if there is none."""
    if not order or order[0].args.get("desc") or isinstance(window.this, _FORWARD):
        return ""
    spec = over.args.get("spec")
    ends = (spec.args.get("end") or "CURRENT ROW") if spec else "CURRENT ROW"
    end_side = spec.args.get("end_side") if spec else None
    if ends != "CURRENT ROW" and end_side != "PRECEDING":
        return ""
    return normalize(order[0].this)
