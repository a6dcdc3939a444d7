"""The ledgers of retraining: what each night decided and why, and what each training came to.

Append-only. A request is open until a training of its night is recorded: both the scheduler and a replay
in one process go by that, so that each request is trained once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from redeye.champions import promotion_store
from redeye.champions.logic.verdicts import Verdict
from redeye.foundation import lease, trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert_row, ledger_transaction, read_records, read_rows
from redeye.promotion.logic.decision import Decision


@dataclass(frozen=True)
class RecordedDecision:
    """One row of the ledger: what a night decided, and what it went by."""

    decision: Decision
    evidence: dict[str, Any] = field(hash=False)
    run_id: str


@dataclass(frozen=True)
class RecordedTraining:
    """What a training came to.

    Attributes:
        training_key: stands for spec, release and code.
        asked: why it was asked for.
        reason: why the candidate was promoted or not.
        effective_night: from which a promotion is in effect; None if the champion was kept.
        gates: the report on its candidate; empty if none came before the gates.
    """

    model: str
    night: date
    training_key: str
    is_promoted: bool
    champion_version: int
    candidate_version: int | None
    algorithm: str | None
    effective_night: date | None
    asked: str
    reason: str
    actor: str
    run_id: str
    mlflow_run_id: str
    gates: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Proposal:
    """A candidate that passed every gate and awaits a person, exactly as it was judged.

    Attributes:
        training_key: stands for spec, release and code.
        effective_night: the earliest from which it may be in effect.
        follows_id: the promotion that it was judged against.
        asked: why it was trained.
        reason: what the gates said.
    """

    model: str
    night: date
    training_key: str
    version: int
    algorithm: str
    feature_service: str
    artifact_uri: str
    artifact_sha256: str
    effective_night: date
    follows_id: int
    asked: str
    reason: str
    evidence: dict[str, Any] = field(hash=False)
    actor: str
    run_id: str
    mlflow_run_id: str


_ONCE = "ON CONFLICT (model, night, training_key) DO NOTHING"
# Of a training: the same attempt that is taken up again and comes to the same.
_ONCE_AN_ATTEMPT = "ON CONFLICT (model, night, training_key, run_id, md5(reason)) DO NOTHING"


def decisions(model: str) -> list[RecordedDecision]:
    """Every decision about a model, by night."""
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT night, verdict, is_requested, reason, returns_to, is_successor_due, is_challenge, evidence, run_id "
        "FROM ledger.retraining_decisions WHERE model = %s ORDER BY night",
        (model,),
    )
    return [
        RecordedDecision(Decision(night, Verdict(verdict), *reported), evidence, run_id)
        for night, verdict, *reported, evidence, run_id in rows
    ]


def find_request(model: str, night: date) -> RecordedDecision | None:
    """The request of a night, if it asked for a training."""
    return next((row for row in requests(model) if row.decision.night == night), None)


def request_tags(model: str, night: date) -> tuple[str, dict[str, str]]:
    """What the night's verdict asked for: the reason, and tags with all of it; both empty if it did not ask."""
    request = find_request(model, night)
    if request is None:
        return "", {}
    reason = request.decision.reason
    return reason, {
        "verdict": str(request.decision.verdict),
        "verdict_night": request.decision.night.isoformat(),
        "verdict_reasons": reason,
        "verdict_champion_version": str(request.evidence.get("champion_version")),
    }


def requests(model: str) -> list[RecordedDecision]:
    """The nights that asked for a training, with their reasons."""
    return [row for row in decisions(model) if row.decision.is_requested]


def open_requests(model: str, up_to: date) -> list[RecordedDecision]:
    """The requests of the nights up to `up_to` that no training has answered, nor proposed a candidate for."""
    answered = {row.night for row in trainings(model)} | {row.night for row in proposals(model)}
    return [
        row for row in requests(model) if row.decision.night <= up_to and row.decision.night not in answered
    ]


Step = tuple[Decision, dict[str, Any], promotion_store.Rollback | None]


def decide_forwards(
    model: str,
    decide: Callable[[Sequence[Decision], date | None], Iterator[Step]],
    *,
    run_id: str,
) -> list[RecordedDecision]:
    """Append decisions that follow the recorded ones; of two processes at once, one waits for the other.

    A rollback that a night decides is written with its decision, in one transaction: neither stands alone.

    Args:
        model: that is decided about.
        decide: given the decisions so far and the last night that is scored, yields the next ones in the
            order of nights, with evidence and with the rollback, if it is one.
        run_id: who decides.

    Returns:
        Every decision, with those that were added.

    Raises:
        LeaseHeld: if the outputs' lease did not come free.
        SignerAway: if a rollback was written and not signed: the decisions stand, the rollback is not in effect.
    """
    with lease.hold(Catalog.OUTPUTS, f"retraining/{model}/{run_id}") as token:
        from redeye.scoring.outputs_store import find_last_scored_night

        recorded = decisions(model)
        so_far = [row.decision for row in recorded]
        steps = list(decide(so_far, find_last_scored_night(model)))
        latest = promotion_store.read_latest_promotion(model)
        previous = so_far[-1].night if so_far else None
        made = []
        with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
            for one, evidence, rollback in steps:
                row = {**vars(one), "model": model, "previous_night": previous, "evidence": evidence}
                insert_row(cursor, "retraining_decisions", {**row, "run_id": run_id, "fencing_token": token})
                if rollback is not None and latest is not None:
                    latest = promotion_store.roll_back(cursor, token, rollback, follows=latest)
                    made.append(latest)
                previous = one.night
        for each in made:
            promotion_store.sign_promotion(each)
    if made:
        trail.write_anchors(f"a rollback of {model}")
    return [*recorded, *(RecordedDecision(one, evidence, run_id) for one, evidence, _ in steps)]


def trainings(model: str) -> list[RecordedTraining]:
    """What every training of a model came to, in the order in which they were recorded."""
    source = "ledger.trainings WHERE model = %s ORDER BY training_id"
    return read_records(Catalog.OUTPUTS, RecordedTraining, source, (model,))


def record_training(training: RecordedTraining) -> None:
    """Append what an attempt at a training came to, each attempt; the same one recorded again is no change."""
    holder = f"training/{training.model}/{training.run_id}"
    lease.insert_fenced(Catalog.OUTPUTS, holder, "trainings", vars(training), _ONCE_AN_ATTEMPT)


def proposals(model: str) -> list[Proposal]:
    """Every candidate of a model that awaited or awaits a person, in the order in which they were made."""
    source = "ledger.proposals WHERE model = %s ORDER BY proposal_id"
    return read_records(Catalog.OUTPUTS, Proposal, source, (model,))


def propose(proposal: Proposal) -> None:
    """Append a candidate that awaits a person; the first proposal of the same training stands."""
    holder = f"proposal/{proposal.model}/{proposal.run_id}"
    lease.insert_fenced(Catalog.OUTPUTS, holder, "proposals", vars(proposal), _ONCE)
