"""What a promotion is: a row of its ledger, as a type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from redeye.declarations.spec_algorithms import HEURISTIC


class PromotionKind(StrEnum):
    """How a version became champion."""

    FIRST = "first"
    PROMOTION = "promotion"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class Promotion:
    """One row of the promotion ledger: this version is champion from `effective_night` on.

    `previous_id` names the promotion it follows: where the model came from.
    """

    promotion_id: int
    model: str
    version: int
    algorithm: str
    feature_service: str
    artifact_uri: str
    artifact_sha256: str
    decided_night: date
    effective_night: date
    reason: str
    evidence: dict[str, Any] = field(hash=False)
    actor: str
    run_id: str
    kind: PromotionKind = PromotionKind.PROMOTION
    previous_id: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", PromotionKind(self.kind))

    @property
    def is_heuristic(self) -> bool:
        """Whether the heuristic itself serves: beside it there is no champion to compare."""
        # The kinds that are not binary have an algorithm of their own: `<kind>_heuristic`.
        return self.algorithm == HEURISTIC or self.algorithm.endswith(f"_{HEURISTIC}")

    @property
    def fingerprint(self) -> str:
        """Of the machine that trained the version; empty if it was not recorded."""
        return str(self.evidence.get("fingerprint", ""))
