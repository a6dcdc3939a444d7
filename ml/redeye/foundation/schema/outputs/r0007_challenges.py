"""Challenges among the decisions, and each attempt at a training."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0007", "r0006"
upgrade = make_upgrade("outputs/sql/r0007_challenges.sql")
