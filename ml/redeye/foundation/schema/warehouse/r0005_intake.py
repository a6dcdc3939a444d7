"""Rows set aside or marked, deliveries in doubt, what people decide, and deliveries that leave again."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0005", "r0004"
upgrade = make_upgrade("warehouse/sql/r0005_intake.sql")
