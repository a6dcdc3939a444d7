"""A backup on disk: a folder with dumps, files and a manifest that names each with size and SHA-256."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from redeye.foundation.errors import BackupError

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
DATABASES, FILES = "databases", "files"
FORMAT = 1
_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """One file of a backup: where it lies in it, and what it must be."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes:
        home: the home that was backed up; paths below it in the databases are rewritten if it changes.
        git_sha: the code that made it.
        server: version of the Postgres that dumped.
        entries: every dump and file.
    """

    home: str
    git_sha: str
    server: str
    entries: list[Entry]
    format: int = FORMAT

    def write(self, folder: Path) -> str:
        """Write the manifest and its seal, the last thing a backup does; the manifest's SHA-256."""
        text = json.dumps(asdict(self), indent=1)
        (folder / MANIFEST).write_text(text, encoding="utf-8")
        seal = hashlib.sha256(text.encode()).hexdigest()
        (folder / SEAL).write_text(f"{seal}  {MANIFEST}\n", encoding="utf-8")
        return seal


def read(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupError: if there is none, it is altered, or of a later format.
    """
    path = folder / MANIFEST
    if not path.is_file() or not (folder / SEAL).is_file():
        raise BackupError(
            f"{folder} is no whole backup: it has no {MANIFEST} with its {SEAL}, which are written last"
        )
    text = path.read_bytes()
    if hashlib.sha256(text).hexdigest() != (folder / SEAL).read_text(encoding="utf-8").split()[0]:
        raise BackupError(f"{path} is not what {SEAL} says: it was altered; take another backup")
    values = json.loads(text)
    if values["format"] != FORMAT:
        raise BackupError(
            f"{path} has format {values['format']}, this code reads {FORMAT}: restore it with the code that made it"
        )
    return Manifest(**{**values, "entries": [Entry(**entry) for entry in values["entries"]]})


def verify(folder: Path) -> Manifest:
    """Read a backup whole and compare every file with the manifest.

    Raises:
        BackupError: naming what is missing, truncated, altered or there without being named.
    """
    manifest = read(folder)
    faults = []
    for entry in manifest.entries:
        path = folder / entry.path
        if not path.is_file():
            faults.append(f"{entry.path} is missing")
        elif (size := path.stat().st_size) != entry.bytes:
            faults.append(f"{entry.path} has {size} bytes, not {entry.bytes}")
        elif hash_file(path) != entry.sha256:
            faults.append(f"{entry.path} was altered")
    named = {entry.path for entry in manifest.entries} | {MANIFEST, SEAL}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    faults += [f"{path} is not in the manifest" for path in sorted(found - named)]
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise BackupError(
            f"{folder} cannot be restored: {'; '.join(faults[:_SHOWN])}{more}. Take another backup"
        )
    return manifest


def describe(path: Path, folder: Path) -> Entry:
    """What a file of a backup's folder is now."""
    return Entry(str(path.relative_to(folder)), path.stat().st_size, hash_file(path))


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
