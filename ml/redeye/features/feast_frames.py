"""Training and scoring frames from Feast: each row with its features as they were known at its time."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from redeye.features.feast_registry import apply, find_service, store_at


def read_feature_frame(
    snapshot_id: int,
    entities: pd.DataFrame | str,
    service_name: str,
    *,
    columns: Iterable[str] = (),
    connection: str | None = None,
) -> pd.DataFrame:
    """The entity rows with every feature of a service, each as known at the row's time.

    The rows are a frame, or SQL over the alias `warehouse` (the release's snapshot), with the entity keys and a
    timestamp `event_timestamp` in naive UTC. A service that was deleted is registered again with the features among
    `columns`.

    Returns:
        The entity rows, all and in order, with their columns as they came, then a column
        `<view>__<feature>` per feature; null where nothing was known or it is older than the view's TTL.

    Raises:
        ConfigError: if there is no such service and `columns` has no features.
    """
    store = store_at(snapshot_id, connection=connection)
    apply(store)
    job = store.get_historical_features(
        entities,
        find_service(store, service_name, columns),
        full_feature_names=True,
        filter_by_created_timestamp=True,
    )
    return job.to_df()


def list_keys(service_name: str) -> dict[str, str]:
    """The entity key that each feature column of a service, `<view>__<feature>`, is looked up by."""
    store = store_at(None)
    found: dict[str, str] = {}
    for projection in store.get_feature_service(service_name).feature_view_projections:
        (key,) = store.get_feature_view(projection.name).join_keys
        found |= {f"{projection.name}__{feature.name}": key for feature in projection.features}
    return found


def list_relations(service_name: str) -> list[str]:
    """The relations that a feature service reads, as `schema.name`, sorted."""
    store = store_at(None)
    names = [each.name for each in store.get_feature_service(service_name).feature_view_projections]
    sources = [store.get_feature_view(name).batch_source for name in names]
    return sorted({str(getattr(source, "relation", source.name)) for source in sources if source is not None})
