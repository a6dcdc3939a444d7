"""Plays a project that predicts whoever rows are of, with an outage that ends late, and builds the same nights at once.

Run as a program with `REDEYE_PROJECT`, since a process runs one project:
`entity_story.py HOME FIRST LAST NIGHTS HELD RESULT`; `HELD` is a folder of files that come with the last night only.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from throwaway import installation

from redeye.declarations.calendar import shift_nights
from redeye.declarations.project import project
from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.monitoring import monitor
from redeye.operations import build_nights
from redeye.promotion.train import train_night
from redeye.scoring import outputs_store, score
from redeye.sources import ingest
from redeye.sources.configured_source import load_source
from redeye.warehouse import build, dbt, lake, raw_tables, release_store
from redeye.warehouse.loaded_deliveries import list_loaded_deliveries


def play(first: date, last: date, nights: int, held: Path, folder: Path) -> dict[str, Any]:
    """Learn from the nights `first` to `last`, play some one by one; what each release holds is written to a folder."""
    (model,) = load_valid_specs(SPECS)
    told: list[dict[str, Any]] = []
    ingest.ingest_nights(first, last)
    build.publish(build_nights.transform(first, last, holder="history", kind="history"))
    trained = train_night(model, last, run_id="first", actor="test", reason="first training")
    newest = shift_nights(last, nights)
    for step in range(1, nights + 1):
        night = shift_nights(last, step)
        if night == newest:
            write_tables(folder / "before")
            shutil.copytree(held, PROJECT_ROOT / "data", dirs_exist_ok=True)
        ingest.ingest_nights(first if night == newest else night, night)
        build.publish(build_nights.transform(night, night, holder=f"night {night}"))
        scored = score.score_night(model, night, run_id=f"score_{night}")
        score.export_night(model, night)
        told.append(scored)
    verdict = monitor.monitor_night(model, newest, "monitor")["verdict"]
    write_tables(folder / "played")
    build_at_once(first, newest, folder)
    unbuilt = shift_nights(newest, 1)
    ingest.ingest_nights(unbuilt, unbuilt)
    degraded = score.score_night(model, unbuilt, run_id="degraded", is_degraded_allowed=True)
    predictions = outputs_store.read("predictions", model, last, unbuilt)
    return {
        "trained": {
            "is_promoted": trained.is_promoted,
            "reason": trained.reason,
            "algorithm": trained.algorithm,
        },
        "nights": told,
        "verdict": verdict,
        "degraded": degraded,
        "predictions": json.loads(predictions.astype(str).to_json(orient="records")),
    }


def write_tables(folder: Path) -> None:
    """Write every mart and feature table of the newest release as Parquet."""
    release = release_store.latest_release()
    assert release is not None
    with lake.connect_at(release.snapshot_id) as con:
        copy_tables(con, folder)
        con.execute(f"COPY warehouse.raw.deliveries TO '{folder.with_suffix('.deliveries.parquet')}'")


def copy_tables(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    folder.mkdir(parents=True)
    found = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = 'warehouse' AND table_schema IN ('marts', 'features')"
    ).fetchall()
    for schema, name in found:
        con.execute(f"COPY warehouse.{schema}.{name} TO '{folder / name}.parquet'")


def build_at_once(first: date, last: date, folder: Path) -> None:
    """Build all nights once more, in a lake apart, with everything that is known by the last of them.

    The lake is new to what was delivered, as one is where the span was declared just now.
    """
    release = release_store.latest_release()
    assert release is not None
    events = f"{project().project}__events"
    with lake.connect_at(release.snapshot_id) as con:
        rows = con.execute(f"SELECT * FROM warehouse.raw.{events}").to_arrow_table()
    target, data = f"ducklake:{folder / 'catalog.ducklake'}", f"{folder / 'data'}/"
    with lake.connect() as con:
        con.execute(f"ATTACH '{target}' AS warehouse (DATA_PATH '{data}', DATA_INLINING_ROW_LIMIT 0)")
        raw_tables.create_tables(con, load_source(), loaded=list_loaded_deliveries)
        raw_tables.set_build_window(con, first, last)
        con.register("rows", rows)
        con.execute(f"INSERT INTO warehouse.raw.{events} SELECT * FROM rows")
        con.execute(f"COPY warehouse.raw.deliveries TO '{folder / 'filled.parquet'}'")
    dbt.build(attach=target, data_path=data, target_dir=folder / "dbt")
    with lake.connect() as con:
        con.execute(f"ATTACH '{target}' AS warehouse (READ_ONLY)")
        copy_tables(con, folder / "at_once")


if __name__ == "__main__":
    home, first, last, nights, held, result = sys.argv[1:]
    with installation(Path(home)):
        found = play(
            date.fromisoformat(first), date.fromisoformat(last), int(nights), Path(held), Path(result).parent
        )
    Path(result).write_text(json.dumps(found, default=str), encoding="utf-8")
