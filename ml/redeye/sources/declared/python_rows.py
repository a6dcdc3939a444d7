"""Rows of declared datasets that Python yields: mappings, data frames of pandas, tables of Arrow."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from redeye.declarations.project import import_named
from redeye.foundation.errors import DeliveryError
from redeye.sources.declared.logic.text_columns import describe_missing, make_empty_table, make_text_table

ROWS_AT_ONCE = 20_000


def read_rows(
    named: str, columns: Sequence[str], *, since: datetime | None = None, until: datetime | None = None
) -> pa.Table:
    """What the class or function `module:name` yields: the columns asked for, as text.

    Args:
        named: it is called with `since` and `until` if it takes them; what it yields may be more than that.
        columns: which to read.
        since: the instant after which rows are needed; None for all.
        until: the instant up to which they are.

    Raises:
        ConfigError: if it cannot be imported.
        DeliveryError: if it yields something else, or rows without one of the columns.
    """
    made = import_named(named, said_by="redeye.yaml, python:")
    taken = inspect.signature(made).parameters
    bounds = {name: bound for name, bound in (("since", since), ("until", until)) if name in taken}
    tables = [_make_table(part, columns, named) for part in _gather(made(**bounds), named)]
    return pa.concat_tables(tables) if tables else make_empty_table(columns)


def _gather(yielded: Any, named: str) -> Iterator[Any]:  # noqa: ANN401  whatever a project yields
    """Rows in lists of some thousand; frames and tables as they are."""
    rows: list[Mapping[str, object]] = []
    for each in yielded:
        if isinstance(each, Mapping):
            rows.append(each)
        elif isinstance(each, pd.DataFrame | pa.Table):
            yield each
        else:
            raise DeliveryError(
                f"{named} yielded {type(each).__name__}: yield mappings, data frames or Arrow tables"
            )
        if len(rows) == ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _make_table(part: Any, columns: Sequence[str], named: str) -> pa.Table:  # noqa: ANN401
    if isinstance(part, list):
        there, rows = list(part[0]), part
    elif isinstance(part, pa.Table):
        there, rows = part.column_names, part.to_pylist()
    else:
        part = part.astype(object).where(part.notna(), None)
        there, rows = [str(name) for name in part.columns], part.to_dict("records")
    if missing := [name for name in columns if name not in there]:
        raise DeliveryError(f"{named} {describe_missing(missing, there)}")
    return make_text_table(rows, columns)
