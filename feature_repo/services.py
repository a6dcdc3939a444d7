"""One feature service per model version, `<model>_v<N>`, with the features that its spec lists."""

from __future__ import annotations

import logging

from feast import FeatureService, FeatureView

import views
from redeye.declarations.specs import Spec, load_valid_specs
from redeye.features.feast_registry import store_at
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, settings

log = logging.getLogger(__name__)

VIEWS = {view.name: view for view in vars(views).values() if isinstance(view, FeatureView)}


def service(spec: Spec) -> FeatureService:
    """The feature service of a spec.

    Raises:
        ConfigError: naming a view or feature that no view has.
    """
    wanted: dict[str, list[str]] = {}
    for reference in spec.features:
        view, feature = reference.split(":")
        declared = {field.name for field in VIEWS[view].features} if view in VIEWS else set()
        if feature not in declared:
            raise ConfigError(f"ml/specs/{spec.model}.yaml: no table in dbt/models/features/ has {reference}")
        wanted.setdefault(view, []).append(feature)
    return FeatureService(
        name=spec.feature_service,
        features=[VIEWS[view][features] for view, features in wanted.items()],
        owner=spec.owner,
        description=f"What {spec.model} version {spec.version} is trained on and scored with.",
        tags={"model": spec.model},
    )


def sound_services() -> dict[str, FeatureService]:
    """The services of the specs whose features are all declared: one model's mistake stops no other's."""
    found = {}
    for spec in load_valid_specs(SPECS).values():
        try:
            found[spec.feature_service] = service(spec)
        except ConfigError as error:
            log.error("left out: %s", error)
    return found


def read_registered_services() -> dict[str, FeatureService]:
    """What is registered already, as it is: a version that serves or may come back reads it by its name.

    Feast's own `apply` removes what this folder does not declare.
    """
    if not settings().feast_registry_url.get_secret_value():
        return {}
    return {each.name: each for each in store_at(None).list_feature_services()}


# Feast registers what it finds as attributes of a module.
globals().update(read_registered_services() | sound_services())
