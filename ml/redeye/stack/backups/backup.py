"""Back up an installation while it runs: every database, then the files that they name.

The order is what makes it consistent (docs/explanation/decisions/0005-backup-order.md): a row that names something in
another database is dumped before what it names, and files come last. What is named is only ever added to.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from redeye.foundation.disk import list_files
from redeye.foundation.errors import BackupError, ConfigError, RedeyeError
from redeye.foundation.git import git_sha
from redeye.foundation.settings import Settings
from redeye.stack import bootstrap, databases
from redeye.stack.backups.backup_key import find_key_path, read_or_create_key
from redeye.stack.backups.backup_manifest import DATABASES, FILES, LEFT_OUT, Entry, Manifest, describe
from redeye.stack.backups.backup_signature import sign_backup
from redeye.stack.secrets import FILE_NAME, Secrets, load_or_create
from redeye.stack.servers import check_ports
from redeye.stack.servers.embedded_postgres import SUPERUSER, EmbeddedPostgres, binaries
from redeye.stack.servers.supervisor import Supervisor

log = logging.getLogger(__name__)

# Who names comes before what is named: runs of Airflow, predictions and promotions, the registry, whatever
# stands for itself, and at last the releases, which all of them name.
_FIRST, _LAST = ("airflow", "outputs", "mlflow"), ("warehouse",)
ORDER = (
    *_FIRST,
    *(each.name for each in databases.DATABASES if each.name not in (*_FIRST, *_LAST)),
    *_LAST,
)
_PATIENCE_SECONDS = 2.0


def backup(configured: Settings, target: Path) -> tuple[Path, Manifest, str]:
    """Write a backup into `target`, a folder that must be new or empty; the stack may run.

    Secrets are part of it: without the keys in them, Airflow's encrypted fields could not be read again. So
    the folder is readable by its owner only, and is to be kept like a password.

    Its manifest is sealed with a key that is not part of it, and signed.

    Returns:
        The folder, its manifest, and the manifest's SHA-256.

    Raises:
        BackupError: if `target` is not empty, lies in the home, or a dump fails.
        ConfigError: if there is no installation, or its databases are not the embedded ones.
    """
    home = configured.home.resolve()
    if not (home / FILE_NAME).exists():
        raise ConfigError(f"{home} holds no installation: there is nothing to back up")
    for name in ("warehouse_dsn", "outputs_dsn"):
        if getattr(configured, name).get_secret_value() and not _is_embedded(configured, name):
            raise ConfigError(
                f"REDEYE_{name.upper()} leads to a server of yours: back its databases up with that server's own "
                "means, in the order of docs/explanation/decisions/0005-backup-order.md"
            )
    target, key_path = target.resolve(), find_key_path(configured)
    if key_path.is_relative_to(target):
        raise BackupError(
            f"{key_path}, the key that backups are sealed with, lies in {target}: give a new folder"
        )
    if target.is_relative_to(home):
        raise BackupError(
            f"{target} lies in {home} itself: give a folder outside of it, best on another disk"
        )
    if target.exists() and any(target.iterdir()):
        raise BackupError(f"{target} is not empty: give a new folder")
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    elsewhere = {
        "landing": configured.landing_url,
        "exports": configured.exports_url,
        "artifacts": configured.artifacts_url,
        "MLflow": configured.mlflow_server_elsewhere,
    }
    for name, url in elsewhere.items():
        if url:
            log.warning("%s lies at %s: it is not in this backup, back it up there", name, url)
    secrets = load_or_create(home)
    with _server(configured, secrets) as server:
        entries = [_dump(server, name, target) for name in ORDER]
        with server.superuser() as link, link.cursor() as at:
            at.execute("SHOW server_version")
            (version,) = at.fetchone() or ("",)
    entries += list(_copy_files(configured, target))
    manifest = Manifest(str(home), git_sha(), version, entries)
    sha256 = manifest.write(target, read_or_create_key(key_path))
    sign_backup(target, manifest, sha256)
    return target, manifest, sha256


def _is_embedded(configured: Settings, name: str) -> bool:
    dsn = getattr(configured, name).get_secret_value()
    return f"port={configured.postgres_port} " in dsn and f"host={configured.host} " in dsn


@contextmanager
def _server(configured: Settings, secrets: Secrets) -> Iterator[EmbeddedPostgres]:
    """The installation's server: the running one, or one started for the time being on a port of its own."""
    server = bootstrap.server(configured, secrets)
    try:
        server.wait_ready(_PATIENCE_SECONDS)
    except RedeyeError:
        if Supervisor(configured).pid() is not None:
            raise
        with replace(server, port=check_ports.free(configured.host)) as own:
            yield own
    else:
        yield server


def run_tool(server: EmbeddedPostgres, program: str, arguments: list[str]) -> None:
    """Run one of Postgres' client programs as the superuser.

    Raises:
        BackupError: if it fails; the message carries the end of its output.
    """
    words = [str(binaries() / program), "--host", server.host, "--port", str(server.port)]
    words += ["--username", SUPERUSER, "--no-password", *arguments]
    environment = {**os.environ, "PGPASSWORD": server.password}
    ran = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if ran.returncode != 0:
        tail = "\n".join((ran.stdout + ran.stderr).splitlines()[-20:])
        raise BackupError(f"{program} of {arguments[-1]} failed:\n{tail}")


def _dump(server: EmbeddedPostgres, database: str, target: Path) -> Entry:
    path = target / DATABASES / f"{database}.dump"
    path.parent.mkdir(exist_ok=True)
    log.info("dumping %s", database)
    run_tool(server, "pg_dump", ["--format", "custom", "--file", str(path), database])
    return describe(path, target)


def _copy_files(configured: Settings, target: Path) -> Iterator[Entry]:
    home = configured.home.resolve()
    for path in list_files(home):
        inside = path.relative_to(home)
        if inside.parts[0] in LEFT_OUT or inside.suffix == ".log" or path.is_symlink():
            continue
        copied = target / FILES / inside
        try:
            copied.parent.mkdir(parents=True, exist_ok=True)
            copy = _copy_sqlite if path.suffix == ".db" else shutil.copyfile
            copy(path, copied)
        except FileNotFoundError:
            # Written and removed since the folder was listed: no dump names it.
            log.info("%s went away meanwhile", inside)
            continue
        copied.chmod(0o600)
        yield describe(copied, target)


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file that may be written to meanwhile, as of one moment."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer)
