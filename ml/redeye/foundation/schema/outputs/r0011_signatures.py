"""Signatures of rows and of what else the installation states."""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0011", "r0010"
upgrade = make_upgrade("r0005_signatures.sql")
