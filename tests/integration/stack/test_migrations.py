"""An installation of any age is brought to today's ledgers, or left exactly as it was."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from redeye.foundation import migrations, trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import RedeyeError
from redeye.foundation.schema.running import FOLDER
from redeye.stack import databases
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

DATABASE = "warehouse"
# How ledgers were made before they were migrated.
FIRST = ("r0001_lease.sql", "warehouse/sql/r0001_releases.sql")
RIGHTS = "GRANT USAGE ON SCHEMA ledger TO warehouse; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO warehouse;"


def as_role(stack: Any) -> Any:
    password = next(each for each in databases.DATABASES if each.name == DATABASE).password(stack.secrets)
    return psycopg2.connect(stack.postgres.dsn(DATABASE, user=DATABASE, password=password))


def ask(stack: Any, sql: str) -> Any:
    with stack.postgres.superuser(DATABASE) as link, link.cursor() as at:
        at.execute(sql)
        return at.fetchall() if at.description else None


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the revisions, to which a test adds one."""
    folder = tmp_path / "schema"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "FOLDER", folder)
    return folder


def add_revision(code: Path, statements: str) -> None:
    (code / DATABASE / "r9001_more.py").write_text(
        f"from alembic import op\nrevision, down_revision = 'r9001', '{migrations.find_head(DATABASE)}'\n"
        f"def upgrade():\n    op.execute('''{statements}''')\n"
    )


def test_ledgers_from_before_migrations_are_taken_over_with_their_rows(stack_env: Any) -> None:
    ask(
        stack_env,
        "DROP SCHEMA migrations CASCADE; DROP SCHEMA ledger CASCADE; " + _sql(*FIRST) + RIGHTS,
    )
    ask(
        stack_env,
        "INSERT INTO ledger.deliveries (source, dataset, night, content_hash, is_accepted, path, row_count, "
        "is_stated_empty, arrival_night) VALUES ('s', 'outcomes', '2013-01-01', 'x', true, 'p', 1, false, "
        "'2013-01-01'); INSERT INTO ledger.gaps VALUES ('2013-01-02', 'lost', 'me')",
    )
    assert migrations.read_current(stack_env.postgres, DATABASE) is None
    assert DATABASE in migrations.find_pending(stack_env.postgres, [DATABASE])
    databases.create_ledgers(stack_env.postgres)
    assert migrations.find_pending(stack_env.postgres, databases.LEDGERS) == {}
    assert release_store.is_gap(date(2013, 1, 2))
    assert [each.content_hash for each in release_store.list_unreleased_deliveries(date(2013, 1, 1))] == ["x"]
    assert ask(stack_env, "SELECT count(*) FROM ledger.release_contents") == [(0,)]
    # Their rows begin the trail, which says that it does not know when they were written.
    said = "SELECT ledger, is_inherited FROM ledger.trail ORDER BY entry"
    assert ask(stack_env, said) == [("deliveries", True), ("gaps", True), ("schema", False)]
    assert trail.check_trail(Catalog.WAREHOUSE, []).faults == ()
    databases.create_ledgers(stack_env.postgres)


def test_a_revision_that_fails_leaves_nothing_behind(stack_env: Any, code: Path) -> None:
    before = migrations.read_current(stack_env.postgres, DATABASE)
    add_revision(code, "CREATE TABLE ledger.half (a int); SELECT 1/0")
    with pytest.raises(
        RedeyeError, match=r"warehouse from r\d+ to r9001 failed; nothing of it was kept.*division"
    ):
        migrations.upgrade(stack_env.postgres, DATABASE)
    assert migrations.read_current(stack_env.postgres, DATABASE) == before
    assert ask(stack_env, "SELECT to_regclass('ledger.half')") == [(None,)]


def test_what_a_revision_adds_can_be_added_to_and_not_rewritten(stack_env: Any, code: Path) -> None:
    before = migrations.find_head(DATABASE)
    add_revision(code, "CREATE TABLE ledger.added (a int)")
    migrations.upgrade(stack_env.postgres, DATABASE)
    try:
        with closing(as_role(stack_env)) as link, link.cursor() as at:
            at.execute("INSERT INTO ledger.added VALUES (1)")
            link.commit()
            for refused in ("UPDATE ledger.added SET a = 2", "SELECT * FROM migrations.version"):
                with pytest.raises(errors.InsufficientPrivilege):
                    at.execute(refused)
                link.rollback()
    finally:
        ask(stack_env, f"DROP TABLE ledger.added; UPDATE migrations.version SET version_num = '{before}'")


def test_a_database_of_newer_code_says_so(stack_env: Any) -> None:
    before = migrations.read_current(stack_env.postgres, DATABASE)
    ask(stack_env, "UPDATE migrations.version SET version_num = 'r9999'")
    try:
        with pytest.raises(RedeyeError, match=r"are at revision r9999.*run the newer code"):
            migrations.upgrade(stack_env.postgres, DATABASE)
    finally:
        ask(stack_env, f"UPDATE migrations.version SET version_num = '{before}'")


def _sql(*names: str) -> str:
    return "\n".join((FOLDER / name).read_text().replace("{role}", DATABASE) for name in names)
