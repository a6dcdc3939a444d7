# ruff: noqa: ARG002, ARG004 -- the signatures are Feast's
"""Feast's offline store over the lake, read at one release's snapshot.

Feast finds the store by name, in `feature_store.yaml`; the signatures are Feast's. What is read is a
`LakeSource`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from feast.data_source import DataSource
from feast.feature_logging import LoggingConfig, LoggingSource
from feast.feature_view import DUMMY_ENTITY_ID, FeatureView
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.infra.registry.base_registry import BaseRegistry
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.saved_dataset import SavedDatasetStorage

from redeye.declarations.specs import ENTITY_TIME
from redeye.features.feast_lake_source import LakeSource, cursor
from redeye.features.point_in_time import ViewQuery, format_literal, join, quote
from redeye.foundation.errors import ConfigError

log = logging.getLogger(__name__)


class LakeOfflineStoreConfig(FeastConfigBaseModel):
    """The `offline_store` section of `feature_store.yaml`."""

    type: str = "redeye.features.feast_offline_store.LakeOfflineStore"
    snapshot_id: int | None = None
    """The snapshot of the release to read. Set by our code for each read; nothing reads the head."""
    connection: str = "redeye.warehouse.lake:connect_at"
    """`module:function` that takes a snapshot id and gives a DuckDB connection with the alias `warehouse`."""


class LakeRetrievalJob(RetrievalJob):
    """A query that runs when its result is asked for."""

    def __init__(
        self, run: Callable[[], pa.Table], *, full_feature_names: bool, metadata: RetrievalMetadata
    ) -> None:
        super().__init__()
        self._run = run
        self._full_feature_names = full_feature_names
        self._metadata = metadata

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._run()

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return self._run().to_pandas()

    @property
    def full_feature_names(self) -> bool:
        """Whether features carry their view's name."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """None: they are refused before."""
        return []

    @property
    def metadata(self) -> RetrievalMetadata:
        """Features and keys asked for."""
        return self._metadata

    def persist(
        self, storage: SavedDatasetStorage, allow_overwrite: bool = False, timeout: int | None = None
    ) -> None:
        """Refused: a training frame is kept by its release id, not as a copy."""
        raise NotImplementedError(
            "saved datasets are not supported: keep the release id and the entity query instead"
        )


class LakeOfflineStore(OfflineStore):
    """Reads feature tables of the warehouse; never writes there (dbt does)."""

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str | None,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,
        filter_by_created_timestamp: bool = False,
        **unsupported: object,
    ) -> RetrievalJob:
        """Every entity row, in order, with the features that were known at its time.

        `entity_df` is a frame, or SQL over the alias `warehouse`. Its time column is `event_timestamp`, or
        the only timestamp there is; without a zone it is UTC. With `filter_by_created_timestamp` rows created
        after the entity row's time are left out.

        Raises:
            NotImplementedError: for on-demand features, and for a time range instead of entity rows.
        """
        if entity_df is None or unsupported:
            raise NotImplementedError("give entity rows: a range of dates without them is not supported")
        views = [_view_query(view, feature_refs, full_feature_names) for view in feature_views]
        known = tuple(f"{view.projection.name_to_use()}:" for view in feature_views)
        on_demand = [ref for ref in feature_refs if not ref.startswith(known)]
        if on_demand:
            raise NotImplementedError(f"on-demand features are not supported: {', '.join(on_demand)}")

        def run() -> pa.Table:
            con = cursor(config)
            entities = (
                con.execute(entity_df).to_arrow_table() if isinstance(entity_df, str) else _arrow(entity_df)
            )
            time_column = _time_column(entities)
            _check(entities, views)
            return join(con, entities, time_column, views, only_known=filter_by_created_timestamp)

        keys = sorted({entity for view in views for entity in view.keys.values()})
        metadata = RetrievalMetadata(features=feature_refs, keys=keys)
        return LakeRetrievalJob(run, full_feature_names=full_feature_names, metadata=metadata)

    @staticmethod
    def pull_latest_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime,
        end_date: datetime,
    ) -> RetrievalJob:
        """The newest row of each key between two instants, both included: what is materialized."""
        order = [f"{_cast(timestamp_field)} DESC"]
        order += [f"{quote(created_timestamp_column)} DESC NULLS LAST"] if created_timestamp_column else []
        order += [f"{quote(column)} DESC NULLS LAST" for column in sorted(feature_name_columns)]
        keys = ", ".join(quote(column) for column in join_key_columns)
        partition = f"PARTITION BY {keys} " if keys else ""
        newest = f"QUALIFY row_number() OVER ({partition}ORDER BY {', '.join(order)}) = 1"
        columns = [*join_key_columns, *feature_name_columns]
        times = (timestamp_field, created_timestamp_column)
        return _scan(config, data_source, columns, times, start_date, end_date, newest)

    @staticmethod
    def pull_all_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """Every row between two instants, both included; an instant left out does not bound."""
        columns = [*join_key_columns, *feature_name_columns]
        times = (timestamp_field, created_timestamp_column)
        return _scan(config, data_source, columns, times, start_date, end_date)

    @staticmethod
    def write_logged_features(
        config: RepoConfig,
        data: pa.Table | Path,
        source: LoggingSource,
        logging_config: LoggingConfig,
        registry: BaseRegistry,
    ) -> None:
        """Refused: what was served is on the prediction rows."""
        raise NotImplementedError(
            "the lake store does not log features: predictions carry what they were made from"
        )

    @staticmethod
    def offline_write_batch(
        config: RepoConfig, feature_view: FeatureView, table: pa.Table, progress: Callable[[int], Any] | None
    ) -> None:
        """Refused: feature tables are built by dbt and released after an audit."""
        raise NotImplementedError(
            f"{feature_view.name} is built by dbt: the lake store never writes feature tables"
        )


def _view_query(view: FeatureView, feature_refs: list[str], full_feature_names: bool) -> ViewQuery:
    source = view.batch_source
    if not isinstance(source, LakeSource):
        raise ConfigError(f"feature view {view.name} needs a LakeSource, not {type(source).__name__}")
    column_of = {new: old for old, new in source.field_mapping.items()}
    prefix = f"{view.projection.name_to_use()}:"
    names = [ref.removeprefix(prefix) for ref in feature_refs if ref.startswith(prefix)]
    label = view.projection.name_alias or view.name
    # A projection maps only the keys it renames; Feast's own stores would then drop the others.
    renamed = view.projection.join_key_map
    keys = {column.name: renamed.get(column.name, column.name) for column in view.entity_columns}
    keys.pop(DUMMY_ENTITY_ID, None)
    return ViewQuery(
        name=view.name,
        relation=source.get_table_query_string(),
        keys={column_of.get(key, key): entity for key, entity in keys.items()},
        event=source.timestamp_field,
        created=source.created_timestamp_column or None,
        features={
            column_of.get(name, name): f"{label}__{name}" if full_feature_names else name for name in names
        },
        tie_breakers=sorted(column_of.get(field.name, field.name) for field in view.features),
        ttl=view.ttl or None,
    )


def _arrow(entities: pd.DataFrame) -> pa.Table:
    if ENTITY_TIME in entities.columns and entities[ENTITY_TIME].dtype == object:
        entities = entities.assign(**{ENTITY_TIME: pd.to_datetime(entities[ENTITY_TIME], utc=True)})
    return pa.Table.from_pandas(entities, preserve_index=False).replace_schema_metadata(None)


def _time_column(entities: pa.Table) -> str:
    """`event_timestamp`, or the only timestamp there is: Feast's own rule."""
    times = [field.name for field in entities.schema if pa.types.is_timestamp(field.type)]
    if ENTITY_TIME in times:
        return ENTITY_TIME
    if len(times) == 1:
        return times[0]
    raise ConfigError(
        f"name the entity rows' time `{ENTITY_TIME}`: there are {len(times)} timestamps ({times})"
    )


def _check(entities: pa.Table, views: list[ViewQuery]) -> None:
    for view in views:
        missing = sorted(set(view.keys.values()) - set(entities.column_names))
        if missing:
            raise ConfigError(f"feature view {view.name} needs {', '.join(missing)} in the entity rows")
        taken = sorted(set(view.features.values()) & set(entities.column_names))
        if taken:
            raise ConfigError(
                f"entity rows already have a column {', '.join(taken)} (feature view {view.name})"
            )


def _cast(time: str) -> str:
    return f"CAST({quote(time)} AS TIMESTAMP)"


def _scan(
    config: RepoConfig,
    data_source: DataSource,
    columns: list[str],
    times: tuple[str, str | None],
    start: datetime | None,
    end: datetime | None,
    qualify: str = "",
) -> RetrievalJob:
    event = _cast(times[0])
    # Feast's writers of online values want times with a zone.
    selected = [quote(column) for column in columns]
    selected += [f"CAST({_cast(time)} AS TIMESTAMPTZ) AS {quote(time)}" for time in times if time]
    bounds = [
        f"{event} >= {format_literal(_naive(start))}" if start else "",
        f"{event} <= {format_literal(_naive(end))}" if end else "",
    ]
    where = " AND ".join(filter(None, bounds)) or "TRUE"
    relation = data_source.get_table_query_string()
    sql = f"SELECT {', '.join(selected)} FROM {relation} WHERE {where} {qualify}"
    metadata = RetrievalMetadata(
        features=columns, keys=[], min_event_timestamp=start, max_event_timestamp=end
    )
    return LakeRetrievalJob(
        lambda: cursor(config).execute(sql).to_arrow_table(), full_feature_names=False, metadata=metadata
    )


def _naive(instant: datetime) -> datetime:
    """In naive UTC; without a zone it is UTC already."""
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)
