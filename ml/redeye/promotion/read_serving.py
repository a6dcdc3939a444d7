"""Who serves when, for people to look at: by the ledger's own rule, with what the registry does not show yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import Turn, VersionBlock, find_blocks, list_turns
from redeye.promotion.reconcile import is_registry_behind
from redeye.scoring.outputs_store import find_last_scored_night


@dataclass(frozen=True)
class Serving:
    """Who serves a model when, as it stands on a night.

    Attributes:
        turns: of what was decided by that night, by decision.
        blocks: of the versions that may not come back, by version.
        is_registry_behind: whether MLflow does not show it yet.
        passed_over: promotions whose signature is missing or wrong, and why; they serve no night.
    """

    model: str
    night: date
    turns: list[Turn]
    blocks: dict[int, VersionBlock]
    is_registry_behind: bool
    passed_over: list[tuple[Promotion, str]]

    @property
    def withdrawn(self) -> frozenset[int]:
        """The ids of promotions that serve no night."""
        return frozenset(turn.promotion.promotion_id for turn in self.turns if turn.withdrawn_by)


def read_serving(model: str, night: date | None = None) -> Serving:
    """Who serves a model when, as it stood on a night; by default on the last one that is scored."""
    rows = promotion_store.read_promotions(model)
    if night is None:
        night = find_last_scored_night(model) or (rows[-1].decided_night if rows else date.max)
    decided = [row for row in rows if row.decided_night <= night]
    blocks = find_blocks(block_store.read_blocks(model), night)
    return Serving(
        model,
        night,
        list_turns(decided, night),
        blocks,
        is_registry_behind(model),
        promotion_store.find_passed_over(model),
    )
