"""A backup is what the key's holder made, and names nothing outside of the home."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from redeye.foundation.errors import BackupError, ConfigError
from redeye.foundation.settings import Settings
from redeye.stack.backups import backup_manifest
from redeye.stack.backups.backup_key import find_key_path, read_key, read_or_create_key
from redeye.stack.backups.backup_manifest import MANIFEST, SEAL, UNKEYED_SEAL, Entry, Manifest, describe

KEY = bytes(32)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Of a backup in a folder, sealed."""
    (tmp_path / "files" / "landing").mkdir(parents=True)
    path = tmp_path / "files" / "landing" / "a.csv"
    path.write_text("a\n", encoding="utf-8")
    made = Manifest("/home/of/it", "sha", "18", [describe(path, tmp_path)])
    made.write(tmp_path, KEY)
    return made


def test_a_backup_is_read_with_the_key_that_sealed_it(manifest: Manifest, tmp_path: Path) -> None:
    assert backup_manifest.verify(tmp_path, KEY) == manifest
    with pytest.raises(BackupError, match="was not sealed with this installation's key"):
        backup_manifest.verify(tmp_path, bytes(31) + b"1")


def test_who_alters_a_file_and_makes_the_manifest_fit_is_found(manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "files" / "landing" / "a.csv"
    path.write_text("b\n", encoding="utf-8")
    altered = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    altered["entries"] = [vars(describe(path, tmp_path))]
    (tmp_path / MANIFEST).write_text(json.dumps(altered), encoding="utf-8")
    with pytest.raises(BackupError, match="was not sealed"):
        backup_manifest.verify(tmp_path, KEY)
    # As backups were sealed before, which anyone can do.
    sha256 = hashlib.sha256((tmp_path / MANIFEST).read_bytes()).hexdigest()
    (tmp_path / UNKEYED_SEAL).write_text(f"{sha256}  {MANIFEST}\n", encoding="utf-8")
    (tmp_path / SEAL).unlink()
    with pytest.raises(BackupError, match="restore it with --unsealed"):
        backup_manifest.verify(tmp_path, KEY)
    assert backup_manifest.verify(tmp_path, None).entries[0].sha256 == hashlib.sha256(b"b\n").hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "files//landing/a.csv",
        "files//tmp/x",
        "/tmp/x",
        "files/../../x",
        "files/./landing/a.csv",
        "files",
        "",
        "landing/a.csv",
        "databases/../files/landing/a.csv",
        "files/a\0b",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_also_without_a_key(
    manifest: Manifest, tmp_path: Path, path: str
) -> None:
    # Twice: one of them once stood for a file of the backup.
    odd = [*manifest.entries, Entry(path, 2, manifest.entries[0].sha256)]
    replace(manifest, entries=odd).write(tmp_path, KEY)
    for key in (KEY, None):
        with pytest.raises(BackupError, match="is no path below databases or files"):
            backup_manifest.verify(tmp_path, key)


@pytest.mark.parametrize("folder", backup_manifest.LEFT_OUT)
def test_folders_that_no_backup_holds_are_refused(manifest: Manifest, tmp_path: Path, folder: str) -> None:
    path = tmp_path / "files" / folder / "postgresql.conf"
    path.parent.mkdir()
    path.write_text("archive_command = 'touch /tmp/x'", encoding="utf-8")
    replace(manifest, entries=[*manifest.entries, describe(path, tmp_path)]).write(tmp_path, KEY)
    with pytest.raises(BackupError, match="of a folder that no backup holds"):
        backup_manifest.verify(tmp_path, None)


def test_a_file_that_is_named_twice_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    replace(manifest, entries=manifest.entries * 2).write(tmp_path, KEY)
    with pytest.raises(BackupError, match=r"files/landing/a\.csv is named twice"):
        backup_manifest.verify(tmp_path, KEY)


def test_a_link_to_a_file_elsewhere_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "files" / "landing" / "a.csv"
    path.rename(tmp_path.parent / f"{tmp_path.name}.csv")
    path.symlink_to(tmp_path.parent / f"{tmp_path.name}.csv")
    with pytest.raises(BackupError, match=r"files/landing/a\.csv is a link"):
        backup_manifest.verify(tmp_path, KEY)


def test_the_key_lies_beside_the_home_for_its_owner_only(tmp_path: Path) -> None:
    path = find_key_path(Settings(home=tmp_path / "home"))
    assert path == tmp_path / "home.backup-key"
    key = read_or_create_key(path)
    assert (len(key), key) == (32, read_or_create_key(path))
    assert (read_key(path), path.stat().st_mode & 0o777) == (key, 0o600)


def test_a_key_that_would_be_backed_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is backed up"):
        find_key_path(Settings(home=tmp_path, backup_key_file=str(tmp_path / "run" / "key")))


@pytest.mark.parametrize("text", ["", "zz\n", "abcd\n"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text, encoding="utf-8")
    with pytest.raises(BackupError, match="holds no key"):
        read_key(tmp_path / "key")


def test_a_key_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="--key"):
        read_key(tmp_path / "key")
