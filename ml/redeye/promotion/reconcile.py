"""Reconciling the model registry with the promotion ledger: the ledger is the truth, the registry shows it."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import find_blocked_versions
from redeye.foundation.errors import RedeyeError, RegistryDiffers
from redeye.models import mlflow_registry
from redeye.models.artifact_store import strip_root
from redeye.models.mlflow_registry import Alias

log = logging.getLogger(__name__)

BLOCKED_TAG = "barred"  # the tag of versions registered before, too


def reconcile(model: str) -> dict[str, Any]:
    """Make the registry show what the ledger says, and compare every version that the ledger names.

    Repaired are the alias `champion`, which names the version decided last (in effect yet or not), the alias
    `challenger` where it names that version or one that is blocked, and the tag that says which versions are
    blocked. A version that is missing, or of other files than those that were promoted, cannot be repaired.

    Returns:
        `champion_version` (None without a champion) and `repaired`, in words.

    Raises:
        RegistryDiffers: naming every difference that cannot be repaired, after the rest was.
    """
    rows = promotion_store.read_promotions(model)
    if not rows:
        return {"model": model, "champion_version": None, "repaired": []}
    standing = mlflow_registry.aliases(model)
    differences = _differences(model, rows)
    champion, blocked = rows[-1].version, find_blocked_versions(block_store.read_blocks(model), date.max)
    repaired = []
    if standing.get(Alias.CHAMPION) != champion and champion not in differences:
        mlflow_registry.point_alias(model, champion, Alias.CHAMPION)
        repaired.append(f"alias champion: version {champion}, it was {standing.get(Alias.CHAMPION)}")
    if standing.get(Alias.CHALLENGER) in {champion, *blocked}:
        mlflow_registry.drop_alias(model, Alias.CHALLENGER)
        repaired.append(f"alias challenger: none, it was version {standing[Alias.CHALLENGER]}")
    repaired += _tag_blocked(model, blocked - differences.keys())
    for line in repaired:
        log.warning("%s: %s", model, line)
    if differences:
        raise RegistryDiffers(f"{model}: " + "; ".join(differences.values()))
    return {"model": model, "champion_version": champion, "repaired": repaired}


def _differences(model: str, rows: list[Promotion]) -> dict[int, str]:
    """What cannot be repaired, by version."""
    found = {}
    for row in {row.version: row for row in rows}.values():
        try:
            held = mlflow_registry.version(model, row.version)
        except RedeyeError:
            found[row.version] = (
                f"version {row.version} of promotion {row.promotion_id} is not in the registry; restore its backup"
            )
            continue
        if held.artifact_sha256 != row.artifact_sha256:
            found[row.version] = (
                f"version {row.version} has the hash {held.artifact_sha256[:12]} in the registry and "
                f"{row.artifact_sha256[:12]} in promotion {row.promotion_id}; the ledger's is the one that serves"
            )
        elif strip_root(held.artifact_uri) != strip_root(row.artifact_uri):
            found[row.version] = (
                f"version {row.version} lies at {held.artifact_uri} by the registry and at {row.artifact_uri} by "
                f"promotion {row.promotion_id}; the ledger's is the one that serves"
            )
    return found


def _tag_blocked(model: str, blocked: frozenset[int]) -> list[str]:
    tagged = mlflow_registry.find_tagged(model, BLOCKED_TAG, "true")
    changed = {version: str(version in blocked).lower() for version in blocked ^ tagged}
    for version, value in sorted(changed.items()):
        mlflow_registry.annotate(model, version, {BLOCKED_TAG: value})
    return [f"tag {BLOCKED_TAG} of version {version}: {value}" for version, value in sorted(changed.items())]
