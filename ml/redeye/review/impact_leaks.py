"""Whether a feature knows more than its night: the last nights built again without what became known later.

The rule on lineage reads the SQL; this looks at rows. Where a model is trusted in a place that cannot be seen, a row
that differs shows that it should not have been. Rows may differ for another reason: a model that reads the nights of
the build window alone has less history when a night is built by itself. Which of both it is shows where all nights up
to then are built at once: nothing that came later is in them, and no night lacks what was before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from redeye.champions.logic.readers import some
from redeye.declarations.calendar import shift_nights
from redeye.review.sandboxes.sandbox import rebuild
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.review.sandboxes.temporary_sandboxes import hold_copy
from redeye.warehouse import lake
from redeye.warehouse.logic.dbt_models import FEATURES

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# Nights that are left out, and nights before them that are built again.
LEFT_OUT, AGAIN = 7, 2


@dataclass(frozen=True)
class Rebuilt:
    """What nights that were built again show.

    Attributes:
        nights: that were compared; "" where there are too few.
        leaks: a sentence for each feature table whose rows differ without what came later.
        short: a sentence on those whose rows differ when nights are built by themselves, whatever came later.
    """

    nights: str = ""
    leaks: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


def find_leaks(head: Sandbox, manifest: Manifest, models: Sequence[str], *, project: Path) -> Rebuilt:
    """Build the nights before the last week as if it had not happened, and compare with the sandbox of all nights."""
    nodes = [manifest.nodes[each] for each in models]
    names = [f"{node.schema}.{node.alias}" for node in nodes if node.schema == FEATURES]
    last = shift_nights(head.night, -LEFT_OUT)
    first = shift_nights(last, 1 - AGAIN)
    if not names or first <= head.first_night:
        return Rebuilt()

    @contextmanager
    def build_again(name: str, since: date | None) -> Iterator[Sandbox]:
        with hold_copy(head, name) as copied:
            with copied.connect(is_writable=True) as con:
                _forget(con, str(last), str(first))
            rebuild(
                copied, models, project=project, first=since, last=last, is_tested=False, manifest=manifest
            )
            yield copied

    def compare(one: Sandbox, other: Sandbox) -> dict[str, date]:
        """The first night of each table that differs."""
        with lake.connect() as con:
            one.attach_to(con, "one")
            other.attach_to(con, "other")
            found = {name: _find_difference(con, name, str(first), str(last)) for name in names}
        return {name: night for name, night in found.items() if night}

    with build_again("-then", first) as then:
        if not compare(head, then):
            return Rebuilt(f"{first} to {last}")
        with build_again("-at-once", None) as at_once:
            leaks, short = compare(head, at_once), compare(then, at_once)
    return Rebuilt(
        f"{first} to {last}",
        tuple(
            f"{_title(name)} has other rows for night {night} when the nights after {last} have not happened yet"
            for name, night in leaks.items()
        ),
        tuple(_describe_short(short)),
    )


def _describe_short(short: dict[str, date]) -> Iterator[str]:
    """One sentence for all tables: they often come from one model."""
    if short:
        yield (
            f"{some([_title(name) for name in short])}: other rows for night {min(short.values())} when it is built by "
            "itself, as every night is, than when all are built at once. It is no leak: a model reads the nights of "
            "the build window alone where it needs those before (read from `{{ first_night() }}` less the nights that "
            "it looks back on), or its incremental branch is another"
        )


def _title(name: str) -> str:
    return name.rpartition(".")[2]


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


def _find_difference(con: duckdb.DuckDBPyConnection, name: str, first: str, last: str) -> date | None:
    """The first night of which a table has other rows in one state than in the other."""
    one, other = (
        f"(SELECT * FROM {alias}.{name} WHERE night BETWEEN DATE '{first}' AND DATE '{last}')"
        for alias in ("one", "other")
    )
    found = con.execute(
        f"SELECT min(night) FROM ({one} EXCEPT ALL {other} UNION ALL ({other} EXCEPT ALL {one}))"
    ).fetchone()
    return found[0] if found else None
