"""The trail: a hash chain over every row of every ledger; and a lease ends within a day."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0006", "r0005"
upgrade = make_upgrade("r0003_trail.sql", "r0004_lease_cap.sql")
