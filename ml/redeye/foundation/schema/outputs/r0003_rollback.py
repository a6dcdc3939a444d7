"""Kinds of promotions, bars, rollbacks among the nights' decisions, and candidates that await approval."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0003", "r0002"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("outputs/r0003_rollback.sql")
