"""Why nights were built again; the dbt nodes of each version of the code."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0003", "r0002"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("warehouse/r0003_again.sql")
