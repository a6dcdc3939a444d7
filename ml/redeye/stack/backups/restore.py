"""Restore a backup into an empty home, at the same path or at another."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from psycopg2 import sql

from redeye.foundation.errors import BackupError
from redeye.foundation.settings import Settings
from redeye.stack import bootstrap, databases
from redeye.stack.backups import backup_manifest
from redeye.stack.backups.backup import ORDER, run_tool
from redeye.stack.backups.backup_manifest import DATABASES, FILES, Manifest
from redeye.stack.servers import check_ports
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

log = logging.getLogger(__name__)

# MLflow keeps where artifacts lie as whole URIs, in columns and tags of several tables.
_WITH_PATHS = "mlflow"


def restore(configured: Settings, source: Path) -> Manifest:
    """Bring a backup back; the stack is stopped afterwards, and `make run` starts it.

    Nothing is written before every file of the backup was compared with its hash. A restore that fails
    half-way leaves a home that is to be deleted before it is tried again.

    Raises:
        BackupError: if the backup is not whole, or the home is not empty.
    """
    home = configured.home.resolve()
    if home.exists() and any(home.iterdir()):
        raise BackupError(
            f"{home} is not empty, and a restore overwrites nothing: delete it (`make reset`), or set REDEYE_HOME"
        )
    manifest = backup_manifest.verify(source)
    prefix = f"{FILES}/"
    for entry in manifest.entries:
        if entry.path.startswith(prefix):
            target = home / entry.path.removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / entry.path, target)
            if backup_manifest.hash_file(target) != entry.sha256:
                raise BackupError(f"{entry.path} changed while it was restored: delete {home} and try again")
            target.chmod((source / entry.path).stat().st_mode & 0o777)
    secrets = bootstrap.prepare_files(configured)
    server = bootstrap.server(configured, secrets)
    server.port = check_ports.free(configured.host)
    with server:
        databases.create(server, secrets)
        for name in ORDER:
            dump = source / DATABASES / f"{name}.dump"
            log.info("restoring %s", name)
            options = ["--exit-on-error", "--single-transaction", "--dbname", name]
            run_tool(server, "pg_restore", [*options, str(dump)])
        if manifest.home != str(home):
            changed = _move_paths(server, _WITH_PATHS, Path(manifest.home).as_uri(), home.as_uri())
            log.info("%s: %d values lead to %s now", _WITH_PATHS, changed, home)
    return manifest


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
