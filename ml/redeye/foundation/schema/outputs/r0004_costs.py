"""What each attempt of a job took of the machine."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0004", "r0003"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("outputs/r0004_costs.sql")
