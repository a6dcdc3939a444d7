"""Restore a backup into an empty home, at the same path or at another."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

from psycopg2 import sql

from redeye.foundation.errors import BackupError
from redeye.foundation.settings import Settings
from redeye.foundation.signing import signing_keys
from redeye.stack import bootstrap, databases
from redeye.stack.backups import backup_manifest
from redeye.stack.backups.backup import ORDER, run_tool
from redeye.stack.backups.backup_key import find_key_path, read_key
from redeye.stack.backups.backup_manifest import DATABASES, FILES, Entry, Manifest
from redeye.stack.servers import check_ports
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

log = logging.getLogger(__name__)

# MLflow keeps where artifacts lie as whole URIs, in columns and tags of several tables.
_WITH_PATHS = "mlflow"


def restore(
    configured: Settings, source: Path, *, key_path: Path | None = None, is_unsealed: bool = False
) -> Manifest:
    """Bring a backup back; the stack is stopped afterwards, and `make run` starts it.

    Nothing is written before the backup's seal and every file's hash were checked. A restore that fails half-way
    leaves a home that is to be deleted before it is tried again.

    Args:
        configured: names the home, which must be new or empty.
        source: folder of the backup.
        key_path: the key that it was sealed with; by default this installation's.
        is_unsealed: restore it whoever made it: the key is lost, or the backup older than keys.

    Raises:
        BackupError: if the backup is not whole or not sealed with the key, or the home is not empty.
    """
    home = configured.home.resolve()
    if home.exists() and any(home.iterdir()):
        raise BackupError(
            f"{home} is not empty, and a restore overwrites nothing: delete it (`make reset`), or set REDEYE_HOME"
        )
    key = None if is_unsealed else read_key(key_path or find_key_path(configured))
    manifest = backup_manifest.verify(source, key)
    if is_unsealed:
        log.warning("%s was not checked by a key: whoever could write there decides what is restored", source)
    entries = {entry.path: entry for entry in manifest.entries}
    dumps = {name: f"{DATABASES}/{name}.dump" for name in ORDER}
    if missing := [path for path in dumps.values() if path not in entries]:
        raise BackupError(f"{source} cannot be restored: it has no {', '.join(missing)}. Take another backup")
    prefix = f"{FILES}/"
    for entry in manifest.entries:
        if entry.path.startswith(prefix):
            inside = entry.path.removeprefix(prefix)
            # What landed is not written again. Other modes are not the backup's to say.
            mode = 0o400 if inside.startswith("landing/") else 0o600
            _copy_checked(source, entry, home / inside).chmod(mode)
    secrets = bootstrap.prepare_files(configured)
    # One key states one thing of each subject, and what came after the backup is decided anew.
    signing_keys.replace_key(configured)
    server = bootstrap.server(configured, secrets)
    server.port = check_ports.free(configured.host)
    with server, tempfile.TemporaryDirectory(dir=home / "run") as scratch:
        databases.create(server, secrets)
        for name, path in dumps.items():
            log.info("restoring %s", name)
            # From a copy of our own: nobody else can change that after it was checked.
            dump = _copy_checked(source, entries[path], Path(scratch) / f"{name}.dump")
            options = ["--exit-on-error", "--single-transaction", "--dbname", name]
            run_tool(server, "pg_restore", [*options, str(dump)])
            dump.unlink()
        if manifest.home != str(home):
            changed = _move_paths(server, _WITH_PATHS, Path(manifest.home).as_uri(), home.as_uri())
            log.info("%s: %d values lead to %s now", _WITH_PATHS, changed, home)
    return manifest


def _copy_checked(source: Path, entry: Entry, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / entry.path, target)
    if backup_manifest.hash_file(target) != entry.sha256:
        raise BackupError(f"{entry.path} changed while it was restored: delete the home and try again")
    return target


def _move_paths(server: EmbeddedPostgres, database: str, old: str, new: str) -> int:
    """Let every text of a database that begins with or holds one folder's URI hold another's; how many."""
    changed = 0
    with server.superuser(database) as link, link.cursor() as at:
        link.autocommit = False
        at.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_type = 'BASE TABLE' AND data_type IN ('text', 'character varying') "
            "AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, 3"
        )
        for schema, table, column in at.fetchall():
            name = sql.Identifier(column)
            at.execute(
                sql.SQL("UPDATE {} SET {} = replace({}, %s, %s) WHERE strpos({}, %s) > 0").format(
                    sql.Identifier(schema, table), name, name, name
                ),
                (f"{old}/", f"{new}/", f"{old}/"),
            )
            changed += at.rowcount
        link.commit()
    return changed
