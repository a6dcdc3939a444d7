"""A backup on disk: a folder with dumps, files and a manifest that names each with size and SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from redeye.foundation.errors import BackupError

MANIFEST = "manifest.json"
SEAL = "manifest.hmac"
SIGNATURE = "manifest.signed.json"
UNKEYED_SEAL = "manifest.sha256"
"""Of backups made before they were sealed with a key: whoever can write to one can make it anew."""
DATABASES, FILES = "databases", "files"
# Made again from the rest, of this machine only, or someone's sandbox.
LEFT_OUT = ("anchors.ndjson", "postgres", "logs", "run", "cache", "airflow", "dbt", "dev", "bench")
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

    def write(self, folder: Path, key: bytes) -> str:
        """Write the manifest and its seal, the last thing a backup does; the manifest's SHA-256."""
        text = json.dumps(asdict(self), indent=1).encode()
        (folder / MANIFEST).write_bytes(text)
        (folder / SEAL).write_text(f"{_seal(text, key)}  {MANIFEST}\n", encoding="ascii")
        return hashlib.sha256(text).hexdigest()


def _seal(text: bytes, key: bytes) -> str:
    return hmac.digest(key, text, "sha256").hex()


def read(folder: Path, key: bytes | None) -> Manifest:
    """The manifest of a backup, if it was sealed with the key.

    Args:
        folder: of the backup.
        key: that it must be sealed with; None takes the manifest for what it is, whoever wrote it.

    Raises:
        BackupError: if there is none, it was not sealed with the key, or is of a later format.
    """
    path = folder / MANIFEST
    if not path.is_file() or not any((folder / name).is_file() for name in (SEAL, UNKEYED_SEAL)):
        raise BackupError(
            f"{folder} is no whole backup: it has no {MANIFEST} with its {SEAL}, which are written last"
        )
    text = path.read_bytes()
    if key is not None:
        _check_seal(folder, text, key)
    try:
        values = json.loads(text)
        if values["format"] != FORMAT:
            raise BackupError(
                f"{path} has format {values['format']}, this code reads {FORMAT}: restore it with the code that made it"
            )
        return Manifest(**{**values, "entries": [Entry(**entry) for entry in values["entries"]]})
    except (ValueError, TypeError, KeyError) as error:
        raise BackupError(f"{path} is no manifest: it was altered; take another backup") from error


def _check_seal(folder: Path, text: bytes, key: bytes) -> None:
    if not (folder / SEAL).is_file():
        raise BackupError(
            f"{folder} was made before backups were sealed with a key: who can write there could have altered it. "
            "If you trust where it lay, restore it with --unsealed"
        )
    given = (folder / SEAL).read_text(encoding="utf-8", errors="replace").partition(" ")[0]
    if not hmac.compare_digest(given.encode(), _seal(text, key).encode()):
        raise BackupError(
            f"{folder / MANIFEST} was not sealed with this installation's key: it was altered, or another key made it, "
            "which --key names; else take another backup"
        )


def verify(folder: Path, key: bytes | None) -> Manifest:
    """Read a backup whole and compare every file with the manifest, which the key sealed.

    Raises:
        BackupError: naming what is missing, truncated, altered or there without being named, or would be written
            outside of the home.
    """
    manifest = read(folder, key)
    faults = list(_find_odd_paths(manifest))
    for entry in [] if faults else manifest.entries:
        path = folder / entry.path
        if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
            faults.append(f"{entry.path} is a link")
        elif not path.is_file():
            faults.append(f"{entry.path} is missing")
        elif (size := path.stat().st_size) != entry.bytes:
            faults.append(f"{entry.path} has {size} bytes, not {entry.bytes}")
        elif hash_file(path) != entry.sha256:
            faults.append(f"{entry.path} was altered")
    named = {entry.path for entry in manifest.entries} | {MANIFEST, SEAL, UNKEYED_SEAL, SIGNATURE}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    faults += [f"{path} is not in the manifest" for path in sorted(found - named)]
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise BackupError(
            f"{folder} cannot be restored: {'; '.join(faults[:_SHOWN])}{more}. Take another backup"
        )
    return manifest


def _find_odd_paths(manifest: Manifest) -> Iterator[str]:
    """What no backup names: a file twice, or one that is not below its two folders."""
    if not PurePosixPath(manifest.home).is_absolute():
        yield f"its home {manifest.home!r} is no path"
    seen: set[str] = set()
    for entry in manifest.entries:
        path = PurePosixPath(entry.path)
        is_below = len(path.parts) > 1 and path.parts[0] in (DATABASES, FILES)
        if path.parts[:1] == (FILES,) and set(path.parts[1:2]) & set(LEFT_OUT):
            yield f"{entry.path} is of a folder that no backup holds"
        if not is_below or ".." in path.parts or str(path) != entry.path or "\0" in entry.path:
            yield f"{entry.path!r} is no path below {DATABASES} or {FILES}"
        if entry.path in seen:
            yield f"{entry.path} is named twice"
        seen.add(entry.path)


def describe(path: Path, folder: Path) -> Entry:
    """What a file of a backup's folder is now."""
    return Entry(str(path.relative_to(folder)), path.stat().st_size, hash_file(path))


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
