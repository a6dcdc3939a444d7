"""Keeping the lakes small: expire snapshots, merge files, remove what nothing needs any more.

Everything here runs under the lease of its lake, so that no commit comes in between, and every commit
carries its token. Killed at any point, it loses nothing: a merge or an expiry is one commit of the catalog,
and files are removed only after the catalog has let go of them for longer than the grace period.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import RedeyeError
from redeye.warehouse import lake

log = logging.getLogger(__name__)

_ORPHANS_SHOWN = 5


@dataclass(frozen=True)
class Files:
    """What a lake holds: live Parquet files by the catalog, snapshots, and files waiting for removal."""

    files: int
    snapshots: int
    scheduled: int


def count(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> Files:
    """The numbers of an attached lake."""
    metadata = f"__ducklake_metadata_{catalog}"
    row = con.execute(
        f"SELECT (SELECT count(*) FROM {metadata}.ducklake_data_file) "
        f"+ (SELECT count(*) FROM {metadata}.ducklake_delete_file), "
        f"(SELECT count(*) FROM {metadata}.ducklake_snapshot), "
        f"(SELECT count(*) FROM {metadata}.ducklake_files_scheduled_for_deletion)"
    ).fetchone()
    return Files(*row) if row else Files(0, 0, 0)


def expire(con: duckdb.DuckDBPyConnection, catalog: Catalog, *, before: int, keep: Collection[int]) -> int:
    """Expire every snapshot below `before` that is not in `keep`; how many.

    They are named one by one: a time would also cover snapshots that a release names. Those are refused by
    the database too, by a foreign key.
    """
    found = con.execute(
        f"SELECT snapshot_id FROM ducklake_snapshots('{catalog}') WHERE snapshot_id < ? ORDER BY 1", [before]
    ).fetchall()
    versions = [snapshot for (snapshot,) in found if snapshot not in keep]
    if versions:
        con.execute(f"CALL ducklake_expire_snapshots('{catalog}', versions => {versions})")
    return len(versions)


def compact(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, *, after_each: Callable[[], None] = lambda: None
) -> int:
    """Merge the small files of each table, one commit a table; how many files went into merged ones.

    Every snapshot stays readable: a merged file keeps with each row the snapshot it came with.
    """
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY ALL",
        [str(catalog)],
    ).fetchall()
    merged = 0
    for schema, table in tables:
        # CALL, since a SELECT from it writes the merged file and does not commit.
        done = con.execute(
            f"CALL ducklake_merge_adjacent_files('{catalog}', '{table}', schema => '{schema}')"
        ).fetchall()
        merged += sum(int(files) for *_, files, _created in done)
        after_each()
    return merged


def remove_files(con: duckdb.DuckDBPyConnection, catalog: Catalog, *, grace: timedelta) -> int:
    """Delete the files that the catalog let go of longer than `grace` ago; how many.

    A reader plans its query with the files of its moment: none runs as long as the grace period.
    """
    return len(
        con.execute(f"CALL ducklake_cleanup_old_files('{catalog}', older_than => {_ago(grace)})").fetchall()
    )


def remove_orphans(con: duckdb.DuckDBPyConnection, catalog: Catalog, *, grace: timedelta) -> int:
    """Delete files that no commit of the catalog ever named, older than `grace`; how many.

    They come from killed or fenced-off writers. Safe only under the lease: whoever wrote them holds an older
    token and can commit them no more. What is about to go is compared with the catalog first.

    Raises:
        RedeyeError: if the catalog knows one of them after all; nothing is deleted then.
    """
    call = f"ducklake_delete_orphaned_files('{catalog}', older_than => {_ago(grace)}"
    listed = {Path(path).name for (path,) in con.execute(f"CALL {call}, dry_run => true)").fetchall()}
    metadata = f"__ducklake_metadata_{catalog}"
    known = {
        Path(path).name
        for (path,) in con.execute(
            f"SELECT path FROM {metadata}.ducklake_data_file UNION ALL SELECT path FROM {metadata}.ducklake_delete_file"
        ).fetchall()
    }
    if clash := sorted(listed & known):
        raise RedeyeError(
            f"{catalog}: {len(clash)} files look orphaned and are in the catalog, such as "
            f"{', '.join(clash[:_ORPHANS_SHOWN])}; none was deleted. Does REDEYE_HOME lead to the lake's folder?"
        )
    if listed:
        con.execute(f"CALL {call})")
    return len(listed)


def _ago(grace: timedelta) -> str:
    # The age of files is the one thing here that goes by the clock on the wall.
    return f"now() - INTERVAL {int(grace.total_seconds())} SECOND"


def attach_for_writing(catalog: Catalog, *, token: int) -> duckdb.DuckDBPyConnection:
    """A connection with a lake attached for writing under a lease's token."""
    con = lake.connect()
    lake.attach(con, catalog, token=token)
    return con
