"""Each part reaches its own database only, and ledgers can be added to, never rewritten."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest
from psycopg2 import errors

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert, read_rows
from redeye.stack import databases
from redeye.stack.databases import DATABASES, LEDGERS

pytestmark = pytest.mark.integration

NAMES = [database.name for database in DATABASES]


def connect_as(stack, role, database):
    password = next(d for d in DATABASES if d.name == role).password(stack.secrets)
    return psycopg2.connect(stack.postgres.dsn(database, user=role, password=password), connect_timeout=5)


@pytest.mark.parametrize("name", NAMES)
def test_a_role_reaches_its_own_database(stack_env, name):
    with closing(connect_as(stack_env, name, name)) as link, link.cursor() as at:
        at.execute("SELECT current_user, current_database()")
        assert at.fetchone() == (name, name)


@pytest.mark.parametrize("role", NAMES)
@pytest.mark.parametrize("database", [*NAMES, "postgres"])
def test_a_role_reaches_no_other_database(stack_env, role, database):
    if role == database:
        return
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        connect_as(stack_env, role, database)


def test_a_wrong_password_is_refused(stack_env):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(stack_env.postgres.dsn("warehouse", user="warehouse", password="guess"))


@pytest.mark.parametrize("name", LEDGERS)
@pytest.mark.parametrize(
    "act", ["UPDATE {} SET night = night", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"]
)
def test_a_ledger_is_not_rewritten_by_its_role(stack_env, name, act):
    table, act = ("ledger.releases", act) if name == "warehouse" else ("ledger.promotions", act)
    if name == "outputs":
        act = act.replace("night = night", "reason = reason")
    with closing(connect_as(stack_env, name, name)) as link, link.cursor() as at:
        with pytest.raises(errors.InsufficientPrivilege):
            at.execute(act.format(table))


def test_the_lease_is_taken_only_through_its_function(stack_env):
    with closing(connect_as(stack_env, "warehouse", "warehouse")) as link, link.cursor() as at:
        with pytest.raises(errors.InsufficientPrivilege):
            at.execute("UPDATE ledger.lease SET token = 0")


def test_creating_again_changes_nothing(stack_env):
    databases.create(stack_env.postgres, stack_env.secrets)
    databases.create_ledgers(stack_env.postgres)
    with stack_env.postgres.superuser() as link, link.cursor() as at:
        at.execute("SELECT count(*) FROM pg_database WHERE datname = ANY(%s)", (NAMES,))
        assert at.fetchone() == (len(NAMES),)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger.trail VALUES (1, 'gaps', '{}', '{}', false, now(), 'me', 'x')",
        "UPDATE ledger.trail SET hash = 'x'",
        "DELETE FROM ledger.trail",
        "TRUNCATE ledger.trail",
        "SELECT ledger.append_to_trail('gaps', '{}', '{}', false)",
        "SELECT ledger.follow_ledgers()",
        "CREATE TRIGGER mine AFTER INSERT ON ledger.gaps FOR EACH ROW EXECUTE FUNCTION ledger.record_row()",
        "DROP TRIGGER record ON ledger.gaps",
        "ALTER TABLE ledger.gaps DISABLE TRIGGER record",
        "SET session_replication_role = replica",
    ],
)
def test_who_writes_the_ledgers_cannot_touch_the_trail(stack_env, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        insert(Catalog.WAREHOUSE, statement, ())


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER fence ON public.ducklake_snapshot",
        "ALTER TABLE public.ducklake_snapshot DROP CONSTRAINT ducklake_snapshot_pkey CASCADE",
        "UPDATE public.ducklake_data_file SET path = 'elsewhere.parquet'",
        "UPDATE public.ducklake_snapshot SET snapshot_time = now()",
        "TRUNCATE public.ducklake_data_file",
        "CREATE TABLE public.mine (a int)",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "UPDATE ledger.lease SET expires_at = 'infinity'",
    ],
)
def test_who_writes_the_lake_cannot_take_its_fence_and_keys_away(stack_env, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        insert(Catalog.WAREHOUSE, statement, ())


def test_nobody_takes_a_lease_for_longer_than_a_day(stack_env):
    left = "SELECT extract(epoch FROM expires_at - clock_timestamp()) <= 86400 FROM ledger.lease"
    token = lease.acquire(Catalog.OUTPUTS, "a test", ttl_seconds=2_147_483_647)
    try:
        assert read_rows(Catalog.OUTPUTS, left) == [(True,)]
        read_rows(Catalog.OUTPUTS, "SELECT ledger.renew_lease(%s, 2147483647)", (token,))
        assert read_rows(Catalog.OUTPUTS, left) == [(True,)]
    finally:
        lease.release(Catalog.OUTPUTS, token)
