"""The lake store equals Feast's DuckDB store wherever that one is right, and is right where it is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import duckdb
import numpy as np
import pandas as pd
import pytest
from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.data_source import DataSource
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from feast.types import Float64, Int64, String
from hypothesis import given, settings
from hypothesis import strategies as st

from redeye.features.feast_lake_source import LakeSource
from redeye.features.feast_offline_store import LakeOfflineStore, LakeOfflineStoreConfig
from redeye.foundation.errors import ConfigError

BASE = pd.Timestamp("2013-04-04 07:00")
HOUR = pd.Timedelta(hours=1)
TTL_HOURS = 4
SCHEMA = [
    Field(name="carrier_id", dtype=String),
    Field(name="rate", dtype=Float64),
    Field(name="flights", dtype=Int64),
]
REFS = ["carrier_delays:rate", "carrier_delays:flights"]

_lake: duckdb.DuckDBPyConnection


def connect_at(snapshot_id: int) -> duckdb.DuckDBPyConnection:
    """The connection factory that the configuration below names."""
    return _lake


@pytest.fixture(autouse=True)
def lake() -> duckdb.DuckDBPyConnection:
    global _lake
    _lake = duckdb.connect()
    _lake.execute("ATTACH ':memory:' AS warehouse; CREATE SCHEMA warehouse.features")
    return _lake


def _config(**changes: Any) -> Any:
    store = LakeOfflineStoreConfig(connection=f"{__name__}:connect_at", **{"snapshot_id": 1, **changes})
    return SimpleNamespace(offline_store=store, repo_path=Path())


def _view(source: DataSource, **changes: Any) -> FeatureView:
    entity = Entity(name="carrier", join_keys=["carrier_id"], value_type=ValueType.STRING)
    return FeatureView(
        **{
            "name": "carrier_delays",
            "entities": [entity],
            "schema": SCHEMA,
            "source": source,
            "ttl": timedelta(hours=TTL_HOURS),
            **changes,
        }
    )


def _publish(frame: pd.DataFrame) -> FeatureView:
    _lake.execute("CREATE OR REPLACE TABLE warehouse.features.feat_carrier__delays AS FROM frame")
    return _view(LakeSource(relation="features.feat_carrier__delays"))


def _ours(
    view: FeatureView, entities: pd.DataFrame | str, refs: list[str] = REFS, **options: Any
) -> pd.DataFrame:
    job = LakeOfflineStore.get_historical_features(
        _config(), [view], refs, entities, Mock(), "redeye", **options
    )
    return job.to_df()


def _stock(frame: pd.DataFrame, entities: pd.DataFrame, folder: Path, **options: Any) -> pd.DataFrame:
    path = folder / "source.parquet"
    frame.to_parquet(path, coerce_timestamps="us", allow_truncated_timestamps=True)
    source = FileSource(path=str(path), timestamp_field="event_at", created_timestamp_column="created_at")
    registry = Mock()
    registry.list_on_demand_feature_views.return_value = []
    config = SimpleNamespace(offline_store=DuckDBOfflineStoreConfig(), repo_path=folder)
    job = DuckDBOfflineStore.get_historical_features(
        config, [_view(source)], REFS, entities.copy(), registry, "redeye", **options
    )
    return job.to_df().sort_values("row", ignore_index=True)


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["carrier_id", "event_at", "created_at", "rate", "flights"])
    hours = {name: pd.to_timedelta(frame[name], unit="h") + BASE for name in ("event_at", "created_at")}
    return frame.assign(**hours).astype({"carrier_id": "string", "rate": "float64", "flights": "Int64"})


def _entities(rows: list[tuple[str | None, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["carrier_id", "event_timestamp"]).astype({"carrier_id": "string"})
    times = (pd.to_timedelta(frame["event_timestamp"], unit="h") + BASE).dt.tz_localize("UTC")
    return frame.assign(event_timestamp=times, row=np.arange(len(frame)))


KEYS = st.sampled_from(["AA", "B6", "UA", None])
HOURS = st.integers(0, 12)
CREATED = st.one_of(st.none(), st.integers(0, 14))
VALUES = st.tuples(st.one_of(st.none(), st.floats(-5, 5)), st.one_of(st.none(), st.integers(-5, 5)))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(KEYS, HOURS, CREATED, VALUES),
        min_size=1,
        max_size=14,
        # The stock store's pick among rows equal in key, event and created is arbitrary.
        unique_by=lambda row: row[:3],
    ),
    entities=st.lists(st.tuples(KEYS, HOURS), min_size=1, max_size=10),
    only_known=st.booleans(),
)
def test_equals_the_stock_store_where_it_is_right(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Any],
    entities: list[tuple[str | None, int]],
    only_known: bool,
) -> None:
    frame = _frame([(key, event, created, *values) for key, event, created, values in rows])
    wanted = _entities(entities)
    ours = _ours(_publish(frame), wanted, filter_by_created_timestamp=only_known)
    stock = _stock(frame, wanted, tmp_path_factory.mktemp("stock"), filter_by_created_timestamp=only_known)
    assert list(ours["row"]) == list(range(len(entities)))
    for name in ("rate", "flights"):
        pd.testing.assert_series_equal(ours[name].astype("Float64"), stock[name].astype("Float64"))


def test_rows_created_after_the_entity_time_are_left_out_on_request() -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1), ("AA", 1, 5, 666.0, 666)]))
    entities = _entities([("AA", 2)])
    assert _ours(view, entities, filter_by_created_timestamp=True)["rate"].tolist() == [1.0]
    assert _ours(view, entities)["rate"].tolist() == [666.0]


def test_entity_rows_keep_order_columns_and_duplicates() -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1)]))
    entities = _entities([("ZZ", 1), ("AA", 1), (None, 1), ("AA", 1), ("AA", 9)]).assign(note=list("abcde"))
    result = _ours(view, entities)
    kept = result[entities.columns].astype(entities.dtypes)
    pd.testing.assert_frame_equal(kept, entities)
    assert result["rate"].isna().tolist() == [True, False, True, False, True]


def test_entity_rows_may_be_sql_with_naive_times(lake: duckdb.DuckDBPyConnection) -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1)]))
    lake.execute("CREATE SCHEMA warehouse.marts")
    lake.execute(
        "CREATE TABLE warehouse.marts.fct_flights AS SELECT 'AA' AS carrier_id, unnest("
        "[TIMESTAMP '2013-04-04 06:00', TIMESTAMP '2013-04-04 08:00']) AS entity_at"
    )
    result = _ours(
        view, "SELECT carrier_id, entity_at FROM warehouse.marts.fct_flights ORDER BY entity_at DESC"
    )
    assert result["rate"].fillna(-1).tolist() == [1.0, -1]
    assert result["entity_at"].tolist() == [
        pd.Timestamp("2013-04-04 08:00"),
        pd.Timestamp("2013-04-04 06:00"),
    ]


def test_text_times_and_categories_are_understood() -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1)]))
    entities = pd.DataFrame(
        {
            "carrier_id": pd.Categorical(["AA", "AA"]),
            "event_timestamp": ["2013-04-04T03:00:00-04:00", "2013-04-04T06:59:59Z"],
        }
    )
    assert _ours(view, entities)["rate"].fillna(-1).tolist() == [1.0, -1]


def test_full_feature_names_and_aliases() -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1), ("B6", 0, 0, 2.0, 2)]))
    other = view.with_name("rival_delays").with_join_key_map({"carrier_id": "rival_id"})
    entities = _entities([("AA", 1)]).assign(rival_id="B6")
    job = LakeOfflineStore.get_historical_features(
        _config(),
        [view, other],
        ["carrier_delays:rate", "rival_delays:rate"],
        entities,
        Mock(),
        "redeye",
        True,
    )
    row = job.to_df().iloc[0]
    assert (row["carrier_delays__rate"], row["rival_delays__rate"]) == (1.0, 2.0)


def test_mapped_columns_keep_their_feature_names() -> None:
    frame = _frame([("AA", 0, 0, 1.0, 1)]).rename(columns={"rate": "late_share"})
    _publish(frame)
    source = LakeSource(relation="features.feat_carrier__delays", field_mapping={"late_share": "rate"})
    assert _ours(_view(source), _entities([("AA", 1)]))["rate"].tolist() == [1.0]


def test_latest_and_all_rows_between_two_instants() -> None:
    view = _publish(
        _frame([("AA", 0, 0, 1.0, 1), ("AA", 2, 2, 2.0, 2), ("AA", 2, 3, 3.0, 3), ("AA", 5, 5, 9.0, 9)])
    )
    start, end = ((BASE + hours * HOUR).tz_localize("UTC").to_pydatetime() for hours in (1, 2))
    arguments = (_config(), view.batch_source, ["carrier_id"], ["rate"], "event_at", "created_at", start, end)
    latest = LakeOfflineStore.pull_latest_from_table_or_query(*arguments).to_df()
    assert latest["rate"].tolist() == [3.0]
    assert latest["event_at"].tolist() == [pd.Timestamp("2013-04-04 09:00", tz="UTC")]
    every = LakeOfflineStore.pull_all_from_table_or_query(*arguments).to_df()
    assert sorted(every["rate"]) == [2.0, 3.0]


def test_source_survives_the_registry() -> None:
    source = LakeSource(
        relation="features.feat_carrier__delays",
        description="Delays.",
        tags={"layer": "features"},
        field_mapping={"a": "b"},
    )
    assert DataSource.from_proto(source.to_proto()) == source
    assert source != LakeSource(relation="features.feat_origin__delays", name=source.name)


def test_source_is_checked_against_the_lake() -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1)]).drop(columns="created_at"))
    with pytest.raises(ConfigError, match="feat_carrier__delays has no column created_at"):
        view.batch_source.validate(_config())


@pytest.mark.parametrize(
    ("refs", "entities", "error", "message"),
    [
        (["carrier_delays:rate", "made_up:x"], _entities([("AA", 1)]), NotImplementedError, "made_up:x"),
        (REFS, None, NotImplementedError, "give entity rows"),
        (REFS, _entities([("AA", 1)]).drop(columns="carrier_id"), ConfigError, "needs carrier_id"),
        (REFS, _entities([("AA", 1)]).assign(rate=1.0), ConfigError, "already have a column rate"),
        (REFS, pd.DataFrame({"carrier_id": ["AA"]}), ConfigError, "event_timestamp"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(
    refs: list[str], entities: Any, error: type[Exception], message: str
) -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1)]))
    with pytest.raises(error, match=message):
        _ours(view, entities, refs)


def test_the_head_is_never_read() -> None:
    view = _publish(_frame([("AA", 0, 0, 1.0, 1)]))
    job = LakeOfflineStore.get_historical_features(
        _config(snapshot_id=None), [view], REFS, _entities([("AA", 1)]), Mock(), "redeye"
    )
    with pytest.raises(ConfigError, match="read at a release"):
        job.to_df()


def test_nothing_is_written_to_the_lake() -> None:
    view = _view(LakeSource(relation="features.feat_carrier__delays"))
    with pytest.raises(NotImplementedError, match="built by dbt"):
        LakeOfflineStore.offline_write_batch(_config(), view, Mock(), None)
    with pytest.raises(NotImplementedError, match="does not log features"):
        LakeOfflineStore.write_logged_features(_config(), Mock(), Mock(), Mock(), Mock())
