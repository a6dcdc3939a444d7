"""Feature views over feature tables. What is the same for all of them stands here."""

from __future__ import annotations

from collections.abc import Mapping

from feast import Entity, FeatureView, Field
from feast.types import FeastType, String

from redeye.features.feast_lake_source import LakeSource
from redeye.features.logic.feature_views import find_feature_ttl, name_view

Fields = Mapping[str, FeastType]


def feature_view(table: str, entity: Entity, fields: Fields, description: str) -> FeatureView:
    """The feature view over a table of the schema `features`, `feat_<entity>__<theme>`, with its fields by column."""
    return FeatureView(
        name=name_view(table),
        entities=[entity],
        ttl=find_feature_ttl(),
        schema=[Field(name=name, dtype=dtype) for name, dtype in {entity.join_key: String, **fields}.items()],
        source=LakeSource(relation=f"features.{table}", description=description),
        description=description,
        tags={"theme": table.partition("__")[2]},
    )
