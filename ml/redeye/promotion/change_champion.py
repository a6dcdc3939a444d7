"""What a person changes about champions: in the ledger, where it holds at once, and then in MLflow, which follows.

Pages and commands act through here, so that neither leaves the registry behind. If MLflow cannot follow, that is
said and changes nothing: `reconcile` or the next night's monitor lets it follow.
"""

from __future__ import annotations

from redeye.promotion import rollback
from redeye.promotion.reconcile import follow_in_registry
from redeye.promotion.rollback import RollbackResult


def roll_back(
    model: str, *, reason: str, actor: str, to: int | None = None
) -> tuple[RollbackResult, str | None]:
    """Roll a model back, as `rollback.roll_back`; with why MLflow does not show it, None if it does."""
    done = rollback.roll_back(model, reason=reason, actor=actor, to=to)
    return done, follow_in_registry(model)


def block_version(model: str, version: int, *, is_blocked: bool, reason: str, actor: str) -> str | None:
    """Block or unblock a version, as `rollback.block_version`; why MLflow does not show it, None if it does."""
    rollback.block_version(model, version, is_blocked=is_blocked, reason=reason, actor=actor)
    return follow_in_registry(model)
