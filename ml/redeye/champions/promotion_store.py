"""The promotion ledger: which version is champion from which night on, and why. Append-only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2 import extensions

from redeye.champions import block_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import find_champion
from redeye.declarations.calendar import find_next_night
from redeye.foundation import lease, trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import (
    AlreadyDecided,
    SignatureError,
    SignerAway,
    SigningRefused,
    TooLate,
    VersionIsBlocked,
)
from redeye.foundation.postgres import insert_row, ledger_transaction, read_records, read_rows
from redeye.foundation.signing import row_checks, signature_store
from redeye.foundation.signing.logic.statements import Kind
from redeye.models.artifact_store import strip_root

log = logging.getLogger(__name__)

BLOCKED = "RE002"


@dataclass(frozen=True)
class Rollback:
    """A return to a version that was champion before.

    Attributes:
        target: a promotion of the version to return to.
        bad: the version that is left, which is blocked in the same transaction; None if it is not to be.
        evidence: kept with the row, beside what is known of the target's training.
        lifts_block: whether the target is blocked and may come back by this, since it was shown to be better.
    """

    target: Promotion
    bad: int | None
    decided_night: date
    effective_night: date
    reason: str
    evidence: dict[str, Any]
    actor: str
    run_id: str
    lifts_block: bool = False


def read_promotions(model: str) -> list[Promotion]:
    """Every promotion of a model that is signed, rollbacks among them, in the order in which they were decided.

    One whose signature is missing or wrong is passed over: it puts nothing into effect, and nothing is decided in
    view of it. The first champion is the last resort and is never passed over. Without any signature, as where the
    signer was away, it stands; with a wrong one it names no files that anybody would load.
    """
    rows = _read_all(model)
    if not rows:
        return []
    faults = _find_faults(model)
    first = rows[0]
    if first.is_heuristic and (why := faults.pop(first.promotion_id, "")) and why != row_checks.UNSIGNED:
        rows[0] = replace(first, artifact_sha256="")
    for row in rows:
        if row.promotion_id in faults:
            log.warning(
                "%s: promotion %s is passed over: %s", model, row.promotion_id, faults[row.promotion_id]
            )
    return [row for row in rows if row.promotion_id not in faults]


def find_passed_over(model: str = "") -> list[tuple[Promotion, str]]:
    """The promotions that nobody vouches for, first champions' among them, and why; of one model, or of all."""
    faults = _find_faults(model)
    return (
        [(row, faults[row.promotion_id]) for row in _read_all(model) if row.promotion_id in faults]
        if faults
        else []
    )


def _find_faults(model: str) -> dict[int, str]:
    return row_checks.find_faults(Kind.PROMOTION, "WHERE %s IN ('', r.model)", (model,))


def _read_all(model: str) -> list[Promotion]:
    source = "ledger.promotions WHERE %s IN ('', model) ORDER BY promotion_id"
    return read_records(Catalog.OUTPUTS, Promotion, source, (model,))


def sign_promotion(row: Promotion) -> None:
    """Have a promotion signed that was just written: only then it is in effect.

    The caller holds the outputs' lease, so that nobody decides in view of a row that is not signed yet.

    Raises:
        SignerAway: if it was not signed; the champion before serves on. A first champion stands all the same.
    """
    try:
        signature_store.sign_row(Kind.PROMOTION, {"promotion_id": row.promotion_id})
    except (SignerAway, SigningRefused, SignatureError) as error:
        said = f"{row.model}: promotion {row.promotion_id} of version {row.version} is written and not signed ({error})"
        if row.kind is PromotionKind.FIRST:
            log.warning(
                "%s: as the first champion it serves all the same; sign it with `./redeye audit sign`", said
            )
            return
        raise SignerAway(
            f"{said}: it is not in effect, and the champion before serves on. Once the signer is back, do this again "
            "or `./redeye audit sign`"
        ) from error


def read_champion(model: str, night: date) -> Promotion | None:
    """Who scores `night`: the last decided promotion that is in effect by then."""
    return find_champion(read_promotions(model), night)


def read_latest_promotion(model: str) -> Promotion | None:
    """The last decided promotion, in effect yet or not: what a new decision is compared with."""
    rows = read_promotions(model)
    return rows[-1] if rows else None


def find_last_kept(model: str, version: int, up_to: date) -> date | None:
    """The last night up to `up_to` of a training that compared a candidate with the version and kept the version."""
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT max(night) FROM ledger.trainings WHERE model = %s AND champion_version = %s AND night <= %s "
        "AND NOT is_promoted AND candidate_version IS NOT NULL",
        (model, version, up_to),
    )
    return rows[0][0]


def promote(
    model: str,
    *,
    version: int,
    algorithm: str,
    feature_service: str,
    artifact_uri: str,
    artifact_sha256: str,
    decided_night: date,
    effective_night: date,
    reason: str,
    evidence: dict[str, Any],
    actor: str,
    run_id: str,
    follows: Promotion | None,
    last_scored_night: Callable[[str], date | None],
    is_by_hand: bool = False,
) -> Promotion:
    """Append a promotion, if the ledger still ends with the row that the decision was based on.

    `follows` is the promotion that the decision was compared with (`read_latest_promotion`), None for the first.
    `last_scored_night` is asked under the lease: what was seen before it may be out of date. What a person does by
    hand takes effect from the first night that is not scored, and not before `effective_night`.

    Raises:
        TooLate: if `effective_night` has been scored already and nobody promotes by hand, or a champion was decided
            for a later night.
        AlreadyDecided: if another promotion came in between.
        VersionIsBlocked: if the version may not come back.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if follows is not None and follows.decided_night > decided_night:
        raise TooLate(
            f"{model}: version {version} was decided for night {decided_night}, and version {follows.version} for "
            f"night {follows.decided_night} already: it would withdraw that one; decide again for a later night"
        )
    # The lease keeps a night from being scored between the check and the commit.
    with lease.hold(Catalog.OUTPUTS, f"promote/{model}/{run_id}") as token:
        scored = last_scored_night(model)
        if scored is not None and is_by_hand:
            effective_night = max(effective_night, find_next_night(scored))
        if scored is not None and scored >= effective_night:
            raise TooLate(
                f"{model}: version {version} cannot take effect on night {effective_night}, nights up to {scored} "
                f"are scored already; decide again for a later night"
            )
        standing = read_latest_promotion(model)
        if (standing and standing.promotion_id) != (follows and follows.promotion_id):
            raise _explain_other(model)
        with _explain_refusals(model), ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
            made = _insert(
                cursor,
                token,
                model=model,
                version=version,
                algorithm=algorithm,
                feature_service=feature_service,
                artifact_uri=strip_root(artifact_uri),
                artifact_sha256=artifact_sha256,
                decided_night=decided_night,
                effective_night=effective_night,
                reason=reason,
                evidence=evidence,
                actor=actor,
                run_id=run_id,
                kind=PromotionKind.PROMOTION,
            )
        sign_promotion(made)
    trail.write_anchors(f"the promotion of {model} version {version}")
    return made


def roll_back(cursor: extensions.cursor, token: int, rollback: Rollback, *, follows: Promotion) -> Promotion:
    """Append a rollback and the block of the version that it leaves, within the caller's transaction.

    The caller holds the outputs' lease and has seen under it that no night from `effective_night` on is scored.
    `follows` is the last decided promotion; those after it that are passed over count for nothing.

    Raises:
        AlreadyDecided: if another promotion came in between.
        VersionIsBlocked: if the target may not come back.
    """
    target = rollback.target
    standing = read_latest_promotion(target.model)
    if standing is not None and standing.promotion_id > follows.promotion_id:
        raise _explain_other(target.model)
    block: dict[str, Any] = {
        "night": rollback.decided_night,
        "reason": rollback.reason,
        "actor": rollback.actor,
        "run_id": rollback.run_id,
    }
    if rollback.lifts_block:
        block_store.insert_block(
            cursor, token, target.model, version=target.version, is_blocked=False, **block
        )
    with _explain_refusals(target.model):
        row = _insert(
            cursor,
            token,
            model=target.model,
            version=target.version,
            algorithm=target.algorithm,
            feature_service=target.feature_service,
            artifact_uri=target.artifact_uri,
            artifact_sha256=target.artifact_sha256,
            decided_night=rollback.decided_night,
            effective_night=rollback.effective_night,
            reason=rollback.reason,
            # What it was trained on and tested by is the target's, as its promotion says.
            evidence={**target.evidence, "rollback": rollback.evidence},
            actor=rollback.actor,
            run_id=rollback.run_id,
            kind=PromotionKind.ROLLBACK,
        )
    if rollback.bad is not None:
        block_store.insert_block(
            cursor,
            token,
            target.model,
            version=rollback.bad,
            is_blocked=True,
            promotion_id=row.promotion_id,
            **block,
        )
    return row


def _insert(cursor: extensions.cursor, token: int, **values: Any) -> Promotion:  # noqa: ANN401  the columns' own
    """Append a row after the ledger's last one, whether that one is vouched for or passed over."""
    cursor.execute("SELECT max(promotion_id) FROM ledger.promotions WHERE model = %s", (values["model"],))
    ((previous_id,),) = cursor.fetchall()
    kind = PromotionKind.FIRST if previous_id is None else values["kind"]
    values |= {"previous_id": previous_id, "kind": kind}
    returning = f"RETURNING {', '.join(each.name for each in fields(Promotion))}"
    insert_row(cursor, "promotions", {**values, "fencing_token": token}, returning)
    row = cursor.fetchone()
    if row is None:
        raise LookupError(f"{values['model']}: the promotion was written and not returned")
    return Promotion(*row)


def _explain_other(model: str) -> AlreadyDecided:
    return AlreadyDecided(
        f"{model}: another promotion was decided meanwhile; run the decision again against the champion of now"
    )


@contextmanager
def _explain_refusals(model: str) -> Iterator[None]:
    """Say in words what the database refused."""
    try:
        yield
    except psycopg2.errors.UniqueViolation as error:
        raise _explain_other(model) from error
    except psycopg2.Error as error:
        if error.pgcode == BLOCKED:
            refusal = str(error).splitlines()[0].replace("is barred", "is blocked")
            raise VersionIsBlocked(
                f"{refusal}: it comes back only after `./redeye unblock {model} <version>`"
            ) from error
        raise
