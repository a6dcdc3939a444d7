"""Why nights were built again; the dbt nodes of each version of the code."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0003", "r0002"
upgrade = make_upgrade("warehouse/sql/r0003_again.sql")
