"""A relation of the lake as Feast's data source, and the connection by which it is read.

The registry keeps the path of `LakeSource`; its signatures are Feast's.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterable
from typing import Any

import duckdb
from feast.data_source import DataSource
from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceProto
from feast.repo_config import RepoConfig
from feast.value_type import ValueType

from redeye.features.point_in_time import quote
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError

log = logging.getLogger(__name__)

CATALOG = Catalog.WAREHOUSE.value

_VALUE_TYPES = {
    "VARCHAR": ValueType.STRING,
    "BOOLEAN": ValueType.BOOL,
    "TINYINT": ValueType.INT32,
    "SMALLINT": ValueType.INT32,
    "INTEGER": ValueType.INT32,
    "BIGINT": ValueType.INT64,
    "HUGEINT": ValueType.INT64,
    "FLOAT": ValueType.FLOAT,
    "DOUBLE": ValueType.DOUBLE,
    "TIMESTAMP": ValueType.UNIX_TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": ValueType.UNIX_TIMESTAMP,
}


# What the registry keeps of a source beside its relation.
_TEXTS = ("name", "timestamp_field", "created_timestamp_column", "description", "owner")
_MAPPINGS = ("field_mapping", "tags")


def value_type(duckdb_type: str) -> ValueType:
    """Feast's type for a DuckDB type; decimals are doubles, what is not known is UNKNOWN."""
    if duckdb_type.startswith("DECIMAL"):
        return ValueType.DOUBLE
    return _VALUE_TYPES.get(duckdb_type, ValueType.UNKNOWN)


class LakeSource(DataSource):
    """A relation of the warehouse, such as `features.feat_shop__sales`, as a feature view's source."""

    def __init__(
        self,
        *,
        relation: str,
        timestamp_field: str = "event_at",
        created_timestamp_column: str = "created_at",
        name: str = "",
        **others: Any,  # noqa: ANN401  whatever Feast has
    ) -> None:
        """Declare a source; times are naive UTC.

        Args:
            relation: `schema.table` in the warehouse; the source's name if it has no other.
            timestamp_field: the instant for which a row holds.
            created_timestamp_column: the instant at which a row became known; may be "".
            name: of the source.
            **others: Feast's own: `field_mapping` (column of the relation -> feature or key), and what is for people.

        Raises:
            ConfigError: if `relation` is not `schema.table`.
        """
        if len([part for part in relation.split(".") if part]) != 2:
            raise ConfigError(f"the relation of a LakeSource is `schema.table`, got {relation!r}")
        self.relation = relation
        super().__init__(
            name=name or relation,
            timestamp_field=timestamp_field,
            created_timestamp_column=created_timestamp_column,
            **others,
        )

    def __hash__(self) -> int:
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LakeSource) and super().__eq__(other) and self.relation == other.relation

    def source_type(self) -> DataSourceProto.SourceType.ValueType:
        """Feast's kind of source for plugins."""
        return DataSourceProto.CUSTOM_SOURCE

    @staticmethod
    def from_proto(data_source: DataSourceProto) -> LakeSource:
        """The source as the registry kept it."""
        kept: dict[str, Any] = {name: getattr(data_source, name) for name in _TEXTS}
        kept |= {name: dict(getattr(data_source, name)) for name in _MAPPINGS}
        return LakeSource(relation=data_source.custom_options.configuration.decode(), **kept)

    def _to_proto_impl(self) -> DataSourceProto:
        return DataSourceProto(
            type=DataSourceProto.CUSTOM_SOURCE,
            data_source_class_type=f"{LakeSource.__module__}.{LakeSource.__qualname__}",
            custom_options=DataSourceProto.CustomSourceOptions(configuration=self.relation.encode()),
            **{name: getattr(self, name) for name in (*_TEXTS, *_MAPPINGS)},
        )

    def validate(self, config: RepoConfig) -> None:
        """Check that the relation is there and has both time columns.

        `feast apply` asks for this; definitions can be registered before anything is released, so without a
        snapshot there is nothing to check.

        Raises:
            ConfigError: naming the relation and the missing column.
        """
        if config.offline_store.snapshot_id is None:
            log.info("no snapshot is configured: %s is not checked", self.relation)
            return
        columns = {name for name, _ in self.get_table_column_names_and_types(config)}
        missing = {self.timestamp_field, self.created_timestamp_column} - columns - {""}
        if missing:
            raise ConfigError(f"{self.relation} has no column {', '.join(sorted(missing))}")

    @staticmethod
    def source_datatype_to_feast_value_type() -> Callable[[str], ValueType]:
        """How Feast infers a field's type where a view does not declare it."""
        return value_type

    def get_table_column_names_and_types(self, config: RepoConfig) -> Iterable[tuple[str, str]]:
        """Columns of the relation with their DuckDB types."""
        rows = cursor(config).execute(f"DESCRIBE {self.get_table_query_string()}").fetchall()
        return [(row[0], row[1]) for row in rows]

    def get_table_query_string(self) -> str:
        """The relation's quoted name in SQL."""
        return ".".join(quote(part) for part in (CATALOG, *self.relation.split(".")))


def cursor(config: RepoConfig) -> duckdb.DuckDBPyConnection:
    """A cursor of our own at the configured snapshot, in UTC.

    Raises:
        ConfigError: if no snapshot is named.
    """
    store = config.offline_store
    if store.snapshot_id is None:
        raise ConfigError(
            "the lake is read at a release: set offline_store.snapshot_id (see docs/explanation/features.md)"
        )
    module, _, function = store.connection.partition(":")
    own: duckdb.DuckDBPyConnection = getattr(importlib.import_module(module), function)(
        store.snapshot_id
    ).cursor()
    own.execute("SET TimeZone = 'UTC'")
    return own
