"""Features of rows out of any attached state of the warehouse, without touching Feast's registry.

The same point-in-time join that Feast's offline store runs, over the tables that a frame's columns are named for:
`shop_sales__units_7n` is `units_7n` of `features.feat_shop__sales`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pandas as pd
import pyarrow as pa

from redeye.declarations.specs import ENTITY_TIME
from redeye.features.logic.feature_views import find_feature_ttl, name_view
from redeye.features.point_in_time import ViewQuery, join, quote
from redeye.foundation.errors import ConfigError
from redeye.warehouse.logic.dbt_models import FEATURES, NIGHT, Project

# By name of a feature table, `schema.table`, the columns of its key.
TableKeys = Mapping[str, Sequence[str]]


def find_table_keys(con: duckdb.DuckDBPyConnection, alias: str, entity_keys: Sequence[str]) -> TableKeys:
    """The feature tables of the state that is attached as `alias`, each with those of the entity keys that it has."""
    rows = con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = ? GROUP BY ALL",
        [alias, FEATURES],
    ).fetchall()
    return {
        f"{FEATURES}.{table}": tuple(name for name in columns if name in entity_keys)
        for table, columns in rows
    }


def read_table_keys(project: Project) -> TableKeys:
    """The feature tables of a dbt project, each with its key."""
    return {model.name: model.key for model in project.models.values() if model.layer == FEATURES}


def frame(
    con: duckdb.DuckDBPyConnection,
    alias: str,
    entities: pd.DataFrame,
    columns: Iterable[str],
    tables: TableKeys,
) -> pd.DataFrame:
    """Entity rows with features as known at their time, from the state that is attached as `alias`.

    The rows have the entity keys, `event_timestamp` in naive UTC, and those of the columns that are no features.

    Returns:
        The entity rows in their order, then the features.

    Raises:
        ConfigError: if a column is neither.
    """
    views = {name_view(table): table for table in tables}
    by_table: dict[str, dict[str, str]] = {}
    lost = []
    for name in columns:
        view, separator, column = name.partition("__")
        if separator and view in views:
            by_table.setdefault(views[view], {})[column] = name
        elif name not in entities.columns:
            lost.append(name)
    if lost:
        raise ConfigError(f"there is no feature table for {', '.join(sorted(lost)[:5])}")
    queries = [_query(alias, table, tables[table], wanted) for table, wanted in sorted(by_table.items())]
    table = pa.Table.from_pandas(entities, preserve_index=False).replace_schema_metadata(None)
    return join(con, table, ENTITY_TIME, queries, only_known=True).to_pandas()


def _query(alias: str, name: str, keys: Sequence[str], wanted: Mapping[str, str]) -> ViewQuery:
    schema, _, table = name.partition(".")
    return ViewQuery(
        name=name,
        relation=f"{alias}.{quote(schema)}.{quote(table)}",
        keys={key: key for key in keys if key != NIGHT},
        event="event_at",
        created="created_at",
        features=wanted,
        tie_breakers=sorted(wanted),
        ttl=find_feature_ttl(),
    )
