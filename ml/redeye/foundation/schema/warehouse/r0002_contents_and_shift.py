"""The fence around expiry; what releases hold; shifted deliveries."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0002", "r0001"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("r0002_fence_expiry.sql", "warehouse/r0002_contents_and_shift.sql")
