"""What lies in a landing folder, as a test looks into it."""

from __future__ import annotations

from datetime import date

from redeye.sources import landing_store
from redeye.sources.logic.deliveries import DeliveryRef, Location


def list_landed(root: Location, source: str, dataset: str, night: date) -> list[DeliveryRef]:
    """Every delivery of a night that has landed, by content hash; unfinished ones are left out."""
    folder = root / source / dataset / night.isoformat()
    manifests: list[Location] = sorted(folder.glob("[0-9a-f]*.json"), key=str)
    return [
        landing_store._ref(path.with_suffix(".csv"), landing_store._read_manifest(path)) for path in manifests
    ]
