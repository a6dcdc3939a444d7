"""The lease, the release ledger, deliveries, gaps and audits.

It changes nothing where these exist already: so an installation that is older than these migrations is taken
over by running it.
"""

from __future__ import annotations

from redeye.foundation.schema.running import run_sql

revision, down_revision = "r0001", None


def upgrade() -> None:
    """Called by Alembic, in the transaction of the whole upgrade."""
    run_sql("r0001_lease.sql", "warehouse/r0001_releases.sql")
