"""The one door to Feast: register definitions, read training frames, fill and read the online store.

Feast is imported by the functions that need it, and not with this module.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from redeye.declarations.calendar import cutoff
from redeye.features import feast_online_redis
from redeye.features.feast_import import import_feast
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT, SPECS, settings
from redeye.warehouse import release_store

if TYPE_CHECKING:
    from feast import FeatureStore, FeatureView

log = logging.getLogger(__name__)

REPO = PROJECT_ROOT / "feature_repo"
DEFINITIONS = "definitions"
_LOCK = 7_205_759  # Any number of our own: Postgres' advisory locks are told apart by it.


def store_at(snapshot_id: int | None, *, connection: str | None = None) -> FeatureStore:
    """A Feast store whose offline side reads one snapshot of the warehouse.

    Args:
        snapshot_id: of a release; None where nothing is read offline.
        connection: `module:function` that attaches the warehouse, if not the lake's own.

    Raises:
        ConfigError: if the registry's URL is not set.
    """
    url = settings().feast_registry_url.get_secret_value()
    if not url:
        raise ConfigError(
            "REDEYE_FEAST_REGISTRY_URL is not set: start the stack, or set it to a SQLAlchemy URL"
        )
    import_feast()
    import yaml
    from feast import FeatureStore, RepoConfig

    text = Template((REPO / "feature_store.yaml").read_text(encoding="utf-8"))
    values = yaml.safe_load(
        text.substitute(REDEYE_FEAST_REGISTRY_URL=url.replace('"', '\\"'), REDEYE_HOME=settings().home)
    )
    values["offline_store"]["snapshot_id"] = snapshot_id
    if connection:
        values["offline_store"]["connection"] = connection
    if online := settings().online_store_url.get_secret_value():
        values["online_store"] = feast_online_redis.store_config(online)
    else:
        settings().online_store.parent.mkdir(parents=True, exist_ok=True)
    return FeatureStore(config=RepoConfig(**values, repo_path=REPO))


def hash_definitions() -> str:
    """What `feature_repo/` and the specs' feature lists say, as one hash."""
    from redeye.declarations.specs import load_valid_specs

    digest = hashlib.sha256()
    for path in sorted(REPO.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for spec in load_valid_specs(SPECS).values():
        digest.update("\n".join([spec.feature_service, spec.owner, *spec.features]).encode() + b"\0")
    return digest.hexdigest()[:16]


def apply(store: FeatureStore | None = None) -> bool:
    """Bring Feast's registry and the online tables to what `feature_repo/` declares.

    Returns:
        Whether anything had to be done: the hash of what was applied is kept on the Feast project.
    """
    store = store or store_at(None)
    wanted = hash_definitions()
    if _read_applied_hash(store) == wanted and not _is_file_lost(store):
        return False
    from feast import Project

    with _lock_registry(store):
        if _read_applied_hash(store) == wanted and not _is_file_lost(store):
            return False
        declared = _load_definitions()
        _refuse_changed_services(store, declared)
        kept = {(type(each).__name__, each.name) for each in declared}
        project = store.project
        # Feature services stay: a champion, or a version to go back to, reads its own.
        registered: list[Any] = [
            *store.registry.list_feature_views(project),
            *store.registry.list_data_sources(project),
            *(entity for entity in store.registry.list_entities(project) if entity.name != "__dummy"),
        ]
        gone = [each for each in registered if (type(each).__name__, each.name) not in kept]
        store.apply(declared, objects_to_delete=gone, partial=False)
        # Last, so that an apply that was killed is done again.
        store.registry.apply_project(Project(name=project, tags={DEFINITIONS: wanted}))
    log.info("registered %d definitions, removed %d (%s)", len(declared), len(gone), wanted)
    return True


def _refuse_changed_services(store: FeatureStore, declared: list[Any]) -> None:
    """A feature service never changes: the version that serves reads it by its name.

    Raises:
        ConfigError: naming the service, what changed, and what to do.
    """
    from feast import FeatureService

    def features_of(service: FeatureService) -> set[str]:
        return {
            f"{view.name}:{each.name}" for view in service.feature_view_projections for each in view.features
        }

    standing = {service.name: features_of(service) for service in store.list_feature_services()}
    for service in declared:
        if not isinstance(service, FeatureService) or service.name not in standing:
            continue
        if changed := features_of(service) ^ standing[service.name]:
            some = ", ".join(sorted(changed)[:5])
            raise ConfigError(
                f"feature service {service.name} is registered with other features ({some}): "
                "raise `version` in its spec, so that the model that serves keeps the features it was trained on"
            )


def read_feature_frame(
    snapshot_id: int, entities: pd.DataFrame | str, service_name: str, *, connection: str | None = None
) -> pd.DataFrame:
    """The entity rows with every feature of a service, each as known at the row's time.

    Args:
        snapshot_id: of the release to read.
        entities: rows, or SQL over the alias `warehouse` (which is that snapshot), with the entity keys and
            a timestamp `event_timestamp` in naive UTC.
        service_name: such as `flight_delay_v1`.
        connection: as for `store_at`.

    Returns:
        The entity rows, all and in order, with their columns as they came, then a column
        `<view>__<feature>` per feature; null where nothing was known or it is older than the view's TTL.
    """
    store = store_at(snapshot_id, connection=connection)
    apply(store)
    job = store.get_historical_features(
        entities,
        store.get_feature_service(service_name),
        full_feature_names=True,
        filter_by_created_timestamp=True,
    )
    return job.to_df()


def list_relations(service_name: str) -> list[str]:
    """The relations that a feature service reads, as `schema.name`, sorted."""
    store = store_at(None)
    names = [each.name for each in store.get_feature_service(service_name).feature_view_projections]
    sources = [store.get_feature_view(name).batch_source for name in names]
    return sorted({str(getattr(source, "relation", source.name)) for source in sources if source is not None})


def materialize(
    snapshot_id: int, night: date, release_id: str, *, connection: str | None = None
) -> dict[str, int]:
    """Bring the online store to what was known at the cutoff of `night`; never back.

    Read are the newest rows per key that the TTL still allows at the cutoff. Killed in the middle, it is
    done again in full: the watermark of a view moves after its rows are written.

    Args:
        snapshot_id: of the release of that night.
        night: moves every watermark that is behind it.
        release_id: recorded with the watermark.
        connection: as for `store_at`.

    Returns:
        Keys written, by view. Views whose watermark is at that night or later are left out; but a lost
        SQLite file, or a Redis that lost its values, is filled again by its last night.
    """
    store = store_at(snapshot_id, connection=connection)
    is_lost = _is_online_lost(store)
    apply(store)
    written: dict[str, int] = {}
    with _lock_registry(store):
        for view in store.list_feature_views():
            mark = release_store.watermark(view.name)
            if mark is not None and (mark > night or (mark == night and not is_lost)):
                log.info("%s is online up to %s: night %s is not written over it", view.name, mark, night)
                continue
            written[view.name] = _write_online(store, view, cutoff(night))
            release_store.record_materialization(view.name, night, release_id)
        if written and (url := settings().online_store_url.get_secret_value()):
            feast_online_redis.mark_filled(url, store.project)
    log.info("materialized release %s: %d keys in %d views", release_id, sum(written.values()), len(written))
    return written


def read_online_features(
    keys: Mapping[str, Sequence[str]], service_name: str, *, as_of: datetime
) -> pd.DataFrame:
    """What the online store has for some keys, with everything masked that the TTL no longer allows.

    Feast itself serves online values whatever their age, while its historical join does not.

    Args:
        keys: entity key column -> values, all of one length.
        service_name: such as `flight_delay_v1`.
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
    return _is_file_lost(store)


def _is_file_lost(store: FeatureStore) -> bool:
    """Whether the embedded online store's file, with its tables, is not there (yet, or any more)."""
    return store.config.online_store.type == "sqlite" and not Path(store.config.online_store.path).exists()


def _read_applied_hash(store: FeatureStore) -> str | None:
    from feast.errors import ProjectObjectNotFoundException

    try:
        return store.registry.get_project(store.project, allow_cache=False).tags.get(DEFINITIONS)
    except ProjectObjectNotFoundException:
        return None


def _load_definitions() -> list[Any]:
    """Everything that `feature_repo/` declares, as Feast's command line would find it."""
    import importlib

    from feast import Entity, FeatureService, FeatureView

    found: dict[int, Any] = {}
    with _make_importable(REPO):
        for name in ("entities", "views", "services"):
            module = importlib.import_module(name)
            if not Path(str(module.__file__)).is_relative_to(REPO):
                raise ConfigError(f"a module named {name} hides feature_repo/{name}.py: {module.__file__}")
            for each in vars(module).values():
                if isinstance(each, Entity | FeatureView | FeatureService):
                    found[id(each)] = each
                if isinstance(each, FeatureView):
                    found[id(each.batch_source)] = each.batch_source
    return list(found.values())


@contextmanager
def _make_importable(folder: Path) -> Iterator[None]:
    """Feast's command line imports the files of a feature repo as top-level modules; so do we, briefly."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _lock_registry(store: FeatureStore) -> Iterator[None]:
    """One process at a time, by an advisory lock in the registry's database; SQLite is one user's own."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(store.config.registry.path, poolclass=NullPool)
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
