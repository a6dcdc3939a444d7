"""How far the model registry has followed the ledgers of promotions and blocks. Append-only; the last row counts."""

from __future__ import annotations

from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert, read_rows


def read_position(model: str) -> tuple[int, int] | None:
    """The newest promotion and the newest block that the registry shows; None if it never was reconciled."""
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT promotion_id, bar_id FROM ledger.registry_positions WHERE model = %s "
        "ORDER BY position_id DESC LIMIT 1",
        (model,),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def record_position(model: str, position: tuple[int, int]) -> None:
    """Say that the registry shows what was decided up to a promotion and a block; again is no change."""
    if read_position(model) != position:
        insert(
            Catalog.OUTPUTS,
            "INSERT INTO ledger.registry_positions (model, promotion_id, bar_id) VALUES (%s, %s, %s)",
            (model, *position),
        )
