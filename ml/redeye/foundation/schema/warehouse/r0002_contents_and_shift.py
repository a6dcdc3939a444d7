"""The fence around expiry; what releases hold; shifted deliveries."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0002", "r0001"
upgrade = make_upgrade("r0002_fence_expiry.sql", "warehouse/sql/r0002_contents_and_shift.sql")
