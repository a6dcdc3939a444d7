"""What is done within one task shares connections, and is otherwise as it is outside of a session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import duckdb
import psycopg2
import pytest
from throwaway import Stack

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import LeaseLost
from redeye.foundation.postgres import ledger_transaction
from redeye.foundation.task_session import task_session
from redeye.warehouse import lake

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("stack_env")]


def backend(catalog: Catalog = Catalog.OUTPUTS) -> int:
    """The server's process behind one transaction."""
    with ledger_transaction(catalog) as con, con.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone() or (0,)
        return int(pid)


def test_transactions_of_a_session_share_a_connection_by_database() -> None:
    assert backend() != backend()
    with task_session():
        first = backend()
        with task_session():
            assert backend() == first
        assert backend() == first
        warehouse = backend(Catalog.WAREHOUSE)
        assert warehouse == backend(Catalog.WAREHOUSE) != first
    assert backend() != first


def test_the_connections_end_with_the_session() -> None:
    with task_session():
        with ledger_transaction(Catalog.OUTPUTS) as con:
            pass
        assert not con.closed
    assert con.closed


def fail_after(insert: str) -> None:
    """A transaction that ends with an error."""
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute(insert, ("undone",))
        raise ZeroDivisionError


def check(token: int) -> None:
    """A transaction that is refused if the token is not the lease's."""
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute("SELECT ledger.assert_token(%s)", (token,))


def test_each_commits_by_itself_and_an_error_undoes_its_own_alone() -> None:
    insert = (
        "INSERT INTO ledger.costs (job, night, run_id, is_success, wall_seconds, cpu_seconds, bytes_read, "
        "bytes_written) VALUES (%s, '2013-04-02', 'sessions', true, 0, 0, 0, 0)"
    )
    with task_session():
        first = backend()
        with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
            cursor.execute(insert, ("kept",))
        with pytest.raises(ZeroDivisionError):
            fail_after(insert)
        assert backend() == first
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute("SELECT job FROM ledger.costs WHERE run_id = 'sessions'")
        assert cursor.fetchall() == [("kept",)]


def test_one_within_another_and_one_of_another_thread_have_their_own() -> None:
    with task_session():
        first = backend()
        with ledger_transaction(Catalog.OUTPUTS) as con:
            assert con.info.backend_pid == first
            assert backend() != first
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(backend).result() != first


def test_a_server_that_ended_the_connection_is_asked_anew(stack_env: Stack) -> None:
    with task_session():
        first = backend()
        with closing(psycopg2.connect(stack_env.postgres.dsn("outputs"))) as con, con.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))
        assert backend() != first


def test_a_stale_token_is_refused_on_a_connection_that_held_the_lease_before() -> None:
    with task_session():
        token = lease.acquire(Catalog.OUTPUTS, "first")
        taken = lease.acquire(Catalog.OUTPUTS, "first")
        check(taken)
        with pytest.raises(LeaseLost, match="stale lease"):
            check(token)
        lease.release(Catalog.OUTPUTS, taken)


Writer = tuple[duckdb.DuckDBPyConnection, int]


def count_rows(con: duckdb.DuckDBPyConnection, relation: str = "warehouse.scratch.t") -> int:
    """Its rows; the connection is closed."""
    with con:
        (rows,) = con.execute(f"SELECT count(*) FROM {relation}").fetchone() or (-1,)
        return int(rows)


def is_shared(first: duckdb.DuckDBPyConnection, second: duckdb.DuckDBPyConnection) -> bool:
    """Whether two connections are of one DuckDB; both are closed."""
    with first, second:
        first.execute("CREATE TABLE memory.main.mark AS SELECT 1 AS a")
        found = second.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'mark'").fetchone()
        first.execute("DROP TABLE memory.main.mark")
    return found == (1,)


def test_the_readers_of_a_session_are_of_one_duckdb_at_each_snapshot(writer: Writer) -> None:
    con, _ = writer
    con.execute("CREATE TABLE warehouse.scratch.t AS SELECT 1 AS a")
    first = lake.head(con, Catalog.WAREHOUSE)
    con.execute("INSERT INTO warehouse.scratch.t VALUES (2)")
    second = lake.head(con, Catalog.WAREHOUSE)
    assert not is_shared(lake.connect_at(first), lake.connect_at(first))
    with task_session():
        assert is_shared(lake.connect_outputs(), lake.connect_at(first))
        assert is_shared(lake.connect_at(first), lake.connect_outputs())
        assert not is_shared(lake.connect_at(first), lake.connect_at(second))
        assert [count_rows(lake.connect_at(each)) for each in (first, second, first)] == [1, 2, 1]


def test_more_snapshots_than_are_kept_are_read_all_the_same(writer: Writer) -> None:
    con, _ = writer
    con.execute("CREATE TABLE warehouse.scratch.t (a INTEGER)")
    with task_session():
        held = lake.connect_at(lake.head(con, Catalog.WAREHOUSE))
        for number in range(1, 4):
            con.execute("INSERT INTO warehouse.scratch.t VALUES (?)", [number])
            assert count_rows(lake.connect_at(lake.head(con, Catalog.WAREHOUSE))) == number
        assert count_rows(held) == 0


def test_a_session_sees_what_others_write_to_the_outputs_meanwhile() -> None:
    with task_session(), lease.hold(Catalog.OUTPUTS, "test") as token, lake.connect(threads=1) as other:
        lake.attach(other, Catalog.OUTPUTS, token=token)
        with lake.connect_outputs() as con:
            assert con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'told'").fetchone() is None
        other.execute("CREATE TABLE outputs.main.told AS SELECT 1 AS a")
        assert count_rows(lake.connect_outputs(), "outputs.main.told") == 1
        other.execute("INSERT INTO outputs.main.told VALUES (2)")
        assert count_rows(lake.connect_outputs(), "outputs.main.told") == 2
        other.execute("DROP TABLE outputs.main.told")


def write(value: int) -> duckdb.DuckDBPyConnection:
    """Add a row as a writer of the session, which is handed back after it let go."""
    with (
        lease.hold(Catalog.OUTPUTS, "test") as token,
        lake.open_for_writing(Catalog.OUTPUTS, token=token) as con,
    ):
        con.execute("CREATE TABLE IF NOT EXISTS outputs.main.written (a INTEGER)")
        con.execute("INSERT INTO outputs.main.written VALUES (?)", [value])
        if value < 0:
            raise ValueError(value)
    return con


def test_the_writers_of_a_session_are_one_duckdb_with_nothing_attached_between_them() -> None:
    with task_session():
        first = write(1)
        assert first.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchone() == (1,)
        assert write(2) is first
        assert count_rows(lake.connect_outputs(), "outputs.main.written") == 2
        with pytest.raises(ValueError, match="-1"):
            write(-1)
        # Whatever a failed writer left behind, the next one has another.
        assert write(3) is not first
    with pytest.raises(duckdb.ConnectionException):
        write(4).execute("SELECT 1")
    with lake.connect_outputs() as con:
        found = con.execute("SELECT list(a ORDER BY a) FROM outputs.main.written").fetchone()
    assert found == ([-1, 1, 2, 3, 4],)
    with (
        lease.hold(Catalog.OUTPUTS, "test") as token,
        lake.open_for_writing(Catalog.OUTPUTS, token=token) as con,
    ):
        con.execute("DROP TABLE outputs.main.written")
