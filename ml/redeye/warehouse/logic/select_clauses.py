"""What the clauses of a SELECT say: which rows there are, what is one in each, what a window looks at."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from redeye.warehouse.logic.sql_facts import normalize

_FORWARD = (exp.Lead, exp.LastValue, exp.NthValue)


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
