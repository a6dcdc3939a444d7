"""What operators were told, where, and when."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0005", "r0004"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("outputs/r0005_alerts.sql")
