"""Kinds of promotions, bars, rollbacks among the nights' decisions, and candidates that await approval."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0003", "r0002"
upgrade = make_upgrade("outputs/sql/r0003_rollback.sql")
