"""The online store through Feast: brought up to a night, and read with everything masked that is too old."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from redeye.declarations.calendar import cutoff
from redeye.features import feast_online_redis
from redeye.features.feast_registry import apply, is_file_lost, lock_registry, store_at
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.foundation.task_session import task_session
from redeye.warehouse import release_store

if TYPE_CHECKING:
    from feast import FeatureStore, FeatureView

log = logging.getLogger(__name__)

# What SQLite's `user_version` says of a file that was filled: it goes with the file, and a new one has 0.
FILLED = 1


@task_session()
def materialize(
    snapshot_id: int, night: date, release_id: str, *, connection: str | None = None
) -> dict[str, int]:
    """Bring the online store to what a release knew at the cutoff of `night`; never back.

    Read are the newest rows per key that the TTL still allows at the cutoff. Killed in the middle, it is
    done again in full: the watermark of a view moves after its rows are written.

    Returns:
        Keys written, by view. Views whose watermark is at that night or later are left out; but a lost
        SQLite file, or a Redis that lost its values, is filled again by its last night.
    """
    store = store_at(snapshot_id, connection=connection)
    is_lost = _is_online_lost(store)
    apply(store)
    written: dict[str, int] = {}
    with lock_registry(store):
        for view in store.list_feature_views():
            mark = release_store.watermark(view.name)
            if mark is not None and (mark > night or (mark == night and not is_lost)):
                log.info("%s is online up to %s: night %s is not written over it", view.name, mark, night)
                continue
            written[view.name] = _write_online(store, view, cutoff(night))
            release_store.record_materialization(view.name, night, release_id)
        if written:
            _mark_online_filled(store)
    log.info("materialized release %s: %d keys in %d views", release_id, sum(written.values()), len(written))
    return written


def read_online_features(
    keys: Mapping[str, Sequence[str]], service_name: str, *, as_of: datetime
) -> pd.DataFrame:
    """What the online store has for some keys, with everything masked that the TTL no longer allows.

    Feast itself serves online values whatever their age, while its historical join does not.

    Args:
        keys: entity key column -> values, all of one length.
        service_name: such as `ticket_queue_v1`.
        as_of: timezone-aware instant of the reading; features of a later time are masked too.

    Returns:
        One row per position of the keys, in order: the keys, then `<view>__<feature>`.

    Raises:
        ValueError: if `as_of` has no time zone.
    """
    if as_of.tzinfo is None:
        raise ValueError(f"online_features needs a timezone-aware as_of, got {as_of!r}")
    store = store_at(None)
    apply(store)
    service = store.get_feature_service(service_name)
    ttl = {view.name: view.ttl for view in store.list_feature_views()}
    response = store.get_online_features(service, {name: list(values) for name, values in keys.items()}, True)
    found = response.to_dict(include_event_timestamps=True)
    columns: dict[str, Any] = {name: list(values) for name, values in keys.items()}
    for projection in service.feature_view_projections:
        for feature in projection.features:
            name = f"{projection.name_to_use()}__{feature.name}"
            times = (datetime.fromtimestamp(seconds, UTC) for seconds in found[f"{name}__ts"])
            columns[name] = [
                value
                if at <= as_of and (not (limit := ttl[projection.name]) or as_of - at <= limit)
                else None
                for value, at in zip(found[name], times, strict=True)
            ]
    return pd.DataFrame(columns)


def _write_online(store: FeatureStore, view: FeatureView, at: datetime) -> int:
    """Write the newest row per key that is servable at an instant, by Feast's writer.

    `FeatureStore.materialize` would add an interval to the registry every night for ever, and its
    intermediate frame turns integers with nulls into floats.
    """
    from feast.infra.provider import get_provider
    from feast.utils import _convert_arrow_to_proto

    provider = get_provider(store.config)
    source, ttl = view.batch_source, view.ttl
    if source is None or not ttl:
        raise ConfigError(f"feature view {view.name} needs a source and a TTL to be materialized")
    job = provider.offline_store.pull_latest_from_table_or_query(
        config=store.config,
        data_source=source,
        join_key_columns=view.join_keys,
        feature_name_columns=[field.name for field in view.features],
        timestamp_field=source.timestamp_field,
        created_timestamp_column=source.created_timestamp_column,
        start_date=at - ttl,
        end_date=at,
    )
    rows: pa.Table = job.to_arrow().combine_chunks()
    if rows.num_rows:
        types = {column.name: column.dtype.to_value_type() for column in view.entity_columns}
        provider.online_write_batch(store.config, view, _convert_arrow_to_proto(rows, view, types), None)
    return rows.num_rows


def _is_online_lost(store: FeatureStore) -> bool:
    """Whether what was materialized is not there (yet, or any more)."""
    if url := settings().online_store_url.get_secret_value():
        return not feast_online_redis.is_filled(url, store.project)
    if is_file_lost(store):
        return True
    # Registering makes the file and its tables anew: that it is there does not say that it was filled.
    with closing(sqlite3.connect(store.config.online_store.path)) as con:
        return con.execute("PRAGMA user_version").fetchone() != (FILLED,)


def _mark_online_filled(store: FeatureStore) -> None:
    if url := settings().online_store_url.get_secret_value():
        feast_online_redis.mark_filled(url, store.project)
        return
    with closing(sqlite3.connect(store.config.online_store.path)) as con:
        con.execute(f"PRAGMA user_version = {FILLED}")
