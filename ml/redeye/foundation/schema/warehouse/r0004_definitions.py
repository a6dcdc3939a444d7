"""How each version of the dbt project defines its relations."""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0004", "r0003"


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("warehouse/r0004_definitions.sql")
