"""The training frame of a release: our store, a hand-written ASOF query, Feast's own DuckDB store."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from figures import Figure

MODULE = Path(__file__).with_name("training_frame.py")
TO_PLAIN, TO_STOCK = 2.0, 8.0


def export(folder: str) -> int:
    """Write the head's feature tables and flights as Parquet files; run as a child. Returns the flights."""
    from redeye.warehouse import lake, release_store

    head = release_store.latest_release()
    assert head is not None
    with lake.connect_at(head.snapshot_id) as con:
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'warehouse' "
            "AND (schema_name = 'features' OR table_name = 'fct_flights')"
        ).fetchall()
        for schema, table in tables:
            con.execute(f"COPY warehouse.{schema}.{table} TO '{folder}/{table}.parquet'")
        row = con.execute("SELECT count(*) FROM warehouse.marts.fct_flights").fetchone()
    return int(row[0]) if row else 0


def measure(folder: Path) -> dict[str, Any]:
    """All three ways over the same files, each in a process of its own."""
    ran = subprocess.run(
        [sys.executable, str(MODULE), str(folder)], check=True, capture_output=True, text=True
    )
    return dict(json.loads(ran.stdout[ran.stdout.index("{") :]))


def figures(found: dict[str, Any]) -> list[Figure]:
    """A line against the hand-written query, and one against the stock store."""
    ours, differ = found["ours"], found["features_that_differ"]
    is_equal = (
        not any(differ.values()) and len({found[way]["rows"] for way in ("ours", "plain", "stock")}) == 1
    )
    name = f"training frame, {ours['rows']:,} rows"
    lines = []
    for way, title, ratio, target, is_met in (
        ("plain", "plain ASOF", found["ours_to_plain"], f"at most {TO_PLAIN:.0f}x", TO_PLAIN),
        ("stock", "Feast's store", found["stock_to_ours"], f"it takes {TO_STOCK:.0f}x or more", TO_STOCK),
    ):
        is_fast = ratio <= is_met if way == "plain" else ratio >= is_met
        lines.append(
            Figure(
                f"{name}, against {title}",
                "cpu s",
                ours=ours["cpu_seconds"],
                plain=found[way]["cpu_seconds"],
                ratio=ratio,
                target=target,
                is_met=is_fast and is_equal,
                note=f"wall {ours['seconds']:.1f} against {found[way]['seconds']:.1f} s; "
                f"{differ[way]} features differ",
                detail=found,
            )
        )
    return lines
