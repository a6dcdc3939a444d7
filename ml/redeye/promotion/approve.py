"""Candidates that passed every gate and await a person: whether one waits, and what the person said."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import PromotionKind
from redeye.foundation.errors import AlreadyDecided, ConfigError
from redeye.foundation.settings import settings
from redeye.models import mlflow_registry
from redeye.promotion import decision_store
from redeye.promotion.decision_store import Proposal, RecordedTraining
from redeye.promotion.logic.four_eyes import check_approver
from redeye.promotion.reconcile import reconcile
from redeye.scoring import outputs_store
from redeye.sources.action_store import list_actions, record_action

# Of the ledger of actions.
APPROVE, REJECT = "approve candidate", "reject candidate"

log = logging.getLogger(__name__)


def find_awaiting(model: str, night: date) -> Proposal | None:
    """The candidate of a night that awaits a person; None if there is none, or it is settled."""
    settled = {row.training_key for row in decision_store.trainings(model) if row.night == night}
    made = [row for row in decision_store.proposals(model) if row.night == night]
    return next((row for row in reversed(made) if row.training_key not in settled), None)


def record_answer(model: str, night: date, *, is_approved: bool, person: str) -> None:
    """Keep in the ledger of actions what a person said of the candidate that awaits one; only that promotes it.

    Raises:
        ConfigError: if nobody said it, or nothing of that night awaits a person.
        NeedsAnother: with four eyes, if the person asked for the training.
    """
    proposal = find_awaiting(model, night)
    if not person or proposal is None:
        raise ConfigError(_explain_silence(model, night))
    if is_approved:
        _check_four_eyes(proposal, person)
    record_action(
        actor=person,
        action=APPROVE if is_approved else REJECT,
        subject=_name(proposal),
        reason=f"version {proposal.version}: {proposal.reason}",
    )


def promote_approved(model: str, night: date) -> dict[str, Any]:
    """Promote the candidate that a person approved, by what the ledger of actions says; again: show it.

    Raises:
        ConfigError: if the ledger has no approval, whatever Airflow shows.
        NeedsAnother: as `settle`.
        AlreadyDecided: as `settle`.
    """
    proposal = find_awaiting(model, night)
    if proposal is None:
        return settle(model, night, is_approved=True, person="whoever approved it")
    said = [
        row for row in list_actions() if row.action in (APPROVE, REJECT) and row.subject == _name(proposal)
    ]
    is_approved = bool(said) and said[-1].action == APPROVE
    return settle(model, night, is_approved=True, person=said[-1].actor if is_approved else "")


def settle(model: str, night: date, *, is_approved: bool, person: str) -> dict[str, Any]:
    """Promote the candidate that awaits a person, or keep the champion; recorded once, as a training's end.

    An approval is an act by hand: it takes effect from the first night that is not scored, and not before
    the night that the training would have had. The version promoted is the one that was judged. What was
    settled so before is shown in the registry again, and nothing else is done.

    Args:
        model: whose candidate it is.
        night: of its training.
        is_approved: what the person said.
        person: who said it; empty if nobody did, whatever state a task was given by hand.

    Raises:
        ConfigError: if nobody answered, or nothing of that night awaits a person.
        NeedsAnother: with four eyes, if the person asked for the training.
        AlreadyDecided: if another champion was decided since the candidate was judged, or it is blocked; that
            is recorded, and the champion stays.
    """
    if not person:
        raise ConfigError(_explain_silence(model, night))
    proposal = find_awaiting(model, night)
    if proposal is None:
        standing = [row for row in decision_store.trainings(model) if row.night == night]
        made = {row.training_key: row for row in decision_store.proposals(model) if row.night == night}
        again = [row for row in standing if row.training_key in made and row.is_promoted is is_approved]
        if not again:
            raise ConfigError(f"{model}: no candidate of night {night} awaits approval")
        return _show(again[-1], "promoted" if is_approved else "rejected")
    rows = promotion_store.read_promotions(model)
    champion = rows[-1].version
    if not is_approved:
        why = f"version {champion} stays champion: {person} rejected version {proposal.version} ({proposal.reason})"
        return _end(proposal, champion, None, why, "rejected")
    _check_four_eyes(proposal, person)
    mine = [row for row in rows if row.version == proposal.version and row.kind is PromotionKind.PROMOTION]
    if not mine:
        try:
            mine = [
                promotion_store.promote(
                    model,
                    version=proposal.version,
                    algorithm=proposal.algorithm,
                    feature_service=proposal.feature_service,
                    artifact_uri=proposal.artifact_uri,
                    artifact_sha256=proposal.artifact_sha256,
                    decided_night=proposal.night,
                    effective_night=proposal.effective_night,
                    reason=f"{proposal.reason}; approved by {person}",
                    evidence={
                        **proposal.evidence,
                        "approval": {"person": person, **_describe_eyes(proposal)},
                    },
                    actor=person,
                    run_id=proposal.run_id,
                    follows=next(row for row in rows if row.promotion_id == proposal.follows_id),
                    last_scored_night=outputs_store.find_last_scored_night,
                    is_by_hand=True,
                )
            ]
        except AlreadyDecided as error:
            _end(proposal, champion, None, str(error), "refused")
            raise
    return _end(proposal, proposal.version, mine[0].effective_night, mine[0].reason, "promoted")


def _check_four_eyes(proposal: Proposal, person: str) -> None:
    if settings().four_eyes:
        check_approver(proposal.model, proposal.version, asked_by=proposal.actor, person=person)


def _describe_eyes(proposal: Proposal) -> dict[str, Any]:
    return {"four_eyes": True, "asked_by": proposal.actor} if settings().four_eyes else {}


def _name(proposal: Proposal) -> str:
    return f"{proposal.model} night={proposal.night} training={proposal.training_key}"


def _explain_silence(model: str, night: date) -> str:
    return (
        f"{model}: nobody has answered about the candidate of night {night}, so the champion stays; whatever "
        "state the question was given, clear it, and it is asked again"
    )


def _end(
    proposal: Proposal, champion: int, effective_night: date | None, reason: str, decision: str
) -> dict[str, Any]:
    training = RecordedTraining(
        model=proposal.model,
        night=proposal.night,
        training_key=proposal.training_key,
        is_promoted=effective_night is not None,
        champion_version=champion,
        candidate_version=proposal.version,
        algorithm=proposal.algorithm,
        effective_night=effective_night,
        asked=proposal.asked,
        reason=reason,
        actor=proposal.actor,
        run_id=proposal.run_id,
        mlflow_run_id=proposal.mlflow_run_id,
        gates=proposal.evidence.get("gates", {}),
    )
    decision_store.record_training(training)
    log.info("%s, night %s: %s", proposal.model, proposal.night, reason)
    return _show(training, decision)


def _show(training: RecordedTraining, decision: str) -> dict[str, Any]:
    """What was recorded, once the registry shows it; if that fails, it can be done again."""
    if training.candidate_version is not None:
        said = {"decision": decision, "decided_because": training.reason}
        mlflow_registry.annotate(training.model, training.candidate_version, said)
    reconcile(training.model)
    plain = {name: value for name, value in vars(training).items() if name != "gates"}
    return {name: str(value) if isinstance(value, date) else value for name, value in plain.items()}
