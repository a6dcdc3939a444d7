"""The ledger of blocks: which versions may not become champion again. Append-only; the last row of a version counts."""

from __future__ import annotations

from datetime import date

from psycopg2 import extensions

from redeye.champions.logic.succession import VersionBlock
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import ledger_transaction


def read_blocks(model: str) -> list[VersionBlock]:
    """Every block of a model's versions, and every lifting of one, in the order in which they were decided."""
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute(
            "SELECT bar_id, version, is_barred, night, reason, actor FROM ledger.bars "
            "WHERE model = %s ORDER BY bar_id",
            (model,),
        )
        return [VersionBlock(*row) for row in cursor.fetchall()]


def insert_block(
    cursor: extensions.cursor,
    token: int,
    model: str,
    *,
    version: int,
    is_blocked: bool,
    night: date,
    reason: str,
    actor: str,
    run_id: str,
    promotion_id: int | None = None,
) -> None:
    """Add a row within a transaction that holds the outputs' lease.

    Args:
        cursor: of that transaction.
        token: of the lease.
        model: whose version it is.
        version: that may not come back, or may again.
        is_blocked: which of the two.
        night: of the decision.
        reason: why.
        actor: who or what decided.
        run_id: in which run.
        promotion_id: the rollback by which it was blocked, if it was by one.
    """
    cursor.execute(
        "INSERT INTO ledger.bars (model, version, is_barred, night, reason, actor, run_id, promotion_id, "
        "fencing_token) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (model, version, is_blocked, night, reason, actor, run_id, promotion_id, token),
    )


def record_block(
    model: str, version: int, *, is_blocked: bool, night: date, reason: str, actor: str, run_id: str
) -> None:
    """Block a version, or let it come back, in a transaction of its own.

    Raises:
        LeaseHeld: if the outputs' lease did not come free.
    """
    with (
        lease.hold(Catalog.OUTPUTS, f"block/{model}/{run_id}") as token,
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as cursor,
    ):
        insert_block(
            cursor,
            token,
            model,
            version=version,
            is_blocked=is_blocked,
            night=night,
            reason=reason,
            actor=actor,
            run_id=run_id,
        )
