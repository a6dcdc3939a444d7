"""How each version of the dbt project defines its relations."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0004", "r0003"
upgrade = make_upgrade("warehouse/sql/r0004_definitions.sql")
