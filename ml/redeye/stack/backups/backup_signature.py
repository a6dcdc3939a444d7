"""A backup's signature: whoever has the public key alone tells whether it is what the installation made.

The seal of `backup_manifest.py` asks for a secret; this can be checked where the backups lie.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from redeye.foundation.errors import BackupError
from redeye.foundation.signing.logic.statements import Kind
from redeye.foundation.signing.public_keys import PublicKeys
from redeye.foundation.signing.signed_files import read_signed, sign_text
from redeye.stack.backups import backup_manifest
from redeye.stack.backups.backup_manifest import MANIFEST, SIGNATURE, Manifest


def sign_backup(folder: Path, manifest: Manifest, sha256: str) -> None:
    """Put the signature into a backup that is whole; without one it is still sealed."""
    content = {"entries": len(manifest.entries), "git_sha": manifest.git_sha}
    if text := sign_text(Kind.BACKUP, {"manifest_sha256": sha256}, content):
        (folder / SIGNATURE).write_text(text, encoding="ascii")


def verify_backup(folder: Path, keys: PublicKeys) -> Manifest:
    """Read a backup whole and compare every file with the manifest, which one of the keys signed.

    Raises:
        SignatureError: if it has no signature, or none of the keys.
        BackupError: if the manifest is not what was signed, and as `backup_manifest.verify`.
    """
    stated = read_signed(folder / SIGNATURE, Kind.BACKUP, keys).subject
    if hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest() != stated.get("manifest_sha256"):
        raise BackupError(f"{folder / MANIFEST} is not what was signed: it was altered; take another backup")
    return backup_manifest.verify(folder, None)
