"""What each attempt of a job took of the machine."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0004", "r0003"
upgrade = make_upgrade("outputs/sql/r0004_costs.sql")
