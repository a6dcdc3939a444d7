"""How fast is a year's training frame? Our store, a hand-written ASOF query, Feast's own DuckDB store.

Run `python tests/bench/training_frame.py [FOLDER]`. FOLDER holds Parquet files of the feature tables and of
the entity rows (`feat_*.parquet`, `fct_flights.parquet`), as `COPY … TO` writes them; without it a made-up
year of the same size is used. Each way runs in a process of its own, over the same files; imports and the
reading of definitions are not timed. Ratios are of processor time. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

sys.path[:0] = [str(Path(__file__).parents[2] / "ml")]

from redeye.features import feast_registry  # noqa: E402 -- after the path is set

WAYS = ("plain", "ours", "stock")
SERVICE = "flight_delay_v1"
KEYS = {
    "carrier": 16,
    "origin": 3,
    "destination": 105,
    "route": 224,
    "flight_number": 5700,
    "origin_hour": 57,
}
KEYS |= {"carrier_origin_hour": 390, "date": 366}
FLIGHTS = 336_776
# The stock store fails on a TTL of days and hours, such as ours ("mixed units").
TTL = timedelta(days=8)
# Of the flight numbers ever used only some are scheduled in a week, and only those have a row that night.
SHARE_PER_NIGHT = {"flight_number": 0.25}


def views() -> list[tuple[Any, list[str]]]:
    """The views of the feature service with the features it takes from each."""
    found = feast_registry.load_definitions()
    service = next(each for each in found if getattr(each, "name", "") == SERVICE)
    by_name = {each.name: each for each in found if type(each).__name__ == "FeatureView"}
    for view in by_name.values():
        view.ttl = TTL
    return [
        (by_name[projection.name], [feature.name for feature in projection.features])
        for projection in service.feature_view_projections
    ]


def table(view: Any) -> str:
    """The name of a view's table, which is its file's stem."""
    return str(view.batch_source.relation.removeprefix("features."))


def make_year(folder: Path) -> None:
    """A year of 367 nights with as many flights and keys as the real one; values from a fixed seed."""
    con = duckdb.connect()
    con.execute("SELECT setseed(0.42)")
    picks = [f"'{name}' || (random() * {count - 1})::INTEGER AS {name}_id" for name, count in KEYS.items()]
    columns = ", ".join(picks).replace("AS date_id", "AS flight_date_id")
    con.execute(
        f"COPY (SELECT 'f' || i AS flight_id, {columns}, TIMESTAMP '2013-01-01 08:00'"
        f" + to_days((i * 365 // {FLIGHTS})::INTEGER) AS entity_at FROM range({FLIGHTS}) t(i))"
        f" TO '{folder}/fct_flights.parquet'"
    )
    for view, _ in views():
        entity = view.entities[0]
        key, count = view.join_keys[0], KEYS[entity]
        values = ", ".join(
            f"{'(random() * 1000)::BIGINT' if str(field.dtype) == 'Int64' else 'random()'} AS {field.name}"
            for field in view.features
        )
        con.execute(
            f"COPY (SELECT '{entity}' || k AS {key}, at AS event_at, at - INTERVAL 1 HOUR AS created_at, {values}"
            f" FROM (SELECT TIMESTAMP '2013-01-01 08:00' + to_days(n::INTEGER) AS at FROM range(367) t(n)),"
            f" range({count}) u(k) WHERE random() < {SHARE_PER_NIGHT.get(entity, 1)})"
            f" TO '{folder}/{table(view)}.parquet'"
        )


def entities(folder: Path) -> pa.Table:
    """The entity rows: a number to compare by, the keys, the time."""
    keys = ", ".join(dict.fromkeys(view.join_keys[0] for view, _ in views()))
    return (
        duckdb.connect()
        .execute(
            f"SELECT row_number() OVER () AS n, {keys}, entity_at AS event_timestamp"
            f" FROM '{folder}/fct_flights.parquet' WHERE entity_at IS NOT NULL"
        )
        .to_arrow_table()
    )


def plain(folder: Path) -> Callable[[], pa.Table]:
    """What one would write by hand, if no two rows were ever equal in key and time."""
    con = duckdb.connect(config={"threads": "2"})
    con.register("frame", entities(folder))
    # As for our store: a frame's size is unknown to the planner, which would join it by a nested loop.
    con.execute("SET asof_loop_join_threshold = 0; CREATE TABLE e AS FROM frame")
    columns, joins = [], []
    for view, names in views():
        seconds, at = int(view.ttl.total_seconds()), view.name
        joins.append(
            f"ASOF LEFT JOIN '{folder}/{table(view)}.parquet' AS {at}"
            f" ON e.{view.join_keys[0]} = {at}.{view.join_keys[0]} AND e.event_timestamp >= {at}.event_at"
        )
        valid = f"{at}.event_at + to_seconds({seconds}) >= e.event_timestamp"
        columns += [f"CASE WHEN {valid} THEN {at}.{name} END AS {at}__{name}" for name in names]
    sql = f"SELECT e.n, {', '.join(columns)} FROM e {' '.join(joins)} ORDER BY e.n"
    return lambda: con.execute(sql).to_arrow_table()


def lake_of_files(snapshot_id: int) -> duckdb.DuckDBPyConnection:
    """The connection factory for our store: the files as views of `warehouse`."""
    con = duckdb.connect(config={"threads": "2"})
    con.execute("ATTACH ':memory:' AS warehouse; CREATE SCHEMA warehouse.features")
    for path in Path(sys.argv[2]).glob("feat_*.parquet"):
        con.execute(f"CREATE VIEW warehouse.features.{path.stem} AS FROM '{path}'")
    return con


def references(pairs: list[tuple[Any, list[str]]]) -> list[str]:
    """`view:feature` of all of them."""
    return [f"{view.name}:{name}" for view, names in pairs for name in names]


def ours(folder: Path) -> Callable[[], pa.Table]:
    """The lake store, with `filter_by_created_timestamp` as in training."""
    from redeye.features.feast_offline_store import LakeOfflineStore, LakeOfflineStoreConfig

    store = LakeOfflineStoreConfig(snapshot_id=1, connection="training_frame:lake_of_files")
    config: Any = SimpleNamespace(offline_store=store)
    pairs = views()
    frame = entities(folder).to_pandas()
    get = LakeOfflineStore.get_historical_features
    only = [view for view, _ in pairs]
    return lambda: get(config, only, references(pairs), frame, Mock(), "redeye", True, True).to_arrow()


def stock(folder: Path) -> Callable[[], pa.Table]:
    """Feast's DuckDB store over file sources, with the same filter."""
    import ibis
    from feast import FileSource
    from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig

    ibis.duckdb.connect(threads=2)
    pairs = views()
    for view, _ in pairs:
        view.batch_source = FileSource(
            path=f"{folder}/{table(view)}.parquet",
            timestamp_field="event_at",
            created_timestamp_column="created_at",
        )
    registry = Mock()
    registry.list_on_demand_feature_views.return_value = []
    config: Any = SimpleNamespace(offline_store=DuckDBOfflineStoreConfig(), repo_path=folder)
    frame = entities(folder).to_pandas()
    get = DuckDBOfflineStore.get_historical_features
    only = [view for view, _ in pairs]
    return lambda: get(config, only, references(pairs), frame, registry, "redeye", True, True).to_arrow()


def run(way: str, folder: Path, out: Path) -> dict[str, float]:
    """Time one way in this process and keep its features for comparison."""
    query = {"plain": plain, "ours": ours, "stock": stock}[way](folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, cpu_seconds = [], []
    for _ in range(1 if way == "stock" else 3):
        start, cpu_start = time.perf_counter(), time.process_time()
        result = query()
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pq.write_table(result.sort_by("n"), out)
    return {
        "seconds": round(min(seconds), 2),
        "cpu_seconds": round(min(cpu_seconds), 2),
        "peak_mb": round(peak / 1024),
        "before_mb": round(before / 1024),
        "rows": result.num_rows,
        "columns": result.num_columns,
    }


def differences(left: Path, right: Path) -> int:
    """How many features differ between two results, of equal rows in equal order."""
    one, two = pq.read_table(left), pq.read_table(right)
    names = [name for name in one.column_names if "__" in name and name in two.column_names]
    return sum(not one[name].equals(two[name].cast(one[name].type)) for name in names)


def main() -> None:
    """Run every way in a process of its own and print what came out."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else work
        if folder == work:
            make_year(work)
        report: dict[str, Any] = {}
        for way in WAYS:
            command = [sys.executable, __file__, "--run", str(folder), way, str(work / f"{way}.out")]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            report[way] = json.loads(done.stdout.splitlines()[-1])
        # Processor time of all threads: on a machine with other work, wall time says little.
        seconds = {way: report[way]["cpu_seconds"] for way in WAYS}
        report["ours_to_plain"] = round(seconds["ours"] / seconds["plain"], 2)
        report["stock_to_ours"] = round(seconds["stock"] / seconds["ours"], 2)
        report["features_that_differ"] = {
            way: differences(work / "ours.out", work / f"{way}.out") for way in ("plain", "stock")
        }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        sys.stdout.write(json.dumps(run(sys.argv[3], Path(sys.argv[2]), Path(sys.argv[4]))) + "\n")
    else:
        main()
