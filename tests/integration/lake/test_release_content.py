"""What a snapshot holds is told from everything else that it could hold, and found from its parent's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.warehouse import lake, release_content
from redeye.warehouse.logic.content import Content

pytestmark = pytest.mark.integration
Writer = tuple[duckdb.DuckDBPyConnection, int]

START = """
    CREATE OR REPLACE TABLE warehouse.scratch.t AS
    SELECT * FROM (VALUES ('a' || chr(31) || 'b', 'c'), ('x', NULL), ('y', 'y')) AS v(one, two);
    CREATE OR REPLACE VIEW warehouse.scratch.v AS SELECT one FROM warehouse.scratch.t
"""
TABLE = "warehouse.scratch.t"


@pytest.fixture
def set_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the installation's key, for one test."""

    def set_(key: str) -> None:
        monkeypatch.setenv("REDEYE_CONTENT_KEY", key)
        settings.cache_clear()

    yield set_
    monkeypatch.undo()
    settings.cache_clear()


def held(writer: Writer) -> dict[str, Content]:
    """The content of the head, read whole."""
    return release_content.digest_snapshot(lake.head(writer[0], Catalog.WAREHOUSE))


@pytest.mark.parametrize(
    "change",
    [
        f"INSERT INTO {TABLE} VALUES ('y', 'y')",
        f"DELETE FROM {TABLE}",
        f"DELETE FROM {TABLE} WHERE two = 'c'",
        f"DELETE FROM {TABLE} WHERE two = 'c'; DELETE FROM {TABLE} WHERE two IS NULL",
        f"UPDATE {TABLE} SET two = 'd' WHERE two = 'c'",
        f"UPDATE {TABLE} SET one = 'a', two = 'b' || chr(31) || 'c' WHERE two = 'c'",
        f"UPDATE {TABLE} SET one = 'a', two = chr(31) || 'bc' WHERE two = 'c'",
        f"UPDATE {TABLE} SET two = chr(0) WHERE two IS NULL",
        f"UPDATE {TABLE} SET two = '-' WHERE two IS NULL",
        f"UPDATE {TABLE} SET two = '' WHERE two IS NULL",
        f"ALTER TABLE {TABLE} RENAME COLUMN two TO three",
        f"CREATE OR REPLACE TABLE {TABLE} AS SELECT one AS two, two AS one FROM {TABLE}",
        "CREATE OR REPLACE VIEW warehouse.scratch.v AS SELECT two AS one FROM warehouse.scratch.t",
    ],
)
def test_another_content_has_another_digest(writer: Writer, change: str) -> None:
    writer[0].execute(START)
    before, parent = held(writer), lake.head(writer[0], Catalog.WAREHOUSE)
    writer[0].execute(change)
    after = held(writer)
    assert after != before
    head = lake.head(writer[0], Catalog.WAREHOUSE)
    assert release_content.digest_snapshot(head, parent_snapshot_id=parent, parent=before) == after


def test_the_order_of_rows_and_the_files_that_they_lie_in_do_not_count(writer: Writer) -> None:
    con = writer[0]
    con.execute(START)
    before = held(writer)
    con.execute(f"CREATE TEMP TABLE kept AS FROM {TABLE}; DELETE FROM {TABLE}")
    con.execute(f"INSERT INTO {TABLE} SELECT * FROM kept ORDER BY one DESC")
    assert held(writer) == before


def test_what_a_parent_holds_without_a_key_is_read_anew(writer: Writer) -> None:
    writer[0].execute(START)
    head = lake.head(writer[0], Catalog.WAREHOUSE)
    old = release_content.digest_snapshot(head, is_keyed=False)
    assert not any(content.is_keyed for content in old.values())
    assert release_content.digest_snapshot(head, parent_snapshot_id=head, parent=old) == held(writer)


def test_under_another_key_nothing_is_the_same(writer: Writer, set_key: Callable[[str], None]) -> None:
    writer[0].execute(START)
    before = held(writer)
    set_key("0" * 64)
    assert held(writer)['"scratch"."t"'] != before['"scratch"."t"']


@pytest.mark.parametrize("key", ["", "abc", "z" * 64])
def test_a_key_that_is_none_is_named(set_key: Callable[[str], None], key: str) -> None:
    set_key(key)
    with pytest.raises(ConfigError, match="REDEYE_CONTENT_KEY is"):
        release_content.read_key()
