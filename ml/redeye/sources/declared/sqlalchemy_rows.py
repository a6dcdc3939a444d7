"""Rows of declared datasets that come from a database, by SQLAlchemy, every value as text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo

import pyarrow as pa
import sqlalchemy as sa

from redeye.declarations.datasets import Sql
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.foundation.logic.visible_text import hide_passwords
from redeye.sources.declared.logic.text_columns import (
    describe_missing,
    format_value,
    make_empty_table,
    make_text_table,
)

ROWS_AT_ONCE = 20_000


def read_rows(
    declared: Sql, columns: Sequence[str], *, since: datetime | None = None, zone: tzinfo = UTC
) -> pa.Table:
    """The rows whose cursor is after an instant or missing, all without one: the columns asked for, as text.

    Args:
        declared: what `redeye.yaml` says.
        columns: which to read.
        since: the instant.
        zone: of instants that the database keeps without one.

    Raises:
        ConfigError: if the variable with the URL is not set, or is none.
        DeliveryError: if table, column or query are not there, or wrong.
    """
    with _connect(declared) as con:
        relation = _find_relation(con, declared)
        chosen = sa.select(*[relation.c[name] for name in _require(declared, relation, columns)])
        if since and declared.cursor:
            bound = _adapt(con, relation.c[declared.cursor], since, zone)
            if bound is not None:
                cursor = relation.c[declared.cursor]
                chosen = chosen.where(sa.or_(cursor > bound, cursor.is_(None)))
        result = con.execution_options(yield_per=ROWS_AT_ONCE).execute(chosen)
        parts = result.mappings().partitions()
        tables = [make_text_table([dict(row) for row in part], columns) for part in parts]
    return pa.concat_tables(tables) if tables else make_empty_table(columns)


def read_extremes(declared: Sql, column: str) -> list[str]:
    """The least and the greatest value of a column as text; none if it has none.

    Raises:
        ConfigError, DeliveryError: as `read_rows`.
    """
    with _connect(declared) as con:
        relation = _find_relation(con, declared)
        at = relation.c[_require(declared, relation, [column])[0]]
        found = con.execute(sa.select(sa.func.min(at), sa.func.max(at))).one()
    return [format_value(value) for value in found if value is not None]


@contextmanager
def _connect(declared: Sql) -> Iterator[sa.Connection]:
    url = os.environ.get(declared.url_env)
    if not url:
        raise ConfigError(f"{declared.url_env} is not set: `sql.url_env` in redeye.yaml names it")
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
    except (sa.exc.ArgumentError, ImportError):
        # What it says may repeat the password.
        raise ConfigError(
            f"{declared.url_env} is no SQLAlchemy URL, or its driver is not installed"
        ) from None
    try:
        with engine.connect() as con:
            yield con
    except sa.exc.ProgrammingError as error:
        raise DeliveryError(f"{_name(declared)} cannot be read: {hide_passwords(str(error.orig))}") from error
    finally:
        engine.dispose()


def _find_relation(con: sa.Connection, declared: Sql) -> sa.FromClause:
    if declared.query:
        # A colon is no parameter of ours.
        query = declared.query.strip().rstrip(";").replace(":", r"\:")
        head = con.execute(sa.text(f"SELECT * FROM ({query}) AS q WHERE 1 = 0"))
        columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in head.keys()]  # noqa: SIM118  no mapping
        return sa.text(query).columns(*columns).subquery("q")
    schema, _, name = (declared.table or "").rpartition(".")
    try:
        return sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=con)
    except sa.exc.NoSuchTableError as error:
        there = sa.inspect(con).get_table_names(schema or None)
        raise DeliveryError(
            f"there is no table {declared.table}; there are {', '.join(sorted(there))}"
        ) from error


def _require(declared: Sql, relation: sa.FromClause, columns: Sequence[str]) -> Sequence[str]:
    there = list(relation.c.keys())
    if missing := [name for name in columns if name not in there]:
        raise DeliveryError(f"{_name(declared)} {describe_missing(missing, there)}")
    return columns


def _name(declared: Sql) -> str:
    return f"the table {declared.table}" if declared.table else "the query"


def _adapt(
    con: sa.Connection, cursor: sa.ColumnElement[object], since: datetime, zone: tzinfo
) -> datetime | date | None:
    """An instant as the cursor's own kind of value; None if it is of a kind that has no order of time."""
    sample = con.execute(sa.select(cursor).where(cursor.is_not(None)).limit(1)).scalar()
    if isinstance(sample, datetime):
        return since if sample.tzinfo else since.astimezone(zone).replace(tzinfo=None)
    if isinstance(sample, date):
        local = since.astimezone(zone).date()
        return date.fromordinal(local.toordinal() - 1)
    return None
