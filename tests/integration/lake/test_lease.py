"""Only the holder of the lease can commit, however late another wakes up."""

from __future__ import annotations

import duckdb
import psycopg2
import pytest

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import LeaseHeld, LeaseLost
from redeye.foundation.postgres import ledger_transaction
from redeye.warehouse import lake

pytestmark = pytest.mark.integration
Writer = tuple[duckdb.DuckDBPyConnection, int]


def test_a_held_lease_is_refused_and_the_message_names_the_holder(writer: Writer) -> None:
    with pytest.raises(LeaseHeld, match="held by test until"):
        lease.acquire(Catalog.WAREHOUSE, "someone else", wait_seconds=0)


def test_the_same_holder_takes_over_from_itself_and_fences_its_predecessor(writer: Writer) -> None:
    con, token = writer
    con.execute("CREATE TABLE warehouse.scratch.t (a INTEGER)")
    successor = lease.acquire(Catalog.WAREHOUSE, "test", wait_seconds=0)
    assert successor > token
    with pytest.raises(duckdb.Error, match="stale lease"):
        con.execute("INSERT INTO warehouse.scratch.t VALUES (1)")
    with pytest.raises(LeaseLost):
        lease.renew(Catalog.WAREHOUSE, token)


def test_an_expired_lease_may_be_taken_and_the_sleeper_cannot_commit(writer: Writer) -> None:
    sleeper = lease.acquire(Catalog.WAREHOUSE, "test", ttl_seconds=0)
    with lake.connect(threads=1) as asleep:
        lake.attach(asleep, Catalog.WAREHOUSE, token=sleeper)
        asleep.execute("CREATE TABLE warehouse.scratch.t (a INTEGER)")
        taken = lease.acquire(Catalog.WAREHOUSE, "someone else", wait_seconds=0)
        with pytest.raises(duckdb.Error, match="stale lease"):
            asleep.execute("INSERT INTO warehouse.scratch.t VALUES (1)")
    lease.release(Catalog.WAREHOUSE, taken)
    with lake.connect(threads=1) as reader:
        lake.attach(reader, Catalog.WAREHOUSE)
        assert reader.execute("SELECT count(*) FROM warehouse.scratch.t").fetchone() == (0,)


def test_a_writer_without_a_token_cannot_commit(writer: Writer) -> None:
    with lake.connect(threads=1) as con:
        lake.attach(con, Catalog.WAREHOUSE, token=0)
        with pytest.raises(duckdb.Error, match="stale lease"):
            con.execute("CREATE TABLE warehouse.scratch.u (a INTEGER)")


@pytest.mark.parametrize("statement", ["UPDATE ledger.releases SET night = night", "DELETE FROM ledger.gaps"])
def test_the_ledger_is_append_only_for_its_own_role(stack_env: object, statement: str) -> None:
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ledger_transaction(Catalog.WAREHOUSE) as con,
        con.cursor() as cursor,
    ):
        cursor.execute(statement)
