"""dbt, run in this process over the lake: build the warehouse's head, name its code, render its docs.

The module is also the dbt-duckdb plugin that `dbt/profiles.yml` names: `Plugin` opens the connection.
dbt's artifacts, logs and its parsed project live outside of the repository, in `<home>/dbt`.
"""

from __future__ import annotations

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection


class Plugin(BasePlugin):
    """Loads the lake's extensions from their wheels and attaches the warehouse, as `warehouse`."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Called by dbt-duckdb once, before it attaches anything itself."""
        from redeye.adapters.lake import extension_paths

        for path in extension_paths().values():
            conn.execute(f"LOAD '{path}'")
        conn.execute("SET GLOBAL TimeZone = 'UTC'")
        target = os.environ["REDEYE_WAREHOUSE_ATTACH"].replace("'", "''")
        data_path = os.environ["REDEYE_WAREHOUSE_DATA_PATH"].replace("'", "''")
        conn.execute(f"ATTACH '{target}' AS warehouse (DATA_PATH '{data_path}', DATA_INLINING_ROW_LIMIT 0)")
