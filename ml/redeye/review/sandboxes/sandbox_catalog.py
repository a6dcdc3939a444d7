"""Sandboxes: a personal copy of the warehouse's catalog at one release, over links to its files.

A sandbox is a folder, `<home>/dev/<name>`: a DuckLake whose catalog is a file in it, a hard link for each Parquet
file of the release, and dbt's state. No row is copied, and nothing in it knows an address or a password: whoever
works there has no connection to the warehouse, to the outputs or to another sandbox. What is deleted or compacted
there removes a link; the release keeps its file, and the sandbox keeps its own when the warehouse cleans up.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from redeye.foundation.atomic_files import make_folder
from redeye.foundation.catalogs import Catalog
from redeye.foundation.disk import list_files
from redeye.foundation.errors import ConfigError, NotReleased, RedeyeError
from redeye.foundation.settings import settings
from redeye.warehouse import lake
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
CATALOG_FILE, DATA, NOTE, STATE = "catalog.ducklake", "data", "sandbox.json", "dbt"
# Of the catalog, what lives from one snapshot to another.
_LIVE = "begin_snapshot <= $at AND (end_snapshot IS NULL OR end_snapshot > $at)"
# They describe files, tables or schemas by id; what is no longer there at the snapshot is left out.
_BY_FILE = ("ducklake_file_column_stats", "ducklake_file_partition_value", "ducklake_file_variant_stats")
_BY_TABLE = ("ducklake_table_stats", "ducklake_table_column_stats", "ducklake_partition_column")
# Of the warehouse alone: what it waits to delete is none of the sandbox's business.
_LEFT_OUT = ("ducklake_files_scheduled_for_deletion", "ducklake_metadata")


@dataclass(frozen=True)
class Sandbox:
    """One sandbox: where it is, and the release that it was taken from."""

    name: str
    folder: Path
    release_id: str
    code_hash: str
    first_night: date
    night: date

    @property
    def attach(self) -> str:
        """What to ATTACH: the catalog's file."""
        return f"ducklake:{self.folder / CATALOG_FILE}"

    @property
    def data_path(self) -> str:
        """The folder of its Parquet files, links and its own."""
        return f"{self.folder / DATA}/"

    @property
    def state(self) -> Path:
        """Folder of the artifacts, the parsed project and the logs of dbt."""
        return self.folder / STATE

    def connect(self, *, is_writable: bool = False) -> duckdb.DuckDBPyConnection:
        """A connection with the sandbox attached as `warehouse`; one process at a time may have it."""
        con = lake.connect()
        self.attach_to(con, "warehouse", is_writable=is_writable)
        return con

    def attach_to(self, con: duckdb.DuckDBPyConnection, alias: str, *, is_writable: bool = False) -> None:
        """Attach the sandbox to a connection.

        Raises:
            RedeyeError: if another process has it open.
        """
        mode = "DATA_INLINING_ROW_LIMIT 0" if is_writable else "READ_ONLY"
        target, data = (text.replace("'", "''") for text in (self.attach, self.data_path))
        try:
            con.execute(f"ATTACH '{target}' AS {alias} (DATA_PATH '{data}', OVERRIDE_DATA_PATH true, {mode})")
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            raise RedeyeError(
                f"sandbox {self.name} is open in another process: end that, or make another sandbox"
            ) from error


def root() -> Path:
    """The folder of all sandboxes."""
    return settings().home.resolve() / "dev"


def make(name: str, release: Release, *, first_night: date, is_temporary: bool = False) -> Sandbox:
    """Make a sandbox at a release; some tenths of a second, whatever the warehouse holds.

    A temporary one goes when no process holds it any more (`temporary_sandboxes`).

    Raises:
        ConfigError: if the name cannot be used or is taken, or the files cannot be linked.
        NotReleased: if the snapshot is gone.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a sandbox: small letters, digits, - and _, a letter first, such as `anna`"
        )
    final = root() / name
    if final.exists():
        raise ConfigError(f"sandbox {name} is there already: work in it, or `./redeye dev drop {name}` first")
    made = Sandbox(name, final, release.release_id, release.code_hash, first_night, release.night)
    with make_folder(final) as part:
        files = _copy_catalog(part, final, release)
        _link(files, part / DATA)
        note = {
            "release_id": release.release_id,
            "code_hash": release.code_hash,
            "first_night": first_night.isoformat(),
            "night": release.night.isoformat(),
            "is_temporary": is_temporary,
        }
        (part / NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
    log.info("made sandbox %s at release %s: %d files linked", name, release.release_id, len(files))
    return made


def find_sandbox(name: str) -> Sandbox:
    """A sandbox that is there.

    Raises:
        ConfigError: if it is not.
    """
    at = root() / name
    if not NAME.fullmatch(name) or not (at / NOTE).is_file():
        known = ", ".join(each.name for each in sandboxes()) or "none"
        raise ConfigError(
            f"there is no sandbox {name!r}; there are: {known}. `./redeye dev make {name}` makes one"
        )
    note = json.loads((at / NOTE).read_text(encoding="utf-8"))
    nights = (date.fromisoformat(note[each]) for each in ("first_night", "night"))
    return Sandbox(name, at, note["release_id"], note["code_hash"], *nights)


def sandboxes() -> list[Sandbox]:
    """Every sandbox, by name."""
    return [find_sandbox(path.parent.name) for path in sorted(root().glob(f"*/{NOTE}"))]


def drop(name: str) -> None:
    """Remove a sandbox: all of it lies in its folder.

    Raises:
        ConfigError: if there is none of that name.
    """
    shutil.rmtree(find_sandbox(name).folder)
    if not any(root().iterdir()):
        root().rmdir()


def copy(sandbox: Sandbox, name: str) -> Sandbox:
    """A second sandbox with what the first one holds now; its files are links too."""
    folder = sandbox.folder.with_name(name)

    def put(source: str, target: str) -> None:
        if source.endswith(".parquet"):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(sandbox.folder, folder, copy_function=put)
    return replace(sandbox, name=name, folder=folder)


def own_bytes(sandbox: Sandbox) -> int:
    """Bytes of the files that only the sandbox has: links to the release's files take none."""
    reported = [path.lstat() for path in list_files(sandbox.folder)]
    return sum(each.st_size for each in reported if each.st_nlink == 1)


def _copy_catalog(part: Path, final: Path, release: Release) -> list[str]:
    """Make the catalog's file with the rows that are live at the release; the paths of the files they name."""
    with lake.connect(threads=1) as con:
        con.execute(f"ATTACH 'ducklake:{part / CATALOG_FILE}' AS fresh (DATA_PATH '{part / DATA}/')")
        con.execute("DETACH fresh")
        con.execute(f"ATTACH '{part / CATALOG_FILE}' AS own")
        dsn = lake.attach_string(Catalog.WAREHOUSE).removeprefix("ducklake:postgres:").replace("'", "''")
        try:
            con.execute(f"ATTACH '{dsn}' AS theirs (TYPE postgres, READ_ONLY, SCHEMA 'public')")
        except duckdb.IOException as error:
            raise RedeyeError(
                "the warehouse's catalog does not answer: `make run` starts the stack"
            ) from error
        con.execute("BEGIN")
        _copy_rows(con, release)
        con.execute(
            "UPDATE own.ducklake_metadata SET value = ? WHERE key = 'data_path'", [f"{final / DATA}/"]
        )
        con.execute("COMMIT")
        return [row[0] for row in con.execute(_FILES).fetchall()]


_FILES = """
    SELECT if(s.path_is_relative, s.path, error('absolute')) || if(t.path_is_relative, t.path, error('absolute'))
        || if(f.path_is_relative, f.path, error('absolute')) AS path
    FROM (
        SELECT table_id, path, path_is_relative FROM own.ducklake_data_file
        UNION ALL SELECT table_id, path, path_is_relative FROM own.ducklake_delete_file
    ) AS f
    JOIN own.ducklake_table AS t USING (table_id)
    JOIN own.ducklake_schema AS s USING (schema_id)
    ORDER BY ALL
"""


def _copy_rows(con: duckdb.DuckDBPyConnection, release: Release) -> None:
    at = {"at": release.snapshot_id}
    if not con.execute("SELECT 1 FROM theirs.ducklake_snapshot WHERE snapshot_id = $at", at).fetchone():
        raise NotReleased(
            f"the warehouse has no snapshot {release.snapshot_id} of release {release.release_id}"
        )
    if con.execute("SELECT 1 FROM theirs.ducklake_inlined_data_tables LIMIT 1").fetchone():
        raise ConfigError("the warehouse holds rows inlined in its catalog; a sandbox links files only")
    columns: dict[str, list[str]] = {}
    for table, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'own' ORDER BY ALL"
    ).fetchall():
        columns.setdefault(table, []).append(column)
    # What the others are kept by comes first.
    first = ("ducklake_table", "ducklake_data_file")
    for table in (*first, *(each for each in columns if each not in first and each not in _LEFT_OUT)):
        names = columns[table]
        chosen = ", ".join("NULL" if name == "end_snapshot" else name for name in names)
        con.execute(f"DELETE FROM own.{table}")
        con.execute(
            f"INSERT INTO own.{table} ({', '.join(names)}) "
            f"SELECT {chosen} FROM theirs.{table} WHERE {_build_condition(table, names)}",
            at if "$at" in _build_condition(table, names) else {},
        )
    # The warehouse's own numbers are those of its head.
    con.execute(
        "UPDATE own.ducklake_table_stats AS s SET record_count = f.rows, file_size_bytes = f.bytes FROM ("
        "SELECT t.table_id, coalesce(sum(d.record_count), 0) AS rows, coalesce(sum(d.file_size_bytes), 0) AS bytes "
        "FROM own.ducklake_table AS t LEFT JOIN own.ducklake_data_file AS d USING (table_id) GROUP BY ALL) AS f "
        "WHERE f.table_id = s.table_id"
    )


def _build_condition(table: str, names: Iterable[str]) -> str:
    """The condition on the warehouse's rows: those that are live at the snapshot."""
    if table in _BY_FILE:
        return "data_file_id IN (SELECT data_file_id FROM own.ducklake_data_file)"
    if table in _BY_TABLE:
        return "table_id IN (SELECT table_id FROM own.ducklake_table)"
    if "end_snapshot" in names:
        return _LIVE
    if "snapshot_id" in names:
        return "snapshot_id = $at"
    return "begin_snapshot <= $at" if "begin_snapshot" in names else "true"


def _link(files: list[str], to: Path) -> None:
    source = lake.data_path(Catalog.WAREHOUSE).resolve()
    for path in files:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / path, to / path)
        except FileNotFoundError as error:
            raise NotReleased(
                f"{source / path} is gone: the lake was tidied up meanwhile, try again"
            ) from error
        except OSError as error:
            raise ConfigError(
                f"{source / path} cannot be linked into {to} ({error.strerror}): the home's `dev` must lie on the "
                "disk of its `lake`"
            ) from error
