"""A lease ends within a day."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0007", "r0006"
upgrade = make_upgrade("r0004_lease_cap.sql")
