"""What `feature_repo/` declares holds together, and its import leaves the process as it was."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import typeguard

from redeye.declarations.specs import load_valid_specs
from redeye.features import feast_registry
from redeye.features.feast_import import import_feast


@pytest.fixture(scope="module")
def declared() -> dict[str, list[Any]]:
    import_feast()
    found: dict[str, list[Any]] = {}
    for each in feast_registry.load_definitions():
        found.setdefault(type(each).__name__, []).append(each)
    return found


def test_every_view_is_named_after_its_entity_and_table(declared: dict[str, list[Any]]) -> None:
    for view in declared["FeatureView"]:
        entity, theme = view.entities[0], view.tags["theme"]
        assert view.name == f"{entity}_{theme}"
        assert view.batch_source.relation == f"features.feat_{entity}__{theme}"


def test_every_view_expires_after_a_degraded_week_with_a_long_night(declared: dict[str, list[Any]]) -> None:
    assert {view.ttl for view in declared["FeatureView"]} == {timedelta(days=8, hours=1)}


def test_every_spec_has_a_service_with_exactly_its_features(declared: dict[str, list[Any]]) -> None:
    services = {service.name: service for service in declared.get("FeatureService", ())}
    views = {f"{view.name}:{field.name}" for view in declared["FeatureView"] for field in view.features}
    for spec in load_valid_specs(feast_registry.SPECS).values():
        assert set(spec.features) <= views, (
            f"no view has {sorted(set(spec.features) - views)} of {spec.model}"
        )
        projections = services[spec.feature_service].feature_view_projections
        named = {f"{view.name}:{feature.name}" for view in projections for feature in view.features}
        assert named == set(spec.features)


def test_the_definitions_hash_follows_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    before = feast_registry.hash_definitions()
    assert before == feast_registry.hash_definitions()
    monkeypatch.setattr(feast_registry, "REPO", feast_registry.REPO / "nowhere")
    assert feast_registry.hash_definitions() != before


def test_type_checks_are_off_only_while_feast_is_imported() -> None:
    import_feast()

    @typeguard.typechecked
    def double(number: int) -> int:
        return number * 2

    with pytest.raises(typeguard.TypeCheckError):
        double("2")  # type: ignore[arg-type]


def test_the_door_to_feast_opens_without_feast() -> None:
    code = "import sys, redeye.features.feast_online, redeye.features.materialize; sys.exit('feast' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(feast_registry.PROJECT_ROOT / "ml")}
    )
    assert done.returncode == 0
