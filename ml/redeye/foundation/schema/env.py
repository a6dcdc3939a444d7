"""Alembic's entry: run the revisions on the connection that `redeye.foundation.migrations` hands over."""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(
    connection=given["connection"],
    version_table=given["version_table"],
    version_table_schema=given["version_schema"],
)
with context.begin_transaction():
    context.run_migrations()
