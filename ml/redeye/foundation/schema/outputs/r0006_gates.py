"""What the gates said of every candidate, in the ledger of trainings."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0006", "r0005"
upgrade = make_upgrade("outputs/sql/r0006_gates.sql")
