"""Digests of queries: one for each column, and one for what decides which rows there are.

What a query reads stands in them as digests of its own, so that names of tables, queries and aliases are not in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from redeye.warehouse.logic.sql_facts import DIALECT

_UNION = frozenset({"this", "expression", "with_", "distinct", "by_name"})


@dataclass(frozen=True)
class Known:
    """A relation or query: a digest for each column, and one for what decides about its rows."""

    columns: Mapping[str, str]
    rows: str

    @property
    def whole(self) -> str:
        """All of it in one digest."""
        return digest(self.rows, *(f"{name} {each}" for name, each in self.columns.items()))


class NotFollowedError(Exception):
    """A query is of a form that is not understood."""


@dataclass
class _Scope:
    """One SELECT: its sources by alias, its named windows, and the SELECT around it."""

    named: Mapping[str, Known]
    outer: _Scope | None
    sources: dict[str, Known] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)
    projections: dict[str, exp.Expr] = field(default_factory=dict)

    def turn(self, alias: str) -> str:
        """Tells a source from those before it that are the same, as in a join of a table with itself."""
        before = list(self.sources)[: list(self.sources).index(alias)]
        same = sum(self.sources[each].rows == self.sources[alias].rows for each in before)
        return f"_{same}" if same else ""


class Queries:
    """Digests of queries and of what is in them."""

    def __init__(self, relation: Callable[[str], Known | None]) -> None:
        """Takes what gives a relation by its name, None where there is none such."""
        self._relation = relation

    def query(
        self, node: exp.Expr, named: Mapping[str, Known], outer: _Scope | None, *, is_keyed: bool = False
    ) -> Known:
        """A qualified query's columns and rows; if it is keyed, a test holds that its rows are one for each key."""
        node = node.unnest() if isinstance(node, exp.Paren | exp.Subquery) else node
        named = dict(named)
        if with_ := node.args.get("with_"):
            if with_.args.get("recursive"):
                raise NotFollowedError
            for cte in with_.expressions:
                named[cte.alias] = self.query(cte.this, named, outer)
        if isinstance(node, exp.SetOperation):
            return self._union(node, named, outer)
        if isinstance(node, exp.Select):
            return self._select(node, named, outer, is_keyed=is_keyed)
        raise NotFollowedError

    def _union(self, node: exp.SetOperation, named: Mapping[str, Known], outer: _Scope | None) -> Known:
        left, right = self.query(node.this, named, outer), self.query(node.expression, named, outer)
        kind = f"{type(node).__name__} {node.args.get('distinct')} {node.args.get('by_name')}"
        if any(v for k, v in node.args.items() if k not in _UNION):
            raise NotFollowedError
        if node.args.get("by_name"):
            theirs = {name: right.columns.get(name, "") for name in [*left.columns, *right.columns]}
        else:
            if len(left.columns) != len(right.columns):
                raise NotFollowedError
            theirs = dict(zip(left.columns, right.columns.values(), strict=True))
        columns = {name: digest(kind, left.columns.get(name, ""), each) for name, each in theirs.items()}
        # All but UNION ALL look at every column to say which rows there are.
        is_all = type(node) is exp.Union and not node.args.get("distinct")
        return Known(columns, digest(kind, left.rows, right.rows, *([] if is_all else columns.values())))

    def _select(
        self, node: exp.Select, named: Mapping[str, Known], outer: _Scope | None, *, is_keyed: bool
    ) -> Known:
        scope = _Scope(named, outer)
        scope.projections = {each.alias_or_name: each.unalias() for each in node.expressions}
        for window in node.args.get("windows") or ():
            scope.windows[window.this.name.lower()] = window
        joined = self._sources(node, scope)
        reported = {name: self._text(each, scope) for name, each in scope.projections.items()}
        rest = [f"{clause} {self._clause(node.args[clause], scope)}" for clause in sorted(_rest(node))]
        group, is_distinct = node.args.get("group"), node.args.get("distinct")
        if is_distinct or (group is not None and not group.expressions):
            keys = [
                name for name, each in scope.projections.items() if is_distinct or not each.find(exp.AggFunc)
            ]
            rest += sorted(reported[name] for name in keys)
        # One row more or less by a join that a column does not read would break the test of the key.
        is_free = is_keyed and not (_rest(node) - {"where", "order"} or _mixes_rows(scope))
        deciding = _aliases(node.args.get("where")) | _aliases(node.args.get("order"))

        def rows(used: set[str]) -> str:
            wanted = (
                _find_wanted_joins(joined, deciding | used) if is_free else [each.text for each in joined]
            )
            return digest(*wanted, *rest)

        columns = {
            name: digest(reported[name], rows(_aliases(each, *_find_windows(each, scope))))
            for name, each in scope.projections.items()
        }
        return Known(columns, rows(set()))

    def _sources(self, node: exp.Select, scope: _Scope) -> list[_Joined]:
        found: list[_Joined] = []
        if from_ := node.args.get("from_"):
            alias, text = self._source(from_.this, scope)
            found.append(_Joined(alias, f"from {text}", frozenset(), is_optional=False))
        for join in node.args.get("joins") or ():
            alias, text = self._source(join.this, scope)
            bare = join.copy()
            bare.set("this", exp.Var(this=text))
            is_optional = join.side.upper() == "LEFT" and not join.args.get("method")
            used = _aliases(join.args.get("on")) - {alias}
            found.append(_Joined(alias, self._text(bare, scope), frozenset(used), is_optional))
        return found

    def _source(self, node: exp.Expr, scope: _Scope) -> tuple[str, str]:
        """A source's alias, and the digest of its rows."""
        alias = node.alias_or_name
        if isinstance(node, exp.Subquery):
            known = self.query(node.this, scope.named, scope.outer)
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            if any(v for k, v in node.args.items() if k not in {"this", "db", "catalog", "alias"}):
                raise NotFollowedError
            relation = f"{node.db}.{node.name}"
            if not node.db and node.name in scope.named:
                known = scope.named[node.name]
            elif (found := self._relation(relation)) is not None:
                known = found
            else:
                raise NotFollowedError
        else:
            # A function that makes rows, such as range(7).
            names = [each.name for each in node.args["alias"].columns] if node.args.get("alias") else []
            bare = node.copy()
            bare.set("alias", None)
            text = digest(self._text(bare, scope))
            known = Known({name: digest(text, str(at)) for at, name in enumerate(names)}, text)
        scope.sources[alias] = known
        return alias, known.rows

    def _clause(self, value: object, scope: _Scope) -> str:
        if isinstance(value, list):
            return ", ".join(self._clause(each, scope) for each in value)
        return self._text(value, scope) if isinstance(value, exp.Expr) else str(value)

    def _text(self, node: exp.Expr, scope: _Scope) -> str:
        """An expression with digests in place of what it reads, and the named windows that it names."""

        def reported(each: exp.Expr) -> exp.Expr:
            if isinstance(each, exp.Query):
                return exp.Var(this=self.query(each, scope.named, scope).whole)
            if isinstance(each, exp.Column):
                return exp.Var(this=self._column(each, scope))
            return each

        names = {each.alias.lower() for each in node.find_all(exp.Window)} & scope.windows.keys()
        if any(scope.windows[name].alias for name in names):
            names = set(scope.windows)
        windows = [scope.windows[name].copy() for name in sorted(names)]
        texts = [each.copy().transform(reported).sql(DIALECT, comments=False) for each in (node, *windows)]
        return " ".join(texts)

    def _column(self, column: exp.Column, scope: _Scope) -> str:
        at: _Scope | None = scope
        outwards = ""
        while at is not None:
            source = at.sources.get(column.table)
            if source is not None and column.name in source.columns:
                return f"{source.columns[column.name]}{at.turn(column.table)}{outwards}"
            if not column.table and column.name in at.projections:
                return self._text(at.projections[column.name], replace(at, projections={}))
            at, outwards = at.outer, f"{outwards}_out"
        raise NotFollowedError


@dataclass(frozen=True)
class _Joined:
    """A source of a SELECT: how it is joined, by which others, and whether all other rows stay without it."""

    alias: str
    text: str
    used: frozenset[str]
    is_optional: bool


def _find_wanted_joins(joined: list[_Joined], used: set[str]) -> list[str]:
    """The joins without which the rows, as far as some aliases show them, would not be the same."""
    found = {each.alias for each in joined if not each.is_optional or each.alias in used}
    while True:
        more = found | {alias for each in joined if each.alias in found for alias in each.used}
        if more == found:
            return [each.text for each in joined if each.alias in found]
        found = more


def _rest(node: exp.Select) -> set[str]:
    """The clauses beside the projections, sources, and windows."""
    apart = {"expressions", "with_", "from_", "joins", "windows", "kind", "hint"}
    return {name for name, value in node.args.items() if value and name not in apart}


def _mixes_rows(scope: _Scope) -> bool:
    """Whether a projection makes one row of several; a window's function leaves each row as it is."""
    for each in scope.projections.values():
        over = {id(window.this.find(exp.AggFunc)) for window in each.find_all(exp.Window)}
        if any(id(found) not in over for found in each.find_all(exp.AggFunc)):
            return True
    return False


def _find_windows(node: exp.Expr, scope: _Scope) -> list[exp.Expr]:
    """The named windows, if an expression names one."""
    is_named = any(each.alias for each in node.find_all(exp.Window))
    return list(scope.windows.values()) if is_named else []


def _aliases(*nodes: exp.Expr | None) -> set[str]:
    return {each.table for node in nodes if node is not None for each in node.find_all(exp.Column)}


def digest(*parts: str) -> str:
    """Of some texts in their order; a name in SQL, so that it can stand there for what it is the digest of."""
    return "d" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
