"""How far the model registry has followed the promotion ledger."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0008", "r0007"
upgrade = make_upgrade("outputs/sql/r0008_registry_positions.sql")
