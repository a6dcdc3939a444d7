"""Passwords of the embedded databases, each in a file that libpq reads: no DSN and no URL holds one.

What quotes an address, an error of DuckDB's or a page of a tool's, so has nothing to tell.
"""

from __future__ import annotations

from pathlib import Path

from redeye.foundation.atomic_files import replace_file
from redeye.foundation.settings import Settings
from redeye.stack import databases
from redeye.stack.secrets import Secrets


def find_passfile(configured: Settings, role: str) -> Path:
    """The file with a role's password; a role is named as its database."""
    return configured.home.resolve() / "run" / "pgpass" / role


def write_passfiles(configured: Settings, secrets: Secrets) -> None:
    """Write the file of each role, for its owner only: libpq passes over one that others can read."""
    for database in databases.DATABASES:
        path = find_passfile(configured, database.name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        host = configured.host.replace("\\", "\\\\").replace(":", "\\:")
        # Any port: a restore and a backup have a server of their own.
        line = f"{host}:*:{database.name}:{database.name}:{database.password(secrets)}\n"
        if path.is_file() and path.read_text(encoding="utf-8") == line and not path.stat().st_mode & 0o077:
            continue
        with replace_file(path) as fresh:
            fresh.touch(mode=0o600)
            fresh.write_text(line, encoding="utf-8")
