"""A clean outputs table and warehouse head for each test of the lakes."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.warehouse import lake


@pytest.fixture
def writer(stack_env: object) -> Iterator[tuple[duckdb.DuckDBPyConnection, int]]:
    """A connection that holds the warehouse's lease, and its token; what the test made is dropped again."""
    token = lease.acquire(Catalog.WAREHOUSE, "test")
    con = lake.connect(threads=1)
    lake.attach(con, Catalog.WAREHOUSE, token=token)
    con.execute("CREATE SCHEMA IF NOT EXISTS warehouse.scratch")
    try:
        yield con, token
    finally:
        con.close()
        token = lease.acquire(Catalog.WAREHOUSE, "test")
        with lake.connect(threads=1) as cleaner:
            lake.attach(cleaner, Catalog.WAREHOUSE, token=token)
            cleaner.execute("DROP SCHEMA IF EXISTS warehouse.scratch CASCADE")
        lease.release(Catalog.WAREHOUSE, token)
