"""What operators were told, where, and when."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0005", "r0004"
upgrade = make_upgrade("outputs/sql/r0005_alerts.sql")
