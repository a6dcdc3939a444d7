"""What the gates said of every candidate, in the ledger of trainings."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0006", "r0005"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("outputs/r0006_gates.sql")
