"""Column lineage of a query, and by which night everything in a row of it was known.

Every column of every relation is described by what it reads (`Reads`): columns of the tables that the query
names, each with its *holders*: columns of the row whose night is never before the night by which the value was
known. The rows of a relation are read as well, under the name `ROWS`: a filter or a join decides which there are.

A holder is lost where a query mixes rows of several nights: in an aggregate unless it is grouped by, in a window
function unless the window is of one night or only looks back; it is won where a condition bounds it by another
column. What cannot be seen to hold does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from sqlglot import exp
from sqlglot.errors import SqlglotError

from redeye.foundation.errors import RedeyeError
from redeye.warehouse.logic.sql_facts import (
    DIALECT,
    Fact,
    Term,
    conditions,
    counts_up,
    facts,
    group_keys,
    looks_back,
    make_schema,
    normalize,
    qualify_query,
    reach,
)

ROWS = "(rows)"


class LineageError(RedeyeError):
    """A query cannot be followed; the message says where."""


@dataclass(frozen=True, order=True)
class Read:
    """One column of a table that a query names, `schema.table`."""

    relation: str
    column: str

    def __str__(self) -> str:
        return f"{self.relation.rpartition('.')[2]}.{self.column}"


Holders = frozenset[str] | None
"""Columns, or in a query expressions; None: it was always known."""
Reads = Mapping[Read, Holders]


@dataclass(frozen=True)
class Table:
    """A table, `schema.table`, that queries name, with its columns in order.

    Attributes:
        known_by: the column with the night by whose cutoff all of a row was known; "" if rows change later.
        known_at: the column with the instant at which all of a row was known; "" if there is none.
        is_timeless: whether all of it was always known, such as a calendar.
    """

    name: str
    columns: tuple[str, ...]
    known_by: str = ""
    is_timeless: bool = False
    known_at: str = ""

    def describe(self) -> QueryColumns:
        """The table as a query finds it."""
        holders = None if self.is_timeless else frozenset({self.known_by, self.known_at} - {""})
        columns: dict[str, Reads] = {name: {Read(self.name, name): holders} for name in self.columns}
        values = {name: frozenset(reads) for name, reads in columns.items()}
        return QueryColumns(columns, {Read(self.name, ROWS): holders}, values)


@dataclass(frozen=True)
class QueryColumns:
    """A table or query: what each column reads, what decides about the rows included, and of what values it is made."""

    columns: Mapping[str, Reads]
    rows: Reads
    values: Mapping[str, frozenset[Read]]


@dataclass
class _Scope:
    """One SELECT: its sources by alias, and what its conditions say."""

    sources: dict[str, QueryColumns]
    shared: list[Fact] = field(default_factory=list)
    own: dict[str, list[Fact]] = field(default_factory=dict)
    counts: set[str] = field(default_factory=set)
    windows: dict[str, exp.Window] = field(default_factory=dict)
    _reached: dict[tuple[str, frozenset[str]], frozenset[str]] = field(default_factory=dict)

    def reach(self, alias: str, columns: frozenset[str]) -> frozenset[str]:
        """Expressions of the scope that are never before one of a source's columns."""
        if (alias, columns) not in self._reached:
            start = [f"{alias}.{column}".lower() for column in columns]
            known = [*self.shared, *self.own.get(alias, ())]
            self._reached[alias, columns] = reach(start, known, self.counts)
        return self._reached[alias, columns]


def describe(
    sql: str, tables: Mapping[str, Table], *, catalog: str, trusted: Iterable[str] = ()
) -> QueryColumns:
    """What a query's columns and rows read, of the tables that it may name, by `schema.table`.

    The aliases of columns that are trusted are taken for what their reason says, without seeing it: a window function
    that looks at later rows and shows nothing of them, or the smallest night of an aggregate that holds all of its row.

    Raises:
        LineageError: if the query cannot be read or names an unknown table or column.
    """
    schema = make_schema({table.name: table.columns for table in tables.values()}, catalog)
    try:
        tree = qualify_query(sql, schema, catalog)
    except SqlglotError as error:
        raise LineageError(f"the query cannot be followed: {error}") from error
    return _Analysis(tables, frozenset(trusted)).query(tree, {})


class _Analysis:
    def __init__(self, tables: Mapping[str, Table], trusted: frozenset[str]) -> None:
        self._tables = tables
        self._trusted = trusted

    def query(self, node: exp.Expr, known: Mapping[str, QueryColumns]) -> QueryColumns:
        node = node.unnest() if isinstance(node, exp.Paren | exp.Subquery) else node
        named = dict(known)
        if with_ := node.args.get("with_"):
            if with_.args.get("recursive"):
                raise LineageError("a recursive query cannot be followed")
            for cte in with_.expressions:
                named[cte.alias] = self.query(cte.this, named)
        if isinstance(node, exp.SetOperation):
            return self._union(node, named)
        if isinstance(node, exp.Select):
            return self._select(node, named)
        raise LineageError(f"a {type(node).__name__} cannot be followed")

    def _union(self, node: exp.SetOperation, named: Mapping[str, QueryColumns]) -> QueryColumns:
        left, right = self.query(node.this, named), self.query(node.expression, named)
        matched = dict(zip(left.columns, right.columns, strict=False))
        if node.args.get("by_name"):
            matched = {name: name for name in left.columns if name in right.columns}
        renamed = {theirs: ours for ours, theirs in matched.items()}

        def to_left(reads: Reads) -> Reads:
            return _map_holders(
                reads, lambda holders: frozenset(renamed[each] for each in holders & renamed.keys())
            )

        columns: dict[str, Reads] = {
            name: merge_reads([reads, *([to_left(right.columns[matched[name]])] if name in matched else [])])
            for name, reads in left.columns.items()
        }
        if node.args.get("by_name"):
            columns |= {name: to_left(r) for name, r in right.columns.items() if name not in left.columns}
        values = {
            name: left.values.get(name, frozenset())
            | right.values.get(matched.get(name, name if name not in left.columns else ""), frozenset())
            for name in columns
        }
        return QueryColumns(columns, merge_reads([left.rows, to_left(right.rows)]), values)

    def _select(self, node: exp.Select, named: Mapping[str, QueryColumns]) -> QueryColumns:
        scope = self._scope(node, named)
        rows = [self._reads(each, scope, named) for each in conditions(node)]
        for alias, source in scope.sources.items():
            rows.append(_in_scope(source.rows, alias, scope))
        row_reads = merge_reads(rows)
        projections = [(each.alias_or_name, each.unalias()) for each in node.expressions]
        holding = self._holding(node, projections)

        @cache
        def hold(holders: frozenset[str]) -> frozenset[str]:
            """Holders are expressions of the scope; from here on they are its output columns."""
            return frozenset(name for name, term in holding.items() if term.is_held(holders, scope.counts))

        columns = {
            name: _map_holders(
                merge_reads([self._reads(expression, scope, named, alias=name), row_reads]), hold
            )
            for name, expression in projections
        }
        values = {name: self._values(expression, scope, named) for name, expression in projections}
        return QueryColumns(columns, _map_holders(row_reads, hold), values)

    def _values(
        self, expression: exp.Expr, scope: _Scope, named: Mapping[str, QueryColumns]
    ) -> frozenset[Read]:
        """Of what an expression is made, without what only chooses rows for it."""
        if isinstance(expression, exp.Column):
            return scope.sources[expression.table].values.get(expression.name, frozenset())
        if isinstance(expression, exp.Query):
            return frozenset().union(*self.query(expression, named).values.values())
        parts = expression.iter_expressions()
        if isinstance(expression, exp.Window | exp.Filter):
            parts = iter([expression.this])
        return frozenset().union(*(self._values(each, scope, named) for each in parts))

    def _holding(self, node: exp.Select, projections: list[tuple[str, exp.Expr]]) -> dict[str, Term]:
        """The output columns that can hold a row: all, or in an aggregate those that are one in each row."""
        keys = group_keys(node, projections)
        found = {}
        for name, expression in projections:
            if keys is None or normalize(expression) in keys or isinstance(expression, exp.Max):
                found[name] = Term.of(expression)
            elif isinstance(expression, exp.Min) and name in self._trusted:
                found[name] = Term.of(expression.this)
        return found

    def _scope(self, node: exp.Select, named: Mapping[str, QueryColumns]) -> _Scope:
        scope = _Scope({})
        from_ = node.args.get("from_")
        if from_ is not None:
            self._add_source(from_.this, scope, named)
        for join in node.args.get("joins") or ():
            alias = self._add_source(join.this, scope, named)
            found = list(facts(join.args.get("on")))
            if join.side.upper() == "LEFT":
                scope.own[alias] = found
            elif not join.side:
                scope.shared += found
        if where := node.args.get("where"):
            scope.shared += facts(where.this)
        for window in node.args.get("windows") or ():
            scope.windows[window.this.name.lower()] = window
        return scope

    def _add_source(self, node: exp.Expr, scope: _Scope, named: Mapping[str, QueryColumns]) -> str:
        alias = node.alias_or_name
        if isinstance(node, exp.Subquery):
            scope.sources[alias] = self.query(node.this, named)
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            if not node.db and node.name in named:
                scope.sources[alias] = named[node.name]
            elif table := self._tables.get(f"{node.db}.{node.name}"):
                scope.sources[alias] = table.describe()
            else:
                raise LineageError(f"{node.sql(DIALECT)} is no known relation")
        else:
            # A function that makes rows, such as range(7): it reads nothing, and range only counts up.
            names = [each.name for each in node.args["alias"].columns] if node.args.get("alias") else []
            scope.sources[alias] = QueryColumns({name: {} for name in names}, {}, {})
            if counts_up(node):
                scope.counts |= {f"{alias}.{name}".lower() for name in names}
        return alias

    def _reads(
        self, expression: exp.Expr, scope: _Scope, named: Mapping[str, QueryColumns], *, alias: str = ""
    ) -> Reads:
        """What an expression reads, with expressions of the scope as holders."""
        if isinstance(expression, exp.Window):
            return self._window(expression, scope, named, alias)
        if isinstance(expression, exp.Query):
            inner = self.query(expression, named)
            # The subquery's columns are not of this scope: nothing here can hold what it reads.
            lost = merge_reads([inner.rows, *inner.columns.values()])
            return _map_holders(lost, lambda _: frozenset())
        if isinstance(expression, exp.Column):
            source = scope.sources.get(expression.table)
            if source is None or expression.name not in source.columns:
                raise LineageError(
                    f"{expression.sql(DIALECT)} is no column of its query (one of an outer query cannot be followed: "
                    "write a join)"
                )
            return _in_scope(source.columns[expression.name], expression.table, scope)
        parts = [self._reads(each, scope, named, alias=alias) for each in expression.iter_expressions()]
        return merge_reads(parts)

    def _window(
        self, window: exp.Window, scope: _Scope, named: Mapping[str, QueryColumns], alias: str
    ) -> Reads:
        over = scope.windows.get(window.alias.lower(), window) if window.alias else window
        partition = over.args.get("partition_by") or []
        order = over.args["order"].expressions if over.args.get("order") else []
        parts = [self._reads(each, scope, named) for each in (window.this, *partition, *order)]
        rows = [_in_scope(source.rows, name, scope) for name, source in scope.sources.items()]
        if alias in self._trusted:
            return merge_reads(parts)
        groups = {normalize(each) for each in partition}
        back = looks_back(window, over, order)
        return _map_holders(merge_reads([*parts, *rows]), lambda holders: holders & {*groups, back})


def merge_reads(parts: Iterable[Reads]) -> dict[Read, Holders]:
    """All reads; one that is read twice is held by what holds both."""
    found: dict[Read, Holders] = {}
    for reads in parts:
        for read, holders in reads.items():
            before = found.get(read, holders)
            if holders is None or before is None:
                found[read] = before if holders is None else holders
            else:
                found[read] = before & holders
    return found


def _in_scope(reads: Reads, alias: str, scope: _Scope) -> Reads:
    """Reads of a source, with expressions of the scope in place of the source's own columns."""
    return _map_holders(reads, lambda holders: scope.reach(alias, holders))


def _map_holders(reads: Reads, change: Callable[[frozenset[str]], frozenset[str]]) -> Reads:
    return {read: None if holders is None else change(holders) for read, holders in reads.items()}
