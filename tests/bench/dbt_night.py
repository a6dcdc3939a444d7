"""A night's dbt build against the same SQL without dbt: the models' compiled statements through one connection.

The script runs twice: over a plain DuckDB file, which is the plainest there is, and over the lake, which
tells what of the difference is the lake's and what is dbt's. It makes the same tables and tests nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from figures import Cost, Figure, measured, median
from installation import postmaster
from prepared import HOLDER

MODEL_PREFIX = "model."


@dataclass(frozen=True)
class Statement:
    """A model as dbt compiled it for the night."""

    relation: str
    is_view: bool
    sql: str


def measure(night: str, times: int) -> dict[str, Any]:
    """Build the night with dbt, then with the script, `times` times each; run as a child."""
    from redeye.foundation.catalogs import Catalog
    from redeye.foundation.settings import settings
    from redeye.operations import build_nights
    from redeye.sources import ingest
    from redeye.warehouse import dbt, lake

    on = date.fromisoformat(night)
    ingest.ingest_nights(on, on)
    candidate = build_nights.transform(on, on, holder=HOLDER)  # keeps the lease; parses and imports, too
    attach = lake.attach_string(Catalog.WAREHOUSE, token=candidate["token"])
    server = postmaster()
    ours, kinds = [], []
    for _ in range(times):
        with measured(server) as cost:
            built = dbt.build(attach=attach)
        ours.append(cost)
        kinds.append(_seconds_by_kind(built.seconds))
    statements = compiled(built.nodes, settings().home / "dbt" / "target", attach)

    on_lake = lake.connect()
    lake.attach(on_lake, Catalog.WAREHOUSE, token=candidate["token"])
    lake_costs = _timed(on_lake, statements, on, times, server)
    plain = plain_copy(on_lake, settings().home / "plain.duckdb")
    plain_costs = _timed(plain, statements, on, times, None)
    differing = [
        statement.relation
        for statement in statements
        if not statement.is_view
        and _digest(on_lake, statement.relation, on) != _digest(plain, statement.relation, on)
    ]
    return {
        "ours": asdict(median(ours)),
        "plain": asdict(median(plain_costs)),
        "plain_on_the_lake": asdict(median(lake_costs)),
        "nodes": kinds[len(kinds) // 2],
        "models": len(statements),
        "relations_that_differ": differing,
        "repetitions": times,
    }


def compiled(nodes: tuple[str, ...], target: Path, attach: str) -> list[Statement]:
    """The models that ran, in their order, with the SQL that dbt's target folder has of them."""
    from redeye.warehouse import dbt

    with dbt.environment(attach, None):
        manifest = dbt.parse()
    found = []
    for unique_id in nodes:
        if unique_id.startswith(MODEL_PREFIX):
            node = manifest.nodes[unique_id]
            path = target / "compiled" / node.package_name / node.original_file_path
            is_view = node.config.materialized == "view"
            found.append(Statement(f"warehouse.{node.schema}.{node.name}", is_view, path.read_text()))
    return found


def plain_copy(lake_con: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    """A plain DuckDB file with the lake's tables, attached under the lake's alias."""
    path.unlink(missing_ok=True)
    tables = lake_con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'warehouse'"
    ).fetchall()
    lake_con.execute(f"ATTACH '{path}' AS plain")
    for schema, table in tables:
        lake_con.execute(f"CREATE SCHEMA IF NOT EXISTS plain.{schema}")
        lake_con.execute(f"CREATE TABLE plain.{schema}.{table} AS FROM warehouse.{schema}.{table}")
    lake_con.execute("DETACH plain")
    con = duckdb.connect(config={"threads": str(_threads(lake_con))})
    con.execute(f"SET TimeZone = 'UTC'; ATTACH '{path}' AS warehouse")
    for schema in ("staging", "marts"):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS warehouse.{schema}")
    return con


def run_script(con: duckdb.DuckDBPyConnection, statements: list[Statement], night: date) -> None:
    """The plainest way to bring the night into its tables."""
    for each in statements:
        if each.is_view:
            con.execute(f"CREATE OR REPLACE VIEW {each.relation} AS {each.sql}")
            continue
        con.execute(f"CREATE OR REPLACE TEMP TABLE made AS {each.sql}")
        con.execute(
            f"DELETE FROM {each.relation} WHERE night = ? OR night IN (SELECT DISTINCT night FROM made)",
            [night],
        )
        con.execute(f"INSERT INTO {each.relation} BY NAME FROM made")


def figure(found: dict[str, Any]) -> Figure:
    """The line; of processor time, with Postgres' own on our side."""
    ours, plain, lake = (Cost(**found[name]) for name in ("ours", "plain", "plain_on_the_lake"))
    total = ours.cpu_seconds + ours.postgres_cpu_seconds
    nodes = found["nodes"]
    return Figure(
        "dbt night",
        "cpu s",
        ours=total,
        plain=plain.cpu_seconds,
        ratio=total / plain.cpu_seconds,
        is_met=None if not found["relations_that_differ"] else False,
        note=f"wall {ours.seconds:.1f} against {plain.seconds:.1f} s; the script on the lake: "
        f"{lake.seconds:.1f} s, {lake.cpu_seconds + lake.postgres_cpu_seconds:.1f} cpu s; "
        f"nodes: {nodes['models']:.1f} s models, {nodes['tests']:.1f} s tests",
        detail=found,
    )


def _timed(
    con: duckdb.DuckDBPyConnection, statements: list[Statement], night: date, times: int, server: int | None
) -> list[Cost]:
    costs = []
    for _ in range(times):
        with measured(server) as cost:
            run_script(con, statements, night)
        costs.append(cost)
    return costs


def _seconds_by_kind(seconds: dict[str, float]) -> dict[str, float]:
    models = sum(spent for name, spent in seconds.items() if name.startswith(MODEL_PREFIX))
    return {"models": models, "tests": sum(seconds.values()) - models, "count": len(seconds)}


def _threads(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT current_setting('threads')").fetchone()
    return int(row[0]) if row else 1


def _digest(con: duckdb.DuckDBPyConnection, relation: str, night: date) -> Any:
    columns = con.execute(f"SELECT column_name FROM (DESCRIBE {relation}) ORDER BY ALL").fetchall()
    names = ", ".join(f'"{name}"' for (name,) in columns)
    return con.execute(
        f"SELECT count(*), sum(hash({names})::HUGEINT) FROM {relation} WHERE night = ?", [night]
    ).fetchone()
