"""The dbt-duckdb plugin that `dbt/profiles.yml` names: it opens dbt's connection to the lake.

Read from the environment: REDEYE_WAREHOUSE_ATTACH, what to attach (`ducklake:postgres:<DSN>`), and
REDEYE_WAREHOUSE_DATA_PATH, the folder of the lake's Parquet files. `redeye.warehouse.dbt` sets both.
"""

from __future__ import annotations

import os

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from redeye.foundation.logic.visible_text import hide_passwords
from redeye.warehouse.dbt import ATTACH, DATA_PATH


class Plugin(BasePlugin):
    """Loads the lake's extensions from their wheels and attaches the warehouse, as `warehouse`."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Called by dbt-duckdb once per connection, before it attaches anything itself.

        Raises:
            ConfigError: if a variable is not set, or an extension's wheel is not installed.
        """
        from redeye.foundation.errors import ConfigError
        from redeye.warehouse.lake import extension_paths

        missing = [name for name in (ATTACH, DATA_PATH) if not os.environ.get(name)]
        if missing:
            raise ConfigError(
                f"{' and '.join(missing)} not set: run dbt through `redeye`, or set them for this shell"
            )
        for path in extension_paths().values():
            conn.execute(f"LOAD '{path}'")
        conn.execute("SET GLOBAL TimeZone = 'UTC'")
        target, data_path = (os.environ[name].replace("'", "''") for name in (ATTACH, DATA_PATH))
        # As in `lake.attach`: the folder is the settings' say, and inlining makes a night several times slower.
        options = f"DATA_PATH '{data_path}', OVERRIDE_DATA_PATH true, DATA_INLINING_ROW_LIMIT 0"
        try:
            conn.execute(f"ATTACH '{target}' AS warehouse ({options})")
        except duckdb.Error as error:
            # As in `lake.attach`: dbt writes what it is told into its artifacts and its log.
            raise type(error)(hide_passwords(str(error))) from None
