"""The fence around expiry; decisions on retraining, and trainings."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0002", "r0001"
upgrade = make_upgrade("r0002_fence_expiry.sql", "outputs/sql/r0002_retraining.sql")
