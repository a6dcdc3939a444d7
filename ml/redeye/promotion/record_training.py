"""What asked for a training, and its result, as the ledger keeps it."""

from __future__ import annotations

from datetime import date
from typing import Any

from redeye.models.logic.training_subject import Subject
from redeye.promotion import decision_store


def request_tags(model: str, night: date) -> tuple[str, dict[str, str]]:
    """What the night's verdict asked for: the reason, and tags with all of it; both empty if it did not ask."""
    request = decision_store.find_request(model, night)
    if request is None:
        return "", {}
    reason = request.decision.reason
    return reason, {
        "verdict": str(request.decision.verdict),
        "verdict_night": request.decision.night.isoformat(),
        "verdict_reasons": reason,
        "verdict_champion_version": str(request.evidence.get("champion_version")),
    }


def record(
    subject: Subject,
    mlflow_run_id: str,
    reason: str,
    *,
    champion_version: int,
    candidate_version: int | None = None,
    algorithm: str | None = None,
    effective_night: date | None = None,
    gates: dict[str, Any] | None = None,
) -> None:
    """Record what a training came to, once.

    Args:
        subject: the training.
        mlflow_run_id: its run.
        reason: of the outcome.
        champion_version: of the last decided champion.
        candidate_version: registered, if one was.
        algorithm: the candidate's.
        effective_night: from which it serves; None if it was not promoted.
        gates: their report, if a candidate came before them.
    """
    decision_store.record_training(
        decision_store.RecordedTraining(
            model=subject.spec.model,
            night=subject.night,
            training_key=subject.key(),
            is_promoted=effective_night is not None,
            champion_version=champion_version,
            candidate_version=candidate_version,
            algorithm=algorithm,
            effective_night=effective_night,
            asked=subject.reason,
            reason=reason,
            actor=subject.actor,
            run_id=subject.run_name,
            mlflow_run_id=mlflow_run_id,
            gates=gates or {},
        )
    )
