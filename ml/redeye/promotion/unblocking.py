"""Unblocking a version with four eyes: one person asks, another, who did not block it, does it."""

from __future__ import annotations

from redeye.champions import block_store
from redeye.champions.logic.succession import VersionBlock
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.promotion.logic.four_eyes import check_unblocker
from redeye.sources.action_store import Action, list_actions, record_action

# Of the ledger of actions.
ASK = "ask to unblock"


def ask_to_unblock(model: str, version: int, *, reason: str, actor: str) -> None:
    """Ask for a version to be unblocked: kept in the ledger of actions, of this very block.

    Raises:
        ConfigError: if it is not blocked, there is no reason, or without four eyes nobody needs to be asked.
    """
    if not settings().four_eyes:
        raise ConfigError("without REDEYE_FOUR_EYES nobody needs to be asked: unblock it yourself")
    block = _find_block(model, version)
    record_action(actor=actor, action=ASK, subject=_name(model, block), reason=reason)


def find_request(model: str, version: int) -> Action | None:
    """Who asked last for a blocked version to be unblocked, and why; None if nobody did since it was blocked."""
    wanted = _name(model, _find_block(model, version))
    asked = [row for row in list_actions() if row.action == ASK and row.subject == wanted]
    return asked[-1] if asked else None


def check_four_eyes(model: str, version: int, *, reason: str, person: str) -> str:
    """Refuse whoever may not unblock a version.

    Returns:
        The reason to be kept, which says who asked and why.

    Raises:
        NeedsAnother: saying who has to do what.
    """
    block, request = _find_block(model, version), find_request(model, version)
    asked_by = request.actor if request else None
    check_unblocker(model, version, blocked_by=block.actor, asked_by=asked_by, person=person)
    return f"{reason}; asked for by {asked_by}: {request.reason}" if request else reason


def _find_block(model: str, version: int) -> VersionBlock:
    rows = [row for row in block_store.read_blocks(model) if row.version == version]
    if not rows or not rows[-1].is_blocked:
        raise ConfigError(f"{model}: version {version} is not blocked")
    return rows[-1]


def _name(model: str, block: VersionBlock) -> str:
    """What is asked about: a version that is blocked once more must be asked for once more."""
    return f"{model} version={block.version} block={block.bar_id}"
