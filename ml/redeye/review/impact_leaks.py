"""Whether a feature knows more than its night: the last nights built again without what became known later.

The rule on lineage reads the SQL; this looks at rows. Where a model is trusted in a place that cannot be seen, a row
that differs shows that it should not have been.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from redeye.review import sandbox_catalog as sandbox
from redeye.review.sandbox import rebuild
from redeye.review.sandbox_catalog import Sandbox
from redeye.warehouse import lake
from redeye.warehouse.logic.dbt_models import FEATURES

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# Nights that are left out, and nights before them that are built again.
LEFT_OUT, AGAIN = 7, 2


def leaks(
    head: Sandbox, manifest: Manifest, models: Sequence[str], *, project: Path
) -> tuple[str, tuple[str, ...]]:
    """Build the nights before the last week as if it had not happened, and compare with the sandbox of all nights.

    Returns:
        The nights that were compared, and a sentence for each feature table whose rows differ.
    """
    nodes = [manifest.nodes[each] for each in models]
    names = [f"{node.schema}.{node.alias}" for node in nodes if node.schema == FEATURES]
    last = head.night - timedelta(days=LEFT_OUT)
    first = last - timedelta(days=AGAIN - 1)
    if not names or first <= head.first_night:
        return "", ()
    then = sandbox.copy(head, f"impact-then-{os.getpid()}")
    try:
        with then.connect(is_writable=True) as con:
            _forget(con, str(last), str(first))
        rebuild(then, models, project=project, first=first, last=last, is_tested=False, manifest=manifest)
        with lake.connect() as con:
            head.attach_to(con, "later")
            then.attach_to(con, "earlier")
            found = [_describe_leak(con, name, str(first), str(last)) for name in names]
    finally:
        sandbox.drop(then.name)
    return f"{first} to {last}", tuple(each for each in found if each)


def _forget(con: duckdb.DuckDBPyConnection, last: str, first: str) -> None:
    """Take out what came after a night; and of what is built, the nights that are built again."""
    columns = con.execute(
        "SELECT schema_name, table_name, list(column_name) FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE database_name = 'warehouse' GROUP BY ALL"
    ).fetchall()
    for schema, table, names in columns:
        if "arrival_night" in names:
            con.execute(f"DELETE FROM warehouse.{schema}.{table} WHERE arrival_night > DATE '{last}'")
        elif "night" in names:
            kept = f"night > DATE '{last}'" if schema == "intermediate" else f"night >= DATE '{first}'"
            con.execute(f"DELETE FROM warehouse.{schema}.{table} WHERE {kept}")


def _describe_leak(con: duckdb.DuckDBPyConnection, name: str, first: str, last: str) -> str:
    rows = [
        f"(SELECT * FROM {alias}.{name} WHERE night BETWEEN DATE '{first}' AND DATE '{last}')"
        for alias in ("later", "earlier")
    ]
    found = con.execute(
        f"SELECT count(*), min(night) FROM ({rows[0]} EXCEPT ALL {rows[1]} UNION ALL ({rows[1]} EXCEPT ALL {rows[0]}))"
    ).fetchone()
    if not found or not found[0]:
        return ""
    table = name.rpartition(".")[2]
    return f"{table} has other rows for night {found[1]} when the nights after {last} have not happened yet"
