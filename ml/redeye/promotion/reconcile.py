"""Reconciling the model registry with the promotion ledger: the ledger is the truth, the registry shows it.

Whatever a person or a night decides about champions is in the ledger first; then `follow_in_registry` or
`reconcile` makes MLflow show it. How far the registry has followed is in the ledger as well, so that what a crash
or a registry that is down has left over is seen, and done by whoever reconciles next.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import date
from typing import Any

from redeye.champions import block_store, promotion_store, registry_position_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import find_blocked_versions, find_position
from redeye.foundation.errors import RedeyeError, RegistryDiffers
from redeye.models import mlflow_client, mlflow_registry
from redeye.models.artifact_store import strip_root
from redeye.models.mlflow_registry import Alias

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 120
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
    blocks = block_store.read_blocks(model)
    standing = mlflow_registry.aliases(model)
    differences = _differences(model, rows)
    champion, blocked = rows[-1].version, find_blocked_versions(blocks, date.max)
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
    registry_position_store.record_position(model, find_position(rows, blocks))
    return {"model": model, "champion_version": champion, "repaired": repaired}


def follow_in_registry(model: str) -> str | None:
    """Let the registry follow what was just decided, in a process of its own.

    MLflow takes seconds to import, may be down, and has no say in what was decided.

    Returns:
        None if it shows the ledger now; otherwise why not, in a sentence.
    """
    command = [sys.executable, "-m", __name__, model]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        why = f"it did not answer within {PATIENCE_SECONDS} seconds"
    else:
        if done.returncode == 0:
            return None
        log.warning("%s: MLflow could not follow: %s", model, done.stderr)
        why = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "it gave no reason")
    return f"MLflow does not show it yet ({why}). What was decided stands."


def require_registry(model: str) -> None:
    """Refuse to register anything where the registered model was deleted: a new one would number from 1 again.

    Raises:
        RegistryDiffers: with what to do.
    """
    rows = promotion_store.read_promotions(model)
    if rows and not mlflow_registry.is_registered(model):
        raise RegistryDiffers(
            f"{model} was deleted from MLflow's registry, while the ledger names its version "
            f"{rows[-1].version}: restore MLflow's database from its backup, then clear this task. "
            "Nights are scored by the ledger all the same."
        )


def is_registry_behind(model: str) -> bool:
    """Whether something was decided that the registry was not seen to show since."""
    rows, blocks = promotion_store.read_promotions(model), block_store.read_blocks(model)
    return bool(rows) and registry_position_store.read_position(model) != find_position(rows, blocks)


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


if __name__ == "__main__":
    try:
        mlflow_client.require_answer()
        reconcile(sys.argv[1])
    except RedeyeError as error:
        sys.exit(str(error))
