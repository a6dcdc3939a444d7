"""Tokens of the consumers of the prediction API."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0009", "r0008"
upgrade = make_upgrade("outputs/sql/r0009_access_tokens.sql")
