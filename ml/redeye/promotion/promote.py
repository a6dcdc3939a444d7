"""Promoting a version: the row of the ledger by which it becomes champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.declarations.calendar import find_next_night
from redeye.models.algorithms.base import Model
from redeye.models.logic.evaluation import Metrics
from redeye.models.mlflow_registry import Version
from redeye.promotion import decision_store
from redeye.promotion.register import Candidate, Registration
from redeye.scoring.outputs_store import find_last_scored_night


@dataclass(frozen=True)
class PassedCandidate:
    """A version that may become champion.

    Attributes:
        effective_night: from which it would serve.
        reason: why it may.
        evidence: what that rests on.
        follows: the promotion that it was judged against; None for the first champion.
    """

    effective_night: date
    reason: str
    evidence: dict[str, Any]
    follows: Promotion | None


def first_champion(
    fresh: Registration, model: Model[Any], validation: Metrics | None, *, seen_until: date
) -> Promotion:
    """Make a model the first champion, from the night after the training on."""
    candidate = fresh.register_candidate(model, seen_until=seen_until, validation=validation)
    fresh.describe(candidate)
    passed = PassedCandidate(
        effective_night=find_next_night(fresh.subject.night),
        reason="first champion",
        evidence={},
        follows=None,
    )
    return promote(fresh, candidate, passed)


def find_earlier_promotion(model: str, version: Version) -> Promotion | None:
    """The promotion of this very version after the first champion's, if an earlier attempt got that far."""
    rows = promotion_store.read_promotions(model)[1:]
    return next(
        (row for row in rows if row.version == version.version and row.kind is PromotionKind.PROMOTION), None
    )


def promote(fresh: Registration, candidate: Candidate, passed: PassedCandidate) -> Promotion:
    """Append the promotion of a registered candidate, with what it rests on.

    Raises:
        TooLate: if its night has been scored already.
        AlreadyDecided: if another promotion came in between, or the version is blocked.
    """
    return promotion_store.promote(
        fresh.subject.spec.model,
        **_describe(fresh, candidate.version, passed),
        decided_night=fresh.subject.night,
        follows=passed.follows,
        last_scored_night=find_last_scored_night,
    )


def propose(fresh: Registration, candidate: Candidate, passed: PassedCandidate) -> None:
    """Put a candidate that passed the gates before a person: what will be promoted is what is written now."""
    subject = fresh.subject
    if passed.follows is None:
        raise ValueError(f"{subject.spec.model}: the first champion is the heuristic and awaits nobody")
    decision_store.propose(
        decision_store.Proposal(
            **_describe(fresh, candidate.version, passed),
            model=subject.spec.model,
            night=subject.night,
            training_key=subject.key(),
            follows_id=passed.follows.promotion_id,
            asked=subject.reason,
            mlflow_run_id=fresh.run.run_id,
        )
    )


def _describe(fresh: Registration, version: Version, passed: PassedCandidate) -> dict[str, Any]:
    """What a promotion and a proposal both say, by column."""
    evidence = {
        "seen_until": version.seen_until.isoformat(),
        "mlflow_run_id": fresh.run.run_id,
        "fingerprint": version.fingerprint,
    }
    if fresh.spans is not None:
        evidence["train"] = str(fresh.spans.train)
    return {
        "version": version.version,
        "algorithm": version.algorithm,
        "feature_service": fresh.subject.spec.feature_service,
        "artifact_uri": version.artifact_uri,
        "artifact_sha256": version.artifact_sha256,
        "effective_night": passed.effective_night,
        "reason": passed.reason,
        "evidence": {**passed.evidence, **fresh.subject.tags(), **evidence},
        "actor": fresh.subject.actor,
        "run_id": fresh.subject.run_name,
    }
