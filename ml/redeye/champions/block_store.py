"""The ledger of blocks: which versions may not become champion again. Append-only; the last row of a version counts."""

from __future__ import annotations

from datetime import date

from psycopg2 import extensions

from redeye.champions.logic.succession import VersionBlock
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert_row, read_rows


def read_blocks(model: str) -> list[VersionBlock]:
    """Every block of a model's versions, and every lifting of one, in the order in which they were decided."""
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT bar_id, version, is_barred, night, reason, actor FROM ledger.bars "
        "WHERE model = %s ORDER BY bar_id",
        (model,),
    )
    return [VersionBlock(*row) for row in rows]


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
    """Say within a transaction that holds the outputs' lease that a version may not come back, or may again.

    `promotion_id` is the rollback by which it was blocked, if it was by one.
    """
    insert_row(
        cursor,
        "bars",
        {
            "model": model,
            "version": version,
            "is_barred": is_blocked,
            "night": night,
            "reason": reason,
            "actor": actor,
            "run_id": run_id,
            "promotion_id": promotion_id,
            "fencing_token": token,
        },
    )
