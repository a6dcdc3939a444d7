"""Features of rows out of any attached state of the warehouse, without touching Feast's registry.

The same point-in-time join that Feast's offline store runs, over the tables that a frame's columns are named for:
`shop_sales__units_7n` is `units_7n` of `features.feat_shop__sales`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import pandas as pd
import pyarrow as pa

from redeye.declarations.specs import ENTITY_TIME
from redeye.features.logic.feature_views import FEATURE_TTL, name_view
from redeye.features.point_in_time import ViewQuery, join, quote
from redeye.foundation.errors import ConfigError
from redeye.warehouse.logic.dbt_models import FEATURES, NIGHT, Model, Project


def list_feature_columns(columns: Iterable[str], project: Project) -> dict[str, tuple[Model, str]]:
    """Those of a frame's columns that are features: their table and their column there."""
    views = {name_view(model.name): model for model in project.models.values() if model.layer == FEATURES}
    found = {}
    for name in columns:
        view, separator, column = name.partition("__")
        if separator and view in views:
            found[name] = (views[view], column)
    return found


def frame(
    con: duckdb.DuckDBPyConnection,
    alias: str,
    entities: pd.DataFrame,
    columns: Iterable[str],
    project: Project,
) -> pd.DataFrame:
    """Entity rows with features as known at their time, from the state that is attached as `alias`.

    The rows have the entity keys, `event_timestamp` in naive UTC, and those of the columns that are no features.

    Returns:
        The entity rows in their order, then the features.

    Raises:
        ConfigError: if a column is neither.
    """
    features = list_feature_columns(columns, project)
    if lost := [name for name in columns if name not in features and name not in entities.columns]:
        raise ConfigError(f"there is no feature table for {', '.join(sorted(lost)[:5])}")
    by_table: dict[str, dict[str, str]] = {}
    for name, (model, column) in features.items():
        by_table.setdefault(model.name, {})[column] = name
    queries = [_query(alias, project.models[table], wanted) for table, wanted in sorted(by_table.items())]
    table = pa.Table.from_pandas(entities, preserve_index=False).replace_schema_metadata(None)
    return join(con, table, ENTITY_TIME, queries, only_known=True).to_pandas()


def _query(alias: str, model: Model, wanted: Mapping[str, str]) -> ViewQuery:
    schema, _, table = model.name.partition(".")
    return ViewQuery(
        name=model.name,
        relation=f"{alias}.{quote(schema)}.{quote(table)}",
        keys={key: key for key in model.key if key != NIGHT},
        event="event_at",
        created="created_at",
        features=wanted,
        tie_breakers=sorted(wanted),
        ttl=FEATURE_TTL,
    )
