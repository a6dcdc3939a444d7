"""The fence around expiry; decisions on retraining, and trainings."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0002", "r0001"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("r0002_fence_expiry.sql", "outputs/r0002_retraining.sql")
