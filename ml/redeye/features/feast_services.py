"""One feature service per model version, `<model>_v<N>`, with the features that its spec lists."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import ModuleType

from feast import FeatureService, FeatureView

from redeye.declarations.specs import Spec, load_valid_specs
from redeye.features.feast_registry import store_at
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, settings

log = logging.getLogger(__name__)


def list_services(views: ModuleType) -> dict[str, FeatureService]:
    """The services of the project's specs over the views of a module, and those that are registered, by name.

    What is registered stays as it is: a version that serves or may come back reads it by its name, and Feast's own
    `apply` removes what is not declared. Of a spec whose features are not all declared, the log tells: one model's
    mistake stops no other's.
    """
    declared = {view.name: view for view in vars(views).values() if isinstance(view, FeatureView)}
    found = _read_registered()
    for spec in load_valid_specs(SPECS).values():
        try:
            found[spec.feature_service] = make_service(spec, declared)
        except ConfigError as error:
            log.error("left out: %s", error)
    return found


def make_service(spec: Spec, views: Mapping[str, FeatureView]) -> FeatureService:
    """The feature service of a spec.

    Raises:
        ConfigError: naming a view or feature that no view has.
    """
    wanted: dict[str, list[str]] = {}
    for reference in spec.features:
        view, feature = reference.split(":")
        fields = {field.name for field in views[view].features} if view in views else set()
        if feature not in fields:
            raise ConfigError(f"{SPECS / spec.model}.yaml: no table in dbt/models/features/ has {reference}")
        wanted.setdefault(view, []).append(feature)
    return FeatureService(
        name=spec.feature_service,
        features=[views[view][features] for view, features in wanted.items()],
        owner=spec.owner,
        description=f"What {spec.model} version {spec.version} is trained on and scored with.",
        tags={"model": spec.model},
    )


def _read_registered() -> dict[str, FeatureService]:
    if not settings().feast_registry_url.get_secret_value():
        return {}
    return {each.name: each for each in store_at(None).list_feature_services()}
