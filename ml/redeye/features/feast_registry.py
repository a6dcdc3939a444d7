"""Feast's registry: what `feature_repo/` declares, registered once and held against what is declared now.

Feast is imported by the functions that need it, and not with this module.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from redeye.features import feast_online_redis
from redeye.features.feast_import import import_feast
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT, SPECS, require_secret, settings

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore

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
    url = require_secret("feast_registry_url", "SQLAlchemy URL")
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
    if _read_applied_hash(store) == wanted and not is_file_lost(store):
        return False
    from feast import Project

    with lock_registry(store):
        if _read_applied_hash(store) == wanted and not is_file_lost(store):
            return False
        declared = load_definitions()
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


def find_service(store: FeatureStore, name: str, columns: Iterable[str] = ()) -> FeatureService:
    """A registered feature service; one that was deleted is registered again from a version's input columns.

    Raises:
        ConfigError: if there is none, and no column says what it was.
    """
    from feast import FeatureService
    from feast.errors import FeatureServiceNotFoundException

    try:
        return store.get_feature_service(name, allow_cache=False)
    except FeatureServiceNotFoundException:
        wanted: dict[str, list[str]] = {}
        for view, separator, feature in sorted(column.partition("__") for column in columns):
            if separator:
                wanted.setdefault(view, []).append(feature)
        if not wanted:
            raise ConfigError(
                f"feature service {name} is not registered: a spec declares it by its `version`, or a version that "
                "reads it brings it back when it serves"
            ) from None
    log.error("feature service %s was deleted: registering it again", name)
    views = [store.get_feature_view(view)[features] for view, features in wanted.items()]
    with lock_registry(store):
        store.apply(FeatureService(name=name, features=views))
    return store.get_feature_service(name, allow_cache=False)


def is_file_lost(store: FeatureStore) -> bool:
    """Whether the embedded online store's file, with its tables, is not there (yet, or any more)."""
    return store.config.online_store.type == "sqlite" and not Path(store.config.online_store.path).exists()


def _read_applied_hash(store: FeatureStore) -> str | None:
    from feast.errors import ProjectObjectNotFoundException

    try:
        return store.registry.get_project(store.project, allow_cache=False).tags.get(DEFINITIONS)
    except ProjectObjectNotFoundException:
        return None


def load_definitions() -> list[Any]:
    """Everything that `feature_repo/` declares, as Feast's command line would find it."""
    import importlib

    from feast import Entity, FeatureService, FeatureView

    found: dict[int, Any] = {}
    # Feast's command line imports the files of a feature repo as top-level modules; so do we, briefly.
    sys.path.insert(0, str(REPO))
    try:
        modules = [importlib.import_module(name) for name in ("entities", "views", "services")]
    finally:
        sys.path.remove(str(REPO))
    for module in modules:
        if not Path(str(module.__file__)).is_relative_to(REPO):
            name = module.__name__
            raise ConfigError(f"a module named {name} hides feature_repo/{name}.py: {module.__file__}")
        for each in vars(module).values():
            if isinstance(each, Entity | FeatureView | FeatureService):
                found[id(each)] = each
            if isinstance(each, FeatureView):
                found[id(each.batch_source)] = each.batch_source
    return list(found.values())


@contextmanager
def lock_registry(store: FeatureStore) -> Iterator[None]:
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
