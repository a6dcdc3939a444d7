"""How every column of the warehouse is defined, as a digest of each: two versions of the code differ by column.

A column's digest is made of its expression, of what decides which rows there are, and of the digests of all columns
that these read, down to the sources. Names of tables, queries and aliases on the way, comments and layout are not in
it. So a column that is added beside others leaves these as they are, and an edit far upstream reaches every column
that is made from it. What cannot be followed counts as a whole: then any edit of it is a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.schema import MappingSchema

from redeye.warehouse.logic.column_lineage import ROWS, Read
from redeye.warehouse.logic.query_digests import Known, NotFollowedError, Queries, digest
from redeye.warehouse.logic.sql_facts import DIALECT, make_schema, qualify_query


@dataclass(frozen=True)
class Definition:
    """How one relation is made.

    Attributes:
        name: `schema.table`.
        columns: their types by name, as declared; "" where none is.
        sql: the query, the same for every night; "" for a source.
        how: digest of what is not in the query: configuration, and macros that write to the warehouse.
        path: of the model's file in the repository.
        key: columns by which its rows are tested to be one each; empty if they are not.
    """

    name: str
    columns: Mapping[str, str]
    sql: str = ""
    how: str = ""
    path: str = ""
    key: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Definition:
        """From its JSON form."""
        return cls(**{**values, "key": tuple(values["key"])})


@dataclass(frozen=True)
class Definitions:
    """All relations of one version of the code."""

    relations: Mapping[str, Definition]
    catalog: str
    _found: dict[str, Known] = field(default_factory=dict, compare=False)

    def digest(self, read: Read) -> str | None:
        """The digest of a column, or of the rows of a relation; None if there is no such column."""
        definition = self.relations.get(read.relation)
        if definition is None or (read.column != ROWS and read.column not in definition.columns):
            return None
        known = self.find(read.relation)
        return known.rows if read.column == ROWS else known.columns.get(read.column)

    def find(self, name: str) -> Known:
        """A relation as others find it."""
        if name not in self._found:
            definition = self.relations[name]
            # What a relation reads of itself, of the night before, is its own column whatever that is.
            leaves = {column: digest("column", name, column) for column in definition.columns}
            self._found[name] = Known(leaves, digest("rows", name))
            if definition.sql:
                self._found[name] = self._digest_definition(definition)
        return self._found[name]

    def _relation(self, name: str) -> Known | None:
        return self.find(name) if name in self.relations else None

    def upstream(self, name: str) -> set[str]:
        """A relation and all that it is made from."""
        waiting, found = [name], set()
        while waiting:
            each = waiting.pop()
            if each in self.relations and each not in found:
                found.add(each)
                waiting += _tables(self.relations[each].sql)
        return found

    def _digest_definition(self, definition: Definition) -> Known:
        try:
            tree = qualify_query(definition.sql, self._schema, self.catalog)
            made = Queries(self._relation).query(tree, {}, None, is_keyed=bool(definition.key))
        except (SqlglotError, NotFollowedError):
            made = self._digest_unfollowed(definition)
        columns = {
            name: digest(made.columns.get(name, made.whole), kind, definition.how)
            for name, kind in definition.columns.items()
        }
        return Known(columns, digest(made.rows, definition.how))

    def _digest_unfollowed(self, definition: Definition) -> Known:
        above = sorted(_tables(definition.sql) & self.relations.keys()) or sorted(self.relations)
        read = [self.find(each).whole for each in above if each != definition.name]
        return Known({}, digest(" ".join(definition.sql.split()), *read))

    @cached_property
    def _schema(self) -> MappingSchema:
        return make_schema({name: each.columns for name, each in self.relations.items()}, self.catalog)


@dataclass(frozen=True)
class Edit:
    """A column that another version of the code defines otherwise, or lacks, and the files that differ on its way."""

    read: Read
    is_gone: bool
    paths: tuple[str, ...]


def edits(before: Definitions, after: Definitions, columns: Iterable[Read]) -> list[Edit]:
    """Which of some columns are not defined as they were; those that were not there before are new, not edited."""
    found = []
    for read in sorted(set(columns)):
        then, now = before.digest(read), after.digest(read)
        if then is not None and then != now:
            found.append(Edit(read, now is None, _find_edited_files(before, after, read.relation)))
    return found


def _find_edited_files(before: Definitions, after: Definitions, name: str) -> tuple[str, ...]:
    """The files of the models above a relation, and its own, that are not the same in both."""
    there = before.upstream(name) | after.upstream(name)
    pairs = ((before.relations.get(each), after.relations.get(each)) for each in sorted(there))
    return tuple((old or new).path for old, new in pairs if old != new and (old or new).path)  # type: ignore[union-attr]


@lru_cache(maxsize=500)
def _tables(sql: str) -> frozenset[str]:
    if not sql:
        return frozenset()
    try:
        found = sqlglot.parse_one(sql, dialect=DIALECT).find_all(exp.Table)
        return frozenset(f"{each.db}.{each.name}" for each in found)
    except SqlglotError:
        return frozenset()
