"""The promotion ledger: which version is champion from which night on, and why. Append-only."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg2.errors
from psycopg2.extras import Json

from redeye.adapters import lease
from redeye.adapters.artifacts import below_root
from redeye.adapters.lake import Catalog
from redeye.adapters.postgres import ledger_transaction
from redeye.core.errors import AlreadyDecided, TooLate
from redeye.core.releases import Promotion

_COLUMNS = (
    "promotion_id, model, version, algorithm, feature_service, artifact_uri, artifact_sha256, decided_night, "
    "effective_night, reason, evidence, actor, run_id"
)


def promotions(model: str) -> list[Promotion]:
    """Every promotion of a model, in the order in which they were decided."""
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM ledger.promotions WHERE model = %s ORDER BY promotion_id", (model,)
        )
        return [Promotion(*row) for row in cursor.fetchall()]


def champion(model: str, night: date) -> Promotion | None:
    """Who scores `night`: the last decided promotion that is in effect by then."""
    in_effect = [row for row in promotions(model) if row.effective_night <= night]
    return in_effect[-1] if in_effect else None


def latest_promotion(model: str) -> Promotion | None:
    """The last decided promotion, in effect yet or not: what a new decision is compared with."""
    rows = promotions(model)
    return rows[-1] if rows else None


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
) -> Promotion:
    """Append a promotion, if the ledger still ends with the row that the decision was based on.

    `follows` is the promotion that the decision was compared with (`latest_promotion`), None for the first.

    Raises:
        TooLate: if `effective_night` has been scored already.
        AlreadyDecided: if another promotion came in between.
        LeaseHeld: if the outputs' lease did not come free.
    """
    # The lease keeps a night from being scored between the check and the commit.
    with lease.held(Catalog.OUTPUTS, f"promote/{model}/{run_id}") as token:
        from redeye.adapters.outputs import last_scored_night

        scored = last_scored_night(model)
        if scored is not None and scored >= effective_night:
            raise TooLate(
                f"{model}: version {version} cannot take effect on night {effective_night}, nights up to {scored} "
                f"are scored already; decide again for a later night"
            )
        try:
            with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO ledger.promotions (model, version, algorithm, feature_service, artifact_uri, "
                    "artifact_sha256, decided_night, effective_night, reason, evidence, actor, run_id, previous_id, "
                    "fencing_token) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
                    f"RETURNING {_COLUMNS}",
                    (
                        model,
                        version,
                        algorithm,
                        feature_service,
                        below_root(artifact_uri),
                        artifact_sha256,
                        decided_night,
                        effective_night,
                        reason,
                        Json(evidence),
                        actor,
                        run_id,
                        follows.promotion_id if follows else None,
                        token,
                    ),
                )
                row = cursor.fetchone()
        except psycopg2.errors.UniqueViolation as error:
            raise AlreadyDecided(
                f"{model}: another promotion followed {follows.promotion_id if follows else 'nothing'} meanwhile; "
                "run the decision again against the champion of now"
            ) from error
    if row is None:
        raise LookupError(f"{model}: the promotion was written and not returned")
    return Promotion(*row)
