"""The key that backups are sealed with: whoever can write where a backup lies cannot make another one of it.

It lies beside the home, not in it, so that no backup holds it and a reset leaves it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from redeye.foundation.errors import BackupError, ConfigError
from redeye.foundation.settings import Settings

_BYTES = 32


def find_key_path(configured: Settings) -> Path:
    """Where the key of this installation's backups lies, whether it is there or not.

    Raises:
        ConfigError: if the setting leads into the home, which is backed up.
    """
    home = configured.home.resolve()
    if not configured.backup_key_file:
        return home.with_name(f"{home.name}.backup-key")
    path = Path(configured.backup_key_file).resolve()
    if path.is_relative_to(home):
        raise ConfigError(
            f"REDEYE_BACKUP_KEY_FILE={path} lies in {home}, which is backed up: name one outside"
        )
    return path


def read_or_create_key(path: Path) -> bytes:
    """The key in a file; made, for its owner only, where there is none.

    Raises:
        BackupError: if the file cannot be made, or holds no key.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BackupError(
            f"{path} cannot be made ({error.strerror}): REDEYE_BACKUP_KEY_FILE names another place for the key"
        ) from error
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        if not text:
            text = f"{secrets.token_hex(_BYTES)}\n"
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    return _parse(path, text)


def read_key(path: Path) -> bytes:
    """The key in a file.

    Raises:
        BackupError: if there is none.
    """
    try:
        return _parse(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BackupError(
            f"the key that the backup was sealed with is not at {path} ({error.strerror}): name the copy that you "
            "keep with --key. Without the key nobody can tell whether the backup is as it was made: --unsealed "
            "restores it all the same"
        ) from error


def _parse(path: Path, text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise BackupError(f"{path} holds no key: it must be {2 * _BYTES} hexadecimal digits") from error
    if len(key) != _BYTES:
        raise BackupError(f"{path} holds no key: it must be {2 * _BYTES} hexadecimal digits")
    return key
