"""Whatever is changed, taken out, moved or put in past the trail of the ledgers is found, and named."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from prepared_installations import Kind
from psycopg2 import errors, sql
from typer.testing import CliRunner

from redeye.cli import app
from redeye.foundation import cost_store, trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.logic.trail import Anchor, Entry
from redeye.foundation.postgres import insert, read_rows
from redeye.foundation.settings import settings
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

DATABASE = "warehouse"
CHANGES = int(os.environ.get("REDEYE_TEST_CHANGES", "200"))
"""In each run. A thousand were made once, with other seeds: all were found and named."""
OTHER_VALUE = {
    "text": "{0} || 'x'",
    "bool": "NOT {0}",
    "int4": "{0} + 1",
    "int8": "{0} + 1",
    "date": "{0} + 1",
    "jsonb": """{0} || '{{"x": 1}}'""",
    "timestamp": "{0} + interval '1 microsecond'",
    "timestamptz": "{0} + interval '1 microsecond'",
    "_text": "{0} || 'x'::text",
}


@pytest.fixture(scope="module")
def stack_env(install: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with install(tmp_path_factory.mktemp("redeye-trail"), Kind.THREE_WEEKS) as stack:
        insert(Catalog.WAREHOUSE, "INSERT INTO ledger.gaps VALUES (%s, %s, %s)", ("2013-03-01", "lost", "me"))
        yield stack


@pytest.fixture
def anchors(stack_env: Any) -> list[Anchor]:
    settings().home.joinpath(settings().anchors_file).unlink(missing_ok=True)
    trail.write_anchors("a test")
    return trail.read_anchors(settings().home / settings().anchors_file)


@contextmanager
def tampering(stack: Any) -> Iterator[Any]:
    """The superuser's connection with every trigger and foreign key off; what is done is undone."""
    with stack.postgres.superuser(DATABASE) as link:
        link.autocommit = False
        with link.cursor() as at:
            at.execute("SET LOCAL session_replication_role = replica")
            yield link
        link.rollback()


def ask(at: Any, statement: Any, values: tuple[Any, ...] = ()) -> list[Any]:
    at.execute(statement, values)
    return at.fetchall() if at.description else []


def take_row(at: Any, chance: random.Random) -> tuple[Any, Any, str]:
    """A row of a ledger at random: its table, its place, the entry's key of it."""
    _, name, key = chance.choice(
        ask(at, "SELECT entry, ledger, row_key::text FROM ledger.trail WHERE ledger <> 'schema'")
    )
    columns = ask(at, "SELECT key_columns FROM ledger.followed_ledgers WHERE name = %s", (name,))[0][0]
    table = sql.Identifier("ledger", name)
    pairs = [sql.SQL("to_jsonb(t) -> {0} = %s::jsonb -> {0}").format(sql.Literal(each)) for each in columns]
    ((place,),) = ask(
        at,
        sql.SQL("SELECT ctid FROM {} AS t WHERE {}").format(table, sql.SQL(" AND ").join(pairs)),
        (key,) * len(pairs),
    )
    return table, place, key


def change_row(at: Any, chance: random.Random) -> str:
    table, place, key = take_row(at, chance)
    name = table.strings[1]
    columns = ask(
        at,
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'ledger' "
        "AND table_name = %s AND is_identity = 'NO' AND column_name <> 'recorded_seq'",
        (name,),
    )
    chance.shuffle(columns)
    for column, kind in columns:
        field = sql.Identifier(column)
        ((was,),) = ask(at, sql.SQL("SELECT {} FROM {} WHERE ctid = %s").format(field, table), (place,))
        other = OTHER_VALUE[kind].format(f'"{column}"') if was is not None else "'x'"
        at.execute("SAVEPOINT before")
        try:
            at.execute(
                sql.SQL("UPDATE {} SET {} = {} WHERE ctid = %s").format(table, field, sql.SQL(other)),
                (place,),
            )
        except errors.CheckViolation:
            # Some values the table itself refuses, whoever writes them.
            at.execute("ROLLBACK TO before")
            continue
        return key
    raise AssertionError(f"no column of {name} takes another value")


def delete_row(at: Any, chance: random.Random) -> str:
    table, place, key = take_row(at, chance)
    at.execute(sql.SQL("DELETE FROM {} WHERE ctid = %s").format(table), (place,))
    return key


def insert_past_the_trail(at: Any, chance: random.Random) -> str:
    night = date.fromordinal(date(2020, 1, 1).toordinal() + chance.randrange(1000))
    at.execute("INSERT INTO ledger.gaps VALUES (%s, 'made up', 'nobody')", (night,))
    return f'{{"night": "{night}"}}'


def choose_entry(at: Any, chance: random.Random) -> int:
    return int(chance.choice(ask(at, "SELECT entry FROM ledger.trail"))[0])


def change_entry(at: Any, chance: random.Random) -> str:
    number = choose_entry(at, chance)
    column, other = chance.choice(
        [
            ("content", """content || '{"x": 1}'"""),
            ("row_key", """row_key || '{"x": 1}'"""),
            ("ledger", "ledger || 'x'"),
            ("recorded_at", "recorded_at + interval '1 microsecond'"),
            ("recorded_by", "recorded_by || 'x'"),
            ("is_inherited", "NOT is_inherited"),
            ("hash", "encode(sha256(convert_to(hash, 'UTF8')), 'hex')"),
        ]
    )
    at.execute(f"UPDATE ledger.trail SET {column} = {other} WHERE entry = %s", (number,))
    return f"entry {number} "


def delete_entry(at: Any, chance: random.Random) -> str:
    number = choose_entry(at, chance)
    at.execute("DELETE FROM ledger.trail WHERE entry = %s", (number,))
    return f"entry {number} "


def swap_entries(at: Any, chance: random.Random) -> str:
    one, other = sorted(chance.sample([each for (each,) in ask(at, "SELECT entry FROM ledger.trail")], 2))
    for old, new in ((one, 10**9), (other, one), (10**9, other)):
        at.execute("UPDATE ledger.trail SET entry = %s WHERE entry = %s", (new, old))
    return f"entry {one} "


def cut_the_end(at: Any, chance: random.Random) -> str:
    number = choose_entry(at, chance)
    at.execute("DELETE FROM ledger.trail WHERE entry >= %s", (number,))
    return f"{number} "


def write_anew(at: Any, chance: random.Random) -> str:
    """Another row in the ledger and in its entry, and every hash from there on as it should be then."""
    number = choose_entry(at, chance)
    at.execute("""UPDATE ledger.trail SET content = content || '{"x": 1}' WHERE entry = %s""", (number,))
    rows = ask(at, f"SELECT {trail._ENTRY} FROM ledger.trail ORDER BY entry")
    previous = ""
    for entry in (Entry(*row) for row in rows):
        previous = entry.digest(previous)
        at.execute("UPDATE ledger.trail SET hash = %s WHERE entry = %s", (previous, entry.entry))
    return "was changed and the rest written anew"


@pytest.mark.parametrize(
    "change",
    [
        change_row,
        delete_row,
        insert_past_the_trail,
        change_entry,
        delete_entry,
        swap_entries,
        cut_the_end,
        write_anew,
    ],
)
def test_every_single_change_is_found_and_named(
    stack_env: Any, anchors: list[Anchor], change: Callable[[Any, random.Random], str]
) -> None:
    missed = []
    for seed in range(CHANGES // 8):
        with tampering(stack_env) as link, link.cursor() as at:
            at.execute("SET LOCAL timezone = 'UTC'")
            named = change(at, random.Random(seed))
            faults = trail.check_connection(link, DATABASE, anchors).faults
        if not any(named in fault for fault in faults):
            missed.append((seed, named, faults[:3]))
    assert missed == []


def test_ledgers_that_nobody_touched_have_no_fault_and_every_row_an_entry(
    stack_env: Any, anchors: list[Anchor]
) -> None:
    for catalog in Catalog:
        found = trail.check_trail(catalog, anchors)
        assert found.faults == ()
        assert found.unanchored == 0
    kept = dict(read_rows(Catalog.WAREHOUSE, "SELECT ledger, count(*) FROM ledger.trail GROUP BY ledger"))
    for (name,) in read_rows(Catalog.WAREHOUSE, "SELECT name FROM ledger.followed_ledgers"):
        ((rows,),) = read_rows(Catalog.WAREHOUSE, f"SELECT count(*) FROM ledger.{name}")
        assert kept.get(name, 0) == rows, name
    assert kept["releases"] == len(release_store.all_releases()) > 0


def test_an_entry_says_when_and_by_which_role_whatever_the_writer_says(stack_env: Any) -> None:
    before = read_rows(Catalog.OUTPUTS, "SELECT clock_timestamp()")[0][0]
    with cost_store.record_cost("m:a_job", date(2013, 1, 1), model=None, run_id="r"):
        pass
    ((at, role, inherited),) = read_rows(
        Catalog.OUTPUTS,
        "SELECT recorded_at, recorded_by, is_inherited FROM ledger.trail WHERE ledger = 'costs' "
        "ORDER BY entry DESC LIMIT 1",
    )
    assert (role, inherited) == ("outputs", False)
    assert before < at < read_rows(Catalog.OUTPUTS, "SELECT clock_timestamp()")[0][0]


@pytest.mark.parametrize(
    ("done", "named"),
    [
        ("ALTER TABLE ledger.gaps DISABLE TRIGGER record", "trigger record on ledger.gaps is not as"),
        (
            "DROP TRIGGER fence ON public.ducklake_snapshot",
            "trigger fence on public.ducklake_snapshot is not as",
        ),
        (
            "ALTER TABLE ledger.releases DROP CONSTRAINT releases_snapshot_id_fkey",
            "constraint releases_snapshot_id_fkey on ledger.releases is not as",
        ),
        ("GRANT DELETE ON ledger.releases TO warehouse", "rights on ledger.releases is not as"),
        (
            "GRANT UPDATE (path) ON public.ducklake_data_file TO warehouse",
            "rights on public.ducklake_data_file is not",
        ),
        ("GRANT CREATE ON SCHEMA public TO warehouse", "rights on schema public is not as"),
        (
            "ALTER TABLE public.ducklake_snapshot OWNER TO warehouse",
            "owner of public.ducklake_snapshot is not as",
        ),
        (
            "CREATE OR REPLACE FUNCTION ledger.assert_token(mine bigint) RETURNS void LANGUAGE sql AS 'SELECT'",
            "function ledger.assert_token(bigint) is not as",
        ),
    ],
)
def test_a_guard_that_is_gone_is_named(stack_env: Any, anchors: list[Anchor], done: str, named: str) -> None:
    with tampering(stack_env) as link, link.cursor() as at:
        at.execute(done)
        faults = trail.check_connection(link, DATABASE, anchors).faults
    assert any(fault.startswith(named) for fault in faults), faults


def test_writers_at_once_leave_one_chain(stack_env: Any) -> None:
    dsn = settings().outputs_dsn.get_secret_value()
    first, second = psycopg2.connect(dsn), psycopg2.connect(dsn)
    columns = "(target, title, body, is_delivered, sent_at)"
    row = f"INSERT INTO ledger.alert_messages {columns} VALUES ('t', %s, '', true, now())"
    with first.cursor() as one, second.cursor() as other:
        one.execute(row, ("first",))
        other.execute("SET lock_timeout = '100ms'")
        with pytest.raises(errors.LockNotAvailable):
            other.execute(row, ("second",))
        second.rollback()
        first.commit()
        other.execute(row, ("second",))
        second.commit()
    first.close()
    second.close()
    assert trail.check_trail(Catalog.OUTPUTS, []).faults == ()


def test_a_link_leads_no_anchor_elsewhere(
    stack_env: Any, anchors: list[Anchor], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, elsewhere = settings().home / settings().anchors_file, tmp_path / "elsewhere"
    path.unlink()
    path.symlink_to(elsewhere)
    trail.write_anchors("a test")
    path.unlink()
    assert not elsewhere.exists()
    assert f"was not written to {path}" in caplog.text


def test_the_command_ends_with_1_where_anything_is_not_as_it_was(
    stack_env: Any, anchors: list[Anchor], tmp_path: Path
) -> None:
    found = CliRunner().invoke(app, ["audit", "verify"])
    assert found.exit_code == 0, found.output
    assert "Every row of every ledger is as it was written" in found.output
    elsewhere = tmp_path / "anchors.ndjson"
    elsewhere.write_text(json.dumps(vars(replace(anchors[0], hash="0" * 64))) + "\n", encoding="utf-8")
    found = CliRunner().invoke(app, ["audit", "verify", "--anchors", str(elsewhere)])
    assert found.exit_code == 1
    assert "written anew" in " ".join(found.output.split())
    found = CliRunner().invoke(app, ["audit", "trail", "--ledger", "gaps"])
    assert "2013-03-01" in found.output
